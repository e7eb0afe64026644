import type { Environment } from '@marcbachmann/cel-js'

/** Times and durations as texts. */
export function withTimes(environment: Environment): Environment {
  return environment
    .registerFunction('string(google.protobuf.Timestamp): string', (time: Date) =>
      time.toISOString().replace(/\.(\d*?)0*Z$/, (_, digits) => `${digits && `.${digits}`}Z`),
    )
    .registerFunction('string(google.protobuf.Duration): string', String)
}
