const MINUTE = 60_000
/** A schedule that fires nowhere in five years fires never (30 February). */
const HORIZON_MINUTES = 5 * 366 * 24 * 60

const MACROS: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** A cron schedule in a time zone. Times are ms since the epoch. */
export interface CronSchedule {
  /** The first time after `after`; undefined: never. */
  next(after: number): number | undefined
}

interface Field {
  values: Set<number>
  /** Written `*`: a restricted day of the month or of the week alone then decides. */
  any: boolean
}

function parseField(text: string, min: number, max: number, names: string[] = []): Field {
  const number = (word: string) => {
    const index = names.indexOf(word.toLowerCase())
    const value = index === -1 ? Number(word) : index + min
    if (!Number.isInteger(value) || value < min || value > max)
      throw new Error(`failed to parse int from ${word}`)
    return value
  }
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const [range = '', step = '1'] = part.split('/')
    const [from, to] = range === '*' || range === '?' ? [min, max] : range.split('-').map(number)
    const last = to ?? (part.includes('/') ? max : from!)
    for (let value = from!; value <= last; value += Math.max(1, Number(step))) values.add(value)
  }
  return { values, any: text === '*' || text === '?' }
}

/** Parses a five-field schedule and `@hourly`, as robfig/cron does. Throws with its text. */
export function parseSchedule(text: string, timeZone = 'UTC'): CronSchedule {
  const fields = (MACROS[text] ?? text).trim().split(/\s+/)
  if (fields.length !== 5) {
    throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)
  }
  const [minutes, hours, days, months, weekdays] = [
    parseField(fields[0]!, 0, 59),
    parseField(fields[1]!, 0, 23),
    parseField(fields[2]!, 1, 31),
    parseField(fields[3]!, 1, 12, MONTHS),
    parseField(fields[4]!.replace(/\b7\b/g, '0'), 0, 6, DAYS),
  ] as [Field, Field, Field, Field, Field]
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    month: 'numeric',
    day: 'numeric',
    weekday: 'short',
    hour: 'numeric',
    minute: 'numeric',
  })
  const localOf = (time: number): Local => {
    if (timeZone === 'UTC') {
      const date = new Date(time)
      return {
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        weekday: date.getUTCDay(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
      }
    }
    const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]))
    return {
      month: Number(parts.month),
      day: Number(parts.day),
      weekday: DAYS.indexOf(parts.weekday!.toLowerCase()),
      hour: Number(parts.hour),
      minute: Number(parts.minute),
    }
  }
  const onDay = ({ month, day, weekday }: Local) => {
    const [dayFits, weekdayFits] = [days.values.has(day), weekdays.values.has(weekday)]
    return (
      months.values.has(month) && (days.any || weekdays.any ? dayFits && weekdayFits : dayFits || weekdayFits)
    )
  }
  return {
    next(after) {
      let time = (Math.floor(after / MINUTE) + 1) * MINUTE
      const end = time + HORIZON_MINUTES * MINUTE
      while (time < end) {
        const local = localOf(time)
        // Skips to the next day, hour or minute that may fit.
        if (!onDay(local)) time += (24 * 60 - local.hour * 60 - local.minute) * MINUTE
        else if (!hours.values.has(local.hour)) time += (60 - local.minute) * MINUTE
        else if (!minutes.values.has(local.minute)) time += MINUTE
        else return time
      }
    },
  }
}

interface Local {
  month: number
  day: number
  weekday: number
  hour: number
  minute: number
}
