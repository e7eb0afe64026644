const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
)

const two = (value: number) => String(value).padStart(2, '0')

/** `strftime` in UTC, which is the zone of containers. */
export function formatDate(date: Date, format: string): string {
  const day = DAYS[date.getUTCDay()]!
  const month = MONTHS[date.getUTCMonth()]!
  const ms = date.getUTCMilliseconds()
  const values: Record<string, string> = {
    a: day.slice(0, 3),
    A: day,
    b: month.slice(0, 3),
    h: month.slice(0, 3),
    B: month,
    d: two(date.getUTCDate()),
    e: String(date.getUTCDate()).padStart(2),
    H: two(date.getUTCHours()),
    I: two(((date.getUTCHours() + 11) % 12) + 1),
    m: two(date.getUTCMonth() + 1),
    M: two(date.getUTCMinutes()),
    N: `${String(ms).padStart(3, '0')}000000`,
    p: date.getUTCHours() < 12 ? 'AM' : 'PM',
    s: String(Math.floor(date.getTime() / 1000)),
    S: two(date.getUTCSeconds()),
    u: String(date.getUTCDay() || 7),
    w: String(date.getUTCDay()),
    y: two(date.getUTCFullYear() % 100),
    Y: String(date.getUTCFullYear()),
    z: '+0000',
    Z: 'UTC',
    n: '\n',
    t: '\t',
    '%': '%',
  }
  values.F = `${values.Y}-${values.m}-${values.d}`
  values.T = `${values.H}:${values.M}:${values.S}`
  values.R = `${values.H}:${values.M}`
  values.D = `${values.m}/${values.d}/${values.y}`
  values.c = `${values.a} ${values.b} ${values.e} ${values.T} ${values.Y}`
  return format.replace(/%(.)/g, (whole, letter) => values[letter] ?? whole)
}
