const MINUTE = 60
const HOUR = 3600
const DAY = 86_400
const YEAR = 365 * DAY

/** A duration as kubectl shows ages: `45s`, `3m12s`, `5h30m`, `2d4h`. Models apimachinery/pkg/util/duration.HumanDuration. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 2 * MINUTE) return `${seconds}s`
  const minutes = Math.floor(seconds / MINUTE)
  if (minutes < 10) return two(minutes, 'm', seconds % MINUTE, 's')
  if (seconds < 3 * HOUR) return `${minutes}m`
  const hours = Math.floor(seconds / HOUR)
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(seconds / DAY)
  if (days < 8) return two(days, 'd', hours % 24, 'h')
  if (seconds < 2 * YEAR) return `${days}d`
  const years = Math.floor(seconds / YEAR)
  return years < 8 ? two(years, 'y', days % 365, 'd') : `${years}y`
}

const two = (big: number, bigUnit: string, small: number, smallUnit: string) =>
  small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`

/** How long ago a timestamp was. */
export const age = (timestamp: string | undefined | null, now: number): string =>
  timestamp ? humanDuration(now - Date.parse(timestamp)) : '<unknown>'
