import { PostgresDialect } from 'kysely'
import { Pool, TypeOverrides } from 'pg'

/** Connections that one server process holds at most. */
const POOL_SIZE = 10
/** A server that does not answer is given up after this, ms. */
const CONNECT_TIMEOUT = 10_000
/** int8, which is what timestamps (ms) and counts are: far below 2^53. */
const INT8 = 20

/** Kysely's PostgreSQL dialect. `url`: `postgres://user:password@host:port/database`. */
export function postgresDialect(url: string): PostgresDialect {
  const types = new TypeOverrides()
  types.setTypeParser(INT8, Number)
  return new PostgresDialect({
    pool: new Pool({
      connectionString: url,
      max: POOL_SIZE,
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      types,
    }),
  })
}
