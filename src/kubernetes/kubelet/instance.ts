import type { Container, ExitStatus, ProcessHandle } from '#containers/runtime.ts'
import type { ContainerSpecification, ContainerStateStatus } from '../objects.ts'
import { timestamp } from '../time.ts'
import type { ContainerLog } from './container-log.ts'
import type { Termination } from './termination.ts'

/** How an instance of a container ended. */
export interface Ending {
  exitCode: number
  /** `Completed`, `Error`, `OOMKilled`, `StartError`, `Unknown` */
  reason: string
  message?: string
  /** ms since the epoch. */
  finishedAt: number
}

type Tap = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void

/** One life of a container, from its start to its end. */
export class Instance {
  readonly id: string
  readonly container: Container
  readonly log: ContainerLog
  readonly startedAt: number
  /** Who listens to its output now: `kubectl attach`. */
  readonly taps = new Set<Tap>()
  process: ProcessHandle | undefined
  ending: Ending | undefined
  /** Passed its startup probe. */
  started = false
  ready = false
  /** The requests and limits that it runs with. */
  resources: ContainerSpecification['resources']
  /** Taken out of the runtime's list by hand. */
  removed = false
  /** Being stopped. */
  stopping: Termination | undefined
  /** Settles when it has ended and all that it left is read. */
  over: Promise<void> | undefined

  constructor(id: string, container: Container, log: ContainerLog, startedAt: number) {
    this.id = id
    this.container = container
    this.log = log
    this.startedAt = startedAt
  }

  get running(): boolean {
    return this.process !== undefined && this.ending === undefined
  }

  /** Runs it; `ended` is called once when the process is over and its output is read. Throws StartError. */
  async run(now: () => number, ended: () => Promise<void>): Promise<void> {
    const process = await this.container.start()
    this.process = process
    for (const stream of ['stdout', 'stderr'] as const) {
      process[stream].on('data', (chunk: Uint8Array) => {
        this.log.write(stream, chunk)
        for (const tap of this.taps) tap(stream, chunk)
      })
    }
    this.over = process.exited.then(async (status) => {
      // The last output may still be on its way through the streams.
      await new Promise((resolve) => setImmediate(resolve))
      this.ending ??= { ...endingOf(status), finishedAt: now() }
      this.ready = false
      this.log.close()
      await ended()
    })
  }
}

const endingOf = ({ exitCode, oomKilled }: ExitStatus): Omit<Ending, 'finishedAt'> => ({
  exitCode,
  reason: oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error',
})

/** `state.terminated` of a container status. */
export function terminatedState(
  { exitCode, reason, message, finishedAt }: Ending,
  startedAt: number,
  id: string,
): NonNullable<ContainerStateStatus['terminated']> {
  return {
    exitCode,
    reason,
    ...(message && { message }),
    startedAt: timestamp(startedAt),
    finishedAt: timestamp(finishedAt),
    containerID: `containerd://${id}`,
  }
}
