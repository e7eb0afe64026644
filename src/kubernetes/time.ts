/** The second that was asked for last, and its text: most questions are about the present one. */
let latest = { second: 0, text: '1970-01-01T00:00:00Z' }

/** `metav1.Time` as JSON: whole seconds. `ms` since the epoch. */
export function timestamp(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== latest.second) {
    latest = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` }
  }
  return latest.text
}

/** `metav1.MicroTime` as JSON. */
export const microTimestamp = (ms: number): string =>
  `${new Date(Math.floor(ms)).toISOString().slice(0, 23)}000Z`

/** Milliseconds since the epoch of a time in an object; 0 when there is none. */
export const parseTime = (text: string | undefined): number => (text ? Date.parse(text) : 0)

/** A duration as Go prints it with `%v`, rounded to ms: `1.234s`, `313ms`, `2m0s`. */
export function goDuration(ms: number): string {
  const whole = Math.round(ms)
  if (whole === 0) return '0s'
  if (whole < 1000) return `${whole}ms`
  const hours = Math.floor(whole / 3_600_000)
  const minutes = Math.floor((whole % 3_600_000) / 60_000)
  const seconds = `${(whole % 60_000) / 1000}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}
