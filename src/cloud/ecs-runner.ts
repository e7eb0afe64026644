import { privateDnsName, type Scope } from '#aws/ec2/index.ts'
import {
  type ContainerDefinition,
  type ContainerState,
  instanceOf,
  type TaskDefinitionRecord,
  type TaskRecord,
  type TaskRunner,
  TaskStartError,
  taskReaches,
} from '#aws/ecs/index.ts'
import type { Image, ImagePuller } from '#containers/image.ts'
import {
  type Container,
  type ContainerRuntime,
  type Mount,
  nameAnswer,
  type ProcessHandle,
  StartError,
} from '#containers/runtime.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { Clock } from '#world/clock.ts'
import { mountEfs } from './ecs-efs.ts'
import { pullForTask } from './ecs-images.ts'
import { AwsLogs } from './ecs-log-driver.ts'
import { metadataVariables } from './ecs-metadata.ts'
import { secretsFor } from './ecs-secrets.ts'
import type { EfsFiles } from './efs-files.ts'

export interface EcsRunnerOptions {
  clock: Clock
  network: VirtualNetwork
  runtime: ContainerRuntime
  images: ImagePuller
  files: EfsFiles
  /** Resolves names as seen from a task; undefined: NXDOMAIN. */
  lookup(name: string, scope: Scope, task: TaskRecord): string | undefined
}

/** One container of a task in this process. */
interface Running {
  container: Container
  process: ProcessHandle
  state: ContainerState
  asked: 'nothing' | 'stop' | 'kill'
}

/** What this process holds of a task. */
interface Session {
  images: Map<string, Image>
  logs: Map<string, AwsLogs>
  containers: Map<string, Running>
  volumes: Map<string, Mount['files']>
  /** Values of secrets by container and variable. */
  secrets: Map<string, Record<string, string>>
  addresses: { close(): void }[]
}

/** Runs the containers of tasks on the world's container runtime. */
export class EcsRunner implements TaskRunner {
  readonly #options: EcsRunnerOptions
  readonly #sessions = new Map<string, Session>()
  /** Folders of container instances that volumes share: `<instance>/<path>`. */
  readonly #hostFolders = new Map<string, Mount['files']>()
  #changed: (scope: Scope, task: TaskRecord) => void = () => {}

  constructor(options: EcsRunnerOptions) {
    this.#options = options
  }

  onChange(listener: (scope: Scope, task: TaskRecord) => void): void {
    this.#changed = listener
  }

  async prepare(
    scope: Scope,
    task: TaskRecord,
    definition: TaskDefinitionRecord,
  ): Promise<Map<string, string>> {
    const session = this.#session(task)
    const reaches = (host: string) => taskReaches(scope, task, host)
    for (const volume of definition.rest.volumes ?? [])
      if (volume.efsVolumeConfiguration && !session.volumes.has(volume.name!))
        session.volumes.set(volume.name!, mountEfs(scope, this.#options.files, task, definition, volume))
    for (const { name = '', image = '', logConfiguration, secrets } of definition.containers) {
      if (secrets?.length) session.secrets.set(name, secretsFor(scope, task, secrets, reaches))
      if (!session.images.has(name)) {
        const pulled = await pullForTask(scope, this.#options.images, task, { name, image }, reaches)
        session.images.set(name, pulled)
      }
      if (logConfiguration?.logDriver === 'awslogs' && !session.logs.has(name))
        session.logs.set(name, AwsLogs.open(scope, task, name, logConfiguration, reaches))
    }
    return new Map([...session.images].map(([name, image]) => [name, image.manifestDigest ?? image.id]))
  }

  async start(scope: Scope, task: TaskRecord, definition: TaskDefinitionRecord, name: string): Promise<void> {
    const session = this.#session(task)
    const own = definition.containers.find((one) => one.name === name)!
    const override = task.overrides.containerOverrides?.find((one) => one.name === name)
    const given = [...(own.environment ?? []), ...(override?.environment ?? [])]
    const limit = override?.memory ?? own.memory
    const record = task.containers.find((one) => one.name === name)!
    const address = record.address ?? task.privateIp!
    if (address !== task.privateIp) session.addresses.push(this.#options.network.addAddress(address))
    const fargate = task.launchType === 'FARGATE'
    try {
      const container = await this.#options.runtime.create({
        id: scope.world.ids.hex(64),
        image: session.images.get(name)!,
        ...(own.entryPoint?.length ? { command: own.entryPoint } : {}),
        ...((override?.command ?? own.command)?.length ? { args: override?.command ?? own.command } : {}),
        env: {
          AWS_EXECUTION_ENV: fargate ? 'AWS_ECS_FARGATE' : 'AWS_ECS_EC2',
          ...(fargate ? { AWS_DEFAULT_REGION: scope.region, AWS_REGION: scope.region } : {}),
          ...metadataVariables(task, name),
          ...Object.fromEntries(given.map(({ name: key, value }) => [key!, value ?? ''])),
          ...session.secrets.get(name),
        },
        ...(own.workingDirectory ? { workingDir: own.workingDirectory } : {}),
        hostname: own.hostname ?? hostnameOf(scope, task, address),
        address,
        hosts: { ...linksOf(task, own), ...hostsOf(own) },
        lookup: (host) => nameAnswer(this.#options.lookup(host, scope, task)),
        tty: own.pseudoTerminal ?? false,
        stdin: own.interactive ?? false,
        mounts: this.#mounts(session, task, definition, own),
        readOnlyRoot: own.readonlyRootFilesystem ?? false,
        ...(limit === undefined ? {} : { memoryLimitBytes: limit * 1024 * 1024 }),
        ...(fargate ? { cpuLimitMilli: milliCpu(Number(task.cpu)) } : {}),
      })
      const process = await container.start()
      this.#follow(scope, task, session, name, container, process)
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      throw new TaskStartError(
        `CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: ${error.message}`,
        name,
      )
    }
  }

  /** Present use of a container; undefined when it does not run here. */
  usage(task: TaskRecord, name: string): { cpuMilli: number; memoryBytes: number } | undefined {
    const running = this.#sessions.get(task.arn)?.containers.get(name)
    return running?.state.running ? running.container.usage() : undefined
  }

  state(task: TaskRecord, name: string): ContainerState | undefined {
    return this.#sessions.get(task.arn)?.containers.get(name)?.state
  }

  stop(task: TaskRecord, name: string, force: boolean): void {
    const running = this.#sessions.get(task.arn)?.containers.get(name)
    const wanted = force ? 'kill' : 'stop'
    if (!running || running.asked === 'kill' || running.asked === wanted) return
    running.asked = wanted
    const { config } = running.container.spec.image.config
    running.process.kill(force ? 'SIGKILL' : (config.StopSignal ?? 'SIGTERM'))
  }

  async exec(
    task: TaskRecord,
    name: string,
    command: string[],
    timeoutMs: number,
  ): Promise<number | undefined> {
    const running = this.#sessions.get(task.arn)?.containers.get(name)
    if (!running?.state.running) return undefined
    const child = await running.container.exec({ command })
    child.stdout.resume()
    child.stderr.resume()
    child.stdin.end()
    let late = false
    const timer = this.#options.clock.setTimer(timeoutMs, () => {
      late = true
      child.kill('SIGKILL')
    })
    const { exitCode } = await child.exited
    timer.cancel()
    return late ? undefined : exitCode
  }

  /** Starts a further process with a terminal in a running container. Throws StartError. */
  async interactive(task: TaskRecord, name: string, command: string[]): Promise<ProcessHandle> {
    const running = this.#sessions.get(task.arn)?.containers.get(name)
    if (!running?.state.running) throw new StartError(`container ${name} is not running`)
    return running.container.exec({ command, tty: true, env: { TERM: 'xterm-256color' } })
  }

  async remove(task: TaskRecord): Promise<void> {
    const session = this.#sessions.get(task.arn)
    if (!session) return
    this.#sessions.delete(task.arn)
    for (const { process, state } of session.containers.values()) if (state.running) process.kill('SIGKILL')
    for (const { container, process } of session.containers.values()) {
      await process.exited
      await container.remove()
    }
    for (const log of session.logs.values()) log.close()
    for (const address of session.addresses) address.close()
  }

  /** Ends everything at once, when the world closes; the store knows what to start again. */
  close(): void {
    for (const { containers, logs } of this.#sessions.values()) {
      for (const log of logs.values()) log.close()
      for (const { process } of containers.values()) process.kill('SIGKILL')
    }
    this.#sessions.clear()
  }

  #session(task: TaskRecord): Session {
    const known = this.#sessions.get(task.arn)
    if (known) return known
    const session: Session = {
      images: new Map(),
      logs: new Map(),
      containers: new Map(),
      volumes: new Map(),
      secrets: new Map(),
      addresses: task.privateIp === undefined ? [] : [this.#options.network.addAddress(task.privateIp)],
    }
    this.#sessions.set(task.arn, session)
    return session
  }

  /** Volumes of a task are empty folders that its containers share; those of the host or of Docker are its instance's. */
  #mounts(
    session: Session,
    task: TaskRecord,
    definition: TaskDefinitionRecord,
    own: ContainerDefinition,
  ): Mount[] {
    return (own.mountPoints ?? []).map(({ sourceVolume = '', containerPath = '', readOnly }) => {
      const volume = definition.rest.volumes?.find(({ name }) => name === sourceVolume)
      const shared =
        volume?.dockerVolumeConfiguration?.scope === 'shared' ? `volume:${sourceVolume}` : undefined
      const folder = volume?.host?.sourcePath ?? shared
      const onHost = folder !== undefined && task.instance !== undefined
      const [map, key] = onHost
        ? [this.#hostFolders, `${task.instance}/${folder}`]
        : [session.volumes, sourceVolume]
      const files = map.get(key) ?? new Map()
      map.set(key, files)
      return { path: containerPath, files, ...(readOnly ? { readOnly } : {}) }
    })
  }

  #follow(
    scope: Scope,
    task: TaskRecord,
    session: Session,
    name: string,
    container: Container,
    process: ProcessHandle,
  ): void {
    const running: Running = { container, process, state: { running: true }, asked: 'nothing' }
    session.containers.set(name, running)
    const log = session.logs.get(name)
    for (const stream of [process.stdout, process.stderr])
      stream.on('data', (chunk: Uint8Array) => log?.write(chunk))
    void process.exited.then(async ({ exitCode, oomKilled }) => {
      // The last output may still be on its way through the streams.
      await new Promise((resolve) => setImmediate(resolve))
      log?.flush()
      running.state = { running: false, exitCode, ...(oomKilled ? { oomKilled } : {}) }
      if (this.#sessions.get(task.arn) === session) this.#changed(scope, task)
    })
  }
}

const milliCpu = (units: number) => Math.round((units * 1000) / 1024)

function hostnameOf(scope: Scope, task: TaskRecord, address: string): string {
  if (task.privateIp !== undefined) return privateDnsName(scope.region, task.privateIp)
  const machine = instanceOf(scope, task)?.address
  // On a bridge Docker names a container by its id.
  return address === machine ? privateDnsName(scope.region, machine) : task.id.slice(0, 12)
}

const hostsOf = ({ extraHosts = [] }: ContainerDefinition): Record<string, string> =>
  Object.fromEntries(extraHosts.map(({ hostname, ipAddress }) => [hostname!, ipAddress!]))

/** `links` of the bridge mode: `database:db`. */
function linksOf(task: TaskRecord, { links = [] }: ContainerDefinition): Record<string, string> {
  return Object.fromEntries(
    links.flatMap((link) => {
      const [name = '', alias = name] = link.split(':')
      const address = task.containers.find((one) => one.name === name)?.address
      return address === undefined ? [] : [[alias, address]]
    }),
  )
}
