import type { LogConfiguration } from '@aws-sdk/client-ecs'
import type { Scope } from '#aws/ec2/index.ts'
import { type TaskRecord, TaskStartError } from '#aws/ecs/index.ts'
import { roleMay } from '#aws/iam/identity.ts'
import { createLogGroup, createLogStream, groupArn, groups, ingestEvents, streams } from '#aws/logs/index.ts'
import type { Timer } from '#world/clock.ts'

/** How long lines are gathered before they are sent, ms; the real driver takes up to five seconds. */
const FLUSH_MS = 1000
/** Longest event of CloudWatch Logs, bytes: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html */
const LONGEST_EVENT = 262_118

/** Sends a container's output to CloudWatch Logs, a line an event. */
export class AwsLogs {
  readonly #scope: Scope
  readonly #group: string
  readonly #stream: string
  #partial = ''
  #waiting: { timestamp: number; message: string }[] = []
  #timer: Timer | undefined

  private constructor(scope: Scope, group: string, stream: string) {
    this.#scope = scope
    this.#group = group
    this.#stream = stream
  }

  /** Makes the stream with the execution role's permission. Throws TaskStartError. */
  static open(
    scope: Scope,
    task: TaskRecord,
    container: string,
    { options = {} }: LogConfiguration,
    reaches: (host: string) => boolean,
  ): AwsLogs {
    const group = options['awslogs-group']!
    const there = { ...scope, region: options['awslogs-region'] ?? scope.region }
    if (!reaches(`logs.${there.region}.amazonaws.com`))
      throw new TaskStartError(
        'ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: killed',
      )
    const prefix = options['awslogs-stream-prefix']
    const stream = prefix === undefined ? task.id : `${prefix}/${container}/${task.id}`
    const may = (action: string) => {
      const role = task.executionRoleArn ?? ''
      const resource = `${groupArn(there, group)}:log-stream:${action === 'CreateLogGroup' ? '' : stream}`
      const decision = roleMay(scope.world, role, `logs:${action}`, resource)
      if (decision.allowed) return
      const session = `arn:aws:sts::${scope.accountId}:assumed-role/${role.split('/').at(-1)}/${task.id}`
      throw refused(
        there,
        action,
        `AccessDeniedException: User: ${session} is not authorized to perform: logs:${action} on resource: ${resource} ${decision.reason ?? ''}`.trimEnd(),
      )
    }
    if (!groups.find(there, group)) {
      if (options['awslogs-create-group'] !== 'true') {
        may('CreateLogStream')
        throw refused(
          there,
          'CreateLogStream',
          'ResourceNotFoundException: The specified log group does not exist.',
        )
      }
      may('CreateLogGroup')
      createLogGroup(there, group)
    }
    may('CreateLogStream')
    if (!streams.find(there, group, stream)) createLogStream(there, group, stream)
    return new AwsLogs(there, group, stream)
  }

  write(chunk: Uint8Array): void {
    const lines = (this.#partial + Buffer.from(chunk).toString()).split('\n')
    this.#partial = lines.pop()!
    for (const line of lines) this.#add(line.replace(/\r$/, ''))
    this.#timer ??= this.#scope.world.clock.setTimer(FLUSH_MS, () => this.flush())
  }

  /** Sends what has been gathered. */
  flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const sent = this.#waiting
    this.#waiting = []
    // The group may have been deleted under it; then the lines are lost, as with the real driver.
    const stream = streams.find(this.#scope, this.#group, this.#stream)
    if (stream && sent.length > 0) ingestEvents(this.#scope, stream, sent)
  }

  close(): void {
    if (this.#partial !== '') this.#add(this.#partial)
    this.#partial = ''
    this.flush()
  }

  #add(line: string): void {
    if (line === '') return
    const timestamp = Math.floor(this.#scope.world.clock.now())
    this.#waiting.push({ timestamp, message: line.slice(0, LONGEST_EVENT) })
  }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html */
function refused({ world }: Scope, operation: string, text: string): TaskStartError {
  const what = operation === 'CreateLogGroup' ? 'group' : 'stream'
  return new TaskStartError(
    `ResourceInitializationError: failed to validate logger args: create ${what} has been retried 1 times: failed to create Cloudwatch log ${what}: operation error CloudWatch Logs: ${operation}, https response error StatusCode: 400, RequestID: ${world.ids.uuid()}, ${text} : exit status 1`,
  )
}
