import type { ProcessNamespace } from '../runtime.ts'
import type { Process } from './process.ts'

/** The processes that see one another: a PID namespace, of one container or of a whole pod. */
export class ProcessTable implements ProcessNamespace {
  readonly kind = 'process-namespace'
  readonly #processes = new Map<number, Process>()
  #nextPid = 1

  get all(): ReadonlyMap<number, Process> {
    return this.#processes
  }

  newPid(): number {
    return this.#nextPid++
  }

  add(process: Process): void {
    this.#processes.set(process.pid, process)
  }

  /** A process ended; with the first one the kernel ends all others. */
  drop(process: Process): void {
    this.#processes.delete(process.pid)
    if (process.pid !== 1) return
    for (const other of [...this.#processes.values()]) other.end(KILLED)
  }
}

/** How a process ends that is given no choice. */
export const KILLED = { exitCode: 137, signal: 'SIGKILL' } as const
