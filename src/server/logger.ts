import { type DestinationStream, type Logger, pino } from 'pino'
import type { Settings } from './settings.ts'

/** What may stand in an object that is logged, and must not stand in a log. */
const SECRETS = ['cookie', 'authorization', 'password', 'token', 'ticket', 'secret', 'code', 'returnCode']

/** The server's log: one JSON object a line, on standard error unless another destination is given. */
export function createLogger({ level }: Settings['log'], destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '…' },
    },
    destination ?? pino.destination(2),
  )
}
