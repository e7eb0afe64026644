import type * as sdk from '@aws-sdk/client-ec2'
import { awsKey } from '../keys.ts'
import type { RequestContext } from '../wire/service.ts'
import { required } from './errors.ts'
import type { Scope } from './scope.ts'
import { instances } from './tables.ts'

interface Line {
  /** ms since the epoch. */
  at: number
  text: string
}

/** An instance keeps this many lines, as its console keeps the last 64 KB. */
const LINES = 200

const keyOf = (scope: Scope, id: string) => awsKey(scope.accountId, scope.region, 'ec2', 'console', id)

/** Writes a line on an instance's console; the same line twice in a row is written once. */
export function writeConsole(scope: Scope, instanceId: string, text: string): void {
  const at = scope.world.clock.now()
  scope.world.store.update<Line[]>(keyOf(scope, instanceId), (lines = []) =>
    lines.at(-1)?.text === text ? lines : [...lines, { at, text }].slice(-LINES),
  )
}

/** Forgets the console of an instance that is gone. */
export function forgetConsole(scope: Scope, instanceId: string): void {
  scope.world.store.delete(keyOf(scope, instanceId))
}

/** The console of an instance: its boot, and what ran from its user data, with the seconds since it was launched. */
export function getConsoleOutput(input: sdk.GetConsoleOutputCommandInput, context: RequestContext) {
  const instance = instances.get(context, required(input.InstanceId, 'instanceId'))
  const started = instance.state !== 'pending'
  const written = context.world.store.get<Line[]>(keyOf(context, instance.id))?.value ?? []
  const lines: Line[] = [
    { at: instance.launchedAt, text: 'Linux version 6.12.46-66.121.amzn2023 (mockbuild@ip-10-0-0-1)' },
    // Where provisioning is faster than on AWS, a machine has booted when the first program writes.
    {
      at: Math.min(instance.launchedAt + 9_000, written[0]?.at ?? Number.POSITIVE_INFINITY),
      text: `cloud-init[1540]: Cloud-init v. 22.2.2 running 'init'`,
    },
    ...written,
  ]
  const output = lines.map(({ at, text }) => {
    const seconds = Math.max(0, (at - instance.launchedAt) / 1000).toFixed(6)
    return text
      .split('\n')
      .map((line) => `[${seconds.padStart(12)}] ${line}`)
      .join('\r\n')
  })
  return {
    InstanceId: instance.id,
    Timestamp: context.world.clock.date(),
    Output: started ? Buffer.from(`${output.join('\r\n')}\r\n`).toString('base64') : undefined,
  }
}
