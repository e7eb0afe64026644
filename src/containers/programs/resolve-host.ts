import type { Process } from '../processes/process.ts'

/** How long a program's resolver waits for silent name servers in all, ms: two attempts of five seconds (resolv.conf(5)). */
const RESOLVER_TIMEOUT_MS = 10_000

/** The address of a name; undefined: none is found, after the wait for name servers that are silent, or for `timeoutMs`. */
export async function resolveHost(
  process: Process,
  name: string,
  timeoutMs: number = RESOLVER_TIMEOUT_MS,
): Promise<string | undefined> {
  const answer = process.machine.lookUp(name)
  if (typeof answer !== 'string') return answer[0]
  if (answer === 'silent') await process.sleep(Math.min(timeoutMs, RESOLVER_TIMEOUT_MS))
}
