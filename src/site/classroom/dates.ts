/** A day as date fields have it, in the reader's time zone; empty for none. */
export function dayField(time: number | undefined): string {
  if (time === undefined) return ''
  const date = new Date(time)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** The first moment of a day of a date field, ms since the epoch; null for none. */
export const startOfDay = (day: string): number | null => (day ? new Date(`${day}T00:00:00`).getTime() : null)

/** The last second of it. */
export const endOfDay = (day: string): number | null => (day ? new Date(`${day}T23:59:59`).getTime() : null)

/** A day in words of the reader's language. */
export const dayText = (time: number): string =>
  new Date(time).toLocaleDateString(document.documentElement.lang, { dateStyle: 'medium' })
