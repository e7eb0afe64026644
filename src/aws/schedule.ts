import { Cron } from 'croner'

const UNITS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

/** When a schedule is due. */
export interface Schedule {
  /** The first time after `time`, ms since the epoch; undefined: never again. */
  next(time: number): number | undefined
}

/**
 * Reads `at(2026-11-28T08:00:00)`, `rate(5 minutes)` and `cron(0 8 * * ? *)` of Application Auto Scaling.
 * https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
 * `since` is from when a rate counts. Gives undefined for other texts.
 */
export function parseSchedule(text: string, timezone: string, since: number): Schedule | undefined {
  const [, kind, inside = ''] = /^(at|rate|cron)\((.+)\)$/.exec(text) ?? []
  if (kind === 'at') {
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(inside)) return undefined
    return cron(inside, timezone)
  }
  if (kind === 'rate') {
    const [, count = '', unit = ''] = /^(\d+) (minute|hour|day)s?$/.exec(inside) ?? []
    const length = Number(count) * (UNITS[unit] ?? 0)
    if (!(length > 0)) return undefined
    return { next: (time) => since + (Math.floor((time - since) / length) + 1) * length }
  }
  if (kind !== 'cron') return undefined
  const fields = inside.trim().split(/\s+/)
  if (fields.length !== 6) return undefined
  // AWS numbers the days of the week from 1, Sunday; `?` leaves a field to the other one.
  const [minute, hour, day, month, week = '', year] = fields.map((field) => field.replace('?', '*'))
  const named = week.replace(/(?<![#L\d])[1-7](?!\d)/g, (digit) => DAYS[Number(digit) - 1]!)
  return cron(['0', minute, hour, day, month, named, year].join(' '), timezone)
}

/** The five fields of Unix, as EC2 Auto Scaling takes them: `0 8 * * 1-5`. Gives undefined for other texts. */
export function parseUnixCron(text: string, timezone: string): Schedule | undefined {
  return text.trim().split(/\s+/).length === 5 ? cron(`0 ${text.trim()}`, timezone) : undefined
}

function cron(pattern: string, timezone: string): Schedule | undefined {
  try {
    const job = new Cron(pattern, { paused: true, timezone })
    return { next: (time) => job.nextRun(new Date(time))?.getTime() }
  } catch {
    return undefined
  }
}
