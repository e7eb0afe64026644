import { setTimeout as pause } from 'node:timers/promises'
import { PostgresDialect, type PostgresPoolClient } from 'kysely'
import { DatabaseError, Pool, type PoolClient, TypeOverrides } from 'pg'
import { DatabaseAway } from './away.ts'

/** Connections that one server process holds at most. */
const POOL_SIZE = 10
/** A server that does not answer is given up after this, ms. */
const CONNECT_TIMEOUT = 10_000
/** A server that is away, as in a restart, is waited for so long, and looked for so often, ms. */
const PATIENCE = 5_000
const AGAIN = 200
/** int8, which is what timestamps (ms) and counts are: far below 2^53. */
const INT8 = 20
/** What a server says that starts, ends or has no room, rather than that a statement is wrong. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const AWAY = /^(08...|53300|57P0[123])$/

/** Kysely's PostgreSQL dialect. `url`: `postgres://user:password@host:port/database`. Statements reject with `DatabaseAway` while there is no server. */
export function postgresDialect(url: string): PostgresDialect {
  const types = new TypeOverrides()
  types.setTypeParser(INT8, Number)
  const pool = new Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    types,
  })
  // A connection that breaks is not used again; a statement on it is told by its own error. Without listeners it would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return new PostgresDialect({
    pool: { connect: async () => telling(await connected(pool)), end: () => pool.end() },
  })
}

/** A connection, once there is a server. Nothing has been asked of it, so it is safe to try again. */
async function connected(pool: Pool): Promise<PoolClient> {
  const start = performance.now()
  for (;;) {
    try {
      return await pool.connect()
    } catch (error) {
      if (!isAway(error)) throw error
      if (pool.ending || performance.now() - start > PATIENCE) throw new DatabaseAway(error)
      await pause(AGAIN)
    }
  }
}

/** A connection whose statements tell a server that is away from a statement that is wrong. */
function telling(client: PoolClient): PostgresPoolClient {
  // The other way to ask, by a cursor, is not used.
  const query: unknown = (statement: string, parameters: readonly unknown[]) =>
    client.query(statement, [...parameters]).catch((error) => {
      throw isAway(error) ? new DatabaseAway(error) : error
    })
  return { query: query as PostgresPoolClient['query'], release: () => client.release() }
}

/** What the server itself does not say, the connection does. */
function isAway(error: unknown): boolean {
  return !(error instanceof DatabaseError) || AWAY.test(error.code ?? '')
}
