import { stringify } from 'csv-stringify/sync'
import type { Cohort } from './cohorts.ts'
import { plain } from './report.ts'

/** How far somebody is with what a course asks of them. */
export interface Done {
  done: number
  total: number
  /** ms since the epoch */
  lastAt?: number
}

/** A learner as whoever assigned the course sees them. Times in ms since the epoch. */
export interface Attainment extends Done {
  id: string
  name: string
  email?: string
  dueAt?: number
  status: 'done' | 'open' | 'due-soon' | 'overdue'
}

/** A course as whoever assigned it sees it. */
export interface AttainmentReport {
  cohort: Pick<Cohort, 'id' | 'name' | 'path' | 'dueAt'>
  /** When it was made. */
  at: number
  people: Attainment[]
}

/** Where a learner stands with their date. */
export function attainmentStatus(
  { done, total }: Done,
  dueAt: number | undefined,
  { now, soon }: { now: number; soon: number },
): Attainment['status'] {
  if (total > 0 && done >= total) return 'done'
  if (dueAt === undefined || now < dueAt - soon) return 'open'
  return now < dueAt ? 'due-soon' : 'overdue'
}

/** The report as a table: one row a person. */
export function attainmentCsv({ people }: AttainmentReport): string {
  const date = (time: number | undefined) => (time === undefined ? '' : new Date(time).toISOString())
  return stringify([
    ['Name', 'E-mail', 'Done', 'Of', 'Status', 'Due', 'Last at work'],
    ...people.map(({ name, email = '', done, total, status, dueAt, lastAt }) => [
      plain(name),
      plain(email),
      `${done}`,
      `${total}`,
      status,
      date(dueAt),
      date(lastAt),
    ]),
  ])
}
