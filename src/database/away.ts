/**
 * The database server does not answer, or went in the middle of a statement: whether that was done is not known, and nobody
 * is told that it was. `cause` is the driver's error.
 */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway'

  constructor(cause: unknown) {
    super(`the database server does not answer: ${reason(cause)}`, { cause })
  }
}

/** What an error says. Node.js puts the refusals of all addresses of a host into one error without a text. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(reason).join('; ')
  return error instanceof Error ? error.message : String(error)
}
