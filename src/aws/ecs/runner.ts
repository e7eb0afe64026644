import type { Scope } from '../ec2/index.ts'
import type { TaskDefinitionRecord, TaskRecord } from './records.ts'

/** Why a task could not be started; `stoppedReason` is ECS's text. */
export class TaskStartError extends Error {
  override readonly name = 'TaskStartError'
  /** The container whose fault it is, if it is one's. */
  readonly container: string | undefined
  constructor(stoppedReason: string, container?: string) {
    super(stoppedReason)
    this.container = container
  }
}

/** How a container stands in this process. */
export interface ContainerState {
  running: boolean
  exitCode?: number
  oomKilled?: boolean
}

/** What runs the containers of tasks: the machines under ECS. */
export interface TaskRunner {
  /** Gets logs, credentials and images ready; gives each container's image digest. Throws TaskStartError. */
  prepare(scope: Scope, task: TaskRecord, definition: TaskDefinitionRecord): Promise<Map<string, string>>
  /** Starts a container of a task that was prepared. Throws TaskStartError. */
  start(scope: Scope, task: TaskRecord, definition: TaskDefinitionRecord, container: string): Promise<void>
  /** `undefined`: never started in this process. */
  state(task: TaskRecord, container: string): ContainerState | undefined
  /** Tells a container to end by its stop signal, or ends it by force. Asking again does nothing. */
  stop(task: TaskRecord, container: string, force: boolean): void
  /** Runs a command in a container; gives its exit code, or undefined when it takes longer than `timeoutMs`. */
  exec(task: TaskRecord, container: string, command: string[], timeoutMs: number): Promise<number | undefined>
  /** Frees what a task whose containers have ended still holds. */
  remove(task: TaskRecord): Promise<void>
  /** Told which task has changed by itself: a container has ended. */
  onChange(listener: (scope: Scope, task: TaskRecord) => void): void
}
