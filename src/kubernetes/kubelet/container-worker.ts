import { StartError } from '#containers/runtime.ts'
import type {
  ContainerSpecification,
  ContainerStateStatus,
  ContainerStatus,
  LifecycleHandler,
  Pod,
} from '../objects.ts'
import { goDuration, parseTime, timestamp } from '../time.ts'
import { BackOff } from './back-off.ts'
import { ContainerImage } from './container-image.ts'
import { ContainerLog } from './container-log.ts'
import { runtimeLimits, runtimeSpec } from './container-spec.ts'
import { ConfigError } from './environment.ts'
import { Instance, terminatedState } from './instance.ts'
import { runHook } from './lifecycle-hook.ts'
import { imageIdOf, type NodeImage, normalizeImage } from './node-images.ts'
import type { PodContext } from './pod-context.ts'
import type { ContainerView } from './pod-status.ts'
import { ProbeSet } from './probe-set.ts'
import { changedResources } from './resize.ts'
import { Termination } from './termination.ts'
import { BACK_OFF_LOOK_MS, CONTAINER_START_MS, ERROR_SHOWN_MS, RETRY_MS } from './timings.ts'

export type Role = 'init' | 'sidecar' | 'main' | 'ephemeral'

/** Where a pod's spec lists containers of a role. */
const LISTS = {
  init: 'initContainers',
  sidecar: 'initContainers',
  main: 'containers',
  ephemeral: 'ephemeralContainers',
} as const

/** One container of a pod through all its instances: pulls, starts, restarts, stops it. */
export class ContainerWorker {
  readonly name: string
  readonly role: Role
  readonly #context: PodContext
  #spec: ContainerSpecification
  instance: Instance | undefined
  previous: Instance | undefined
  #waiting: { reason: string; message?: string } = { reason: 'ContainerCreating' }
  #restartCount = 0
  #last: ContainerStateStatus | undefined
  #heldUntil = 0
  readonly #restarts = new BackOff()
  /** The ended instance whose back-off is over. */
  #waitedFor: Instance | undefined
  /** When an event told last that the container backs off, ms. */
  #toldAt = 0
  readonly #images: ContainerImage
  #image: NodeImage | undefined
  /** When the next instance will be up; undefined: not yet preparing one. */
  #startDue: number | undefined
  /** Its node went down while something was still being done for it. */
  #gone = false
  /** What became of it before this process ran: its state stays until it is started again. */
  #restored: ContainerStatus | undefined
  /** What it was when its world was saved: its next instance is the same one, and nobody notices. */
  #suspended: ContainerStatus | undefined
  /** The state of an init container that had ended when its world was saved. */
  #past: ContainerStateStatus | undefined
  readonly #probes: ProbeSet
  /** Ends the postStart hook of an instance that is starting. */
  #starting: AbortController | undefined
  /** The instance that the pod's status has told of. */
  #told: Instance | undefined

  constructor(context: PodContext, spec: ContainerSpecification, role: Role) {
    this.#context = context
    this.#spec = spec
    this.name = spec.name
    this.role = role
    this.#probes = new ProbeSet(context, this)
    this.#images = new ContainerImage(context, this.#fieldPath)
  }

  get spec(): ContainerSpecification {
    return this.#spec
  }

  /** Takes the status of a container of a node that went down: what ran is over, unless it is `resumed`. */
  restore(status: ContainerStatus, now: number, resumed: boolean): void {
    this.#restartCount = status.restartCount
    this.#last = status.lastState?.terminated ? status.lastState : undefined
    // What has ended stays so; only what init containers left in volumes has to be made again.
    const goesOn = status.state?.running || (this.role === 'init' && status.state?.terminated?.exitCode === 0)
    if (resumed && goesOn && status.containerID) {
      this.#suspended = status
      this.#restored = status
      this.#waiting = { reason: '' }
      return
    }
    const { running, terminated } = status.state ?? {}
    const state = terminated
      ? { terminated }
      : running && {
          terminated: {
            exitCode: 255,
            reason: 'Unknown',
            startedAt: running.startedAt,
            finishedAt: timestamp(now),
            containerID: status.containerID,
          },
        }
    if (!state) return
    this.#restored = { ...status, state, ready: false, started: false }
    this.#waiting = { reason: '' }
  }

  get restarts(): number {
    return this.#restartCount
  }

  /** The image that it runs. */
  get image(): NodeImage | undefined {
    return this.#image
  }

  get running(): boolean {
    return this.instance?.running ?? false
  }

  /** Keeps the pod's kubelet from the containers after it: its image is on the way, or it is starting. */
  get busy(): boolean {
    return this.#images.pulling || this.#startDue !== undefined || this.#starting !== undefined
  }

  /** It runs, and the pod's status has not told so yet. */
  get untold(): boolean {
    return this.running && this.#told !== this.instance
  }

  /** The pod's status has been written. */
  tell(): void {
    this.#told = this.instance
  }

  /** Past its startup probe. */
  get started(): boolean {
    return this.running && this.instance!.started
  }

  get #exitCode(): number | undefined {
    if (this.instance) return this.instance.ending?.exitCode
    return this.#restored?.state?.terminated?.exitCode
  }

  /** Ended, and not to be started again. */
  isFinished(pod: Pod): boolean {
    const exitCode = this.#exitCode
    if (exitCode === undefined) return false
    const policy = pod.spec.restartPolicy ?? 'Always'
    if (this.role === 'sidecar') return false
    if (this.role === 'ephemeral') return true
    if (this.role === 'init') {
      // After a reboot the volumes are empty, and init containers fill them again.
      if (!this.instance) return false
      return exitCode === 0 || policy === 'Never'
    }
    return policy === 'Never' || (policy === 'OnFailure' && exitCode === 0)
  }

  /** An init container that did its part; a sidecar that is up. */
  get isInitialized(): boolean {
    return this.role === 'sidecar' ? this.started : this.instance?.ending?.exitCode === 0
  }

  /** Brings the container one step nearer to running. */
  async advance(pod: Pod): Promise<void> {
    const context = this.#context
    this.#follow(pod)
    if (this.running) return this.#attend(pod)
    if (this.#starting || this.isFinished(pod) || this.#isHeld() || this.#backsOff(pod)) return
    if (this.#startDue === undefined) {
      const result = this.#kept() ?? (await this.#images.ensure(pod, this.#spec))
      if (!result) return
      if ('reason' in result) return this.#wait(result.reason, result.message, result.forMs)
      this.#image = result
      this.#startDue = context.now() + (this.#suspended ? 0 : context.duration(CONTAINER_START_MS))
    }
    if (this.#gone) return
    if (this.#startDue > context.now()) return context.wakeAt(this.#startDue)
    this.#startDue = undefined
    await this.#start(pod, this.#image!)
  }

  /**
   * Tells the container to end; SIGKILL comes when its grace is over, `graceEnd` in ms. May be called again, with an earlier end too.
   * `turn`: whoever has to end before it has ended.
   */
  async stop(pod: Pod, message: string, graceEnd: number, turn = true): Promise<void> {
    const { instance } = this
    if (!instance?.running) return
    const context = this.#context
    if (!instance.stopping) {
      this.#starting?.abort()
      context.event(pod, 'Normal', 'Killing', message, this.#fieldPath)
      const handler = graceEnd > context.now() ? this.#spec.lifecycle?.preStop : undefined
      const hook = handler && this.#preStop(pod, instance, handler)
      instance.stopping = new Termination(context, instance, hook)
    }
    instance.stopping.limit(graceEnd, turn)
    await instance.stopping.advance()
  }

  /** The node went down: the process is gone at once, and nobody writes that down. */
  crash(): void {
    this.#gone = true
    this.#starting?.abort()
    this.instance?.process?.kill('SIGKILL')
    void this.remove()
  }

  async remove(): Promise<void> {
    this.#probes.stop()
    for (const instance of [this.previous, this.instance]) {
      instance?.log.close()
      await instance?.container.remove()
    }
  }

  view(pod: Pod): ContainerView {
    const { instance } = this
    const state = this.#state()
    const finished = this.isFinished(pod)
    const ready = this.role === 'init' ? this.isInitialized : this.#isReady
    const status: ContainerStatus = {
      name: this.name,
      state,
      lastState: this.#last ?? {},
      ready,
      restartCount: this.#restartCount,
      image: this.#image?.reference ?? this.#restored?.image ?? this.#spec.image ?? '',
      imageID: this.#image ? imageIdOf(this.#image) : (this.#restored?.imageID ?? ''),
      ...(instance
        ? { containerID: `containerd://${instance.id}` }
        : this.#restored?.containerID && { containerID: this.#restored.containerID }),
      ...(this.role !== 'ephemeral' && { started: instance?.running ? instance.started : false }),
      ...(this.running && this.role !== 'ephemeral' && this.#resourceStatus()),
      ...(this.#spec.volumeMounts && {
        volumeMounts: this.#spec.volumeMounts.map(({ name, mountPath, readOnly }) => ({
          name,
          mountPath,
          ...(readOnly && { readOnly, recursiveReadOnly: 'Disabled' }),
        })),
      }),
    }
    return {
      status,
      state,
      ready,
      finished,
      initialized: this.isInitialized,
      sidecar: this.role === 'sidecar',
    }
  }

  /** Ephemeral containers serve nobody. */
  get #isReady(): boolean {
    return this.role !== 'ephemeral' && this.running && this.instance!.ready
  }

  /** What the running instance has. Models kubelet convertToAPIContainerStatuses. */
  #resourceStatus(): Pick<ContainerStatus, 'resources' | 'allocatedResources'> {
    const { resources = {} } = this.#spec
    return { resources, ...(resources.requests && { allocatedResources: resources.requests }) }
  }

  get #fieldPath(): string {
    return `spec.${LISTS[this.role]}{${this.name}}`
  }

  #state(): ContainerStateStatus {
    const { instance } = this
    if (this.#past && !instance?.ending?.exitCode) return this.#past
    if (instance?.running) return { running: { startedAt: timestamp(instance.startedAt) } }
    const ended = instance?.ending && terminatedState(instance.ending, instance.startedAt, instance.id)
    if (this.#waiting.reason === '' && ended) return { terminated: ended }
    if (this.#waiting.reason === '' && this.#restored?.state) return this.#restored.state
    return { waiting: this.#waiting }
  }

  /** Shows why it does not run, and leaves it at that for a while. */
  #wait(reason: string, message: string | undefined, forMs = 0): void {
    this.#waiting = { reason, ...(message && { message }) }
    this.#heldUntil = this.#context.now() + forMs
    if (forMs > 0) this.#context.wakeAt(this.#heldUntil)
  }

  /** Shows that it waits for the containers before it. */
  hold(reason: string): void {
    const untouched = ['ContainerCreating', 'PodInitializing'].includes(this.#waiting.reason)
    if (untouched) this.#waiting = { reason }
  }

  /** Image and resources are the parts of a pod's container that can be updated. */
  #follow(pod: Pod): void {
    const listed: ContainerSpecification[] | undefined = pod.spec[LISTS[this.role]]
    const found = listed?.find(({ name }) => name === this.name)
    if (!found) return
    const next = this.#context.resize.allocated(found)
    if (next.image !== this.#spec.image) {
      this.#images.reset()
      this.#image = undefined
      this.#startDue = undefined
    }
    this.#spec = next
  }

  /** Gives the running instance what the pod was resized to: at once, or by a restart where its policy asks for one. */
  #resize(pod: Pod, instance: Instance): Promise<void> | undefined {
    const { resources, resizePolicy = [] } = this.#spec
    const changed = changedResources(instance.resources, resources)
    if (changed.length === 0) return
    instance.resources = resources
    if (
      resizePolicy.some(
        (policy) => policy.restartPolicy === 'RestartContainer' && changed.includes(policy.resourceName),
      )
    ) {
      const message = `Container ${this.name} resize requires restart`
      return this.restart(pod, message, pod.spec.terminationGracePeriodSeconds)
    }
    instance.container.setLimits(runtimeLimits(this.#spec))
  }

  async #attend(pod: Pod): Promise<void> {
    const instance = this.instance!
    if (instance.stopping) return instance.stopping.advance()
    if (this.#starting) return
    if (this.#image === undefined) {
      const message = `Container ${this.name} definition changed, will be restarted`
      return this.restart(pod, message, pod.spec.terminationGracePeriodSeconds)
    }
    const resized = this.#resize(pod, instance)
    if (resized) return resized
    await this.#probes.run(pod)
    const failed = this.#probes.failure
    if (!failed) return
    const message = `Container ${this.name} failed ${failed.kind} probe, will be restarted`
    const grace = failed.graceSeconds ?? pod.spec.terminationGracePeriodSeconds
    return this.restart(pod, message, grace)
  }

  /** Ends the instance; its restart policy brings the next. */
  restart(pod: Pod, message: string, graceSeconds = 30): Promise<void> {
    return this.stop(pod, message, this.#context.now() + graceSeconds * 1000)
  }

  #isHeld(): boolean {
    if (this.#context.now() >= this.#heldUntil) return false
    this.#context.wakeAt(this.#heldUntil)
    return true
  }

  #backsOff(pod: Pod): boolean {
    const { instance } = this
    if (!instance?.ending || this.#waitedFor === instance) return false
    const now = this.#context.now()
    const left = this.#restarts.remaining(now, instance.ending.finishedAt)
    this.#last = { terminated: terminatedState(instance.ending, instance.startedAt, instance.id) }
    if (left === 0) {
      this.#restarts.next(now)
      this.#waitedFor = instance
      return false
    }
    const subject = `container=${this.name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`
    const message = `back-off ${goDuration(this.#restarts.delay)} restarting failed ${subject}`
    if (this.#waiting.reason !== 'CrashLoopBackOff' || now >= this.#toldAt + BACK_OFF_LOOK_MS) {
      this.#toldAt = now
      const { name, namespace, uid } = pod.metadata
      const text = `Back-off restarting failed container ${this.name} in pod ${name}_${namespace}(${uid})`
      this.#context.event(pod, 'Warning', 'BackOff', text, this.#fieldPath)
    }
    this.#waiting = { reason: 'CrashLoopBackOff', message }
    this.#context.wakeAt(Math.min(now + left, this.#toldAt + BACK_OFF_LOOK_MS))
    return true
  }

  #failed(pod: Pod, message: string): void {
    this.#context.event(pod, 'Warning', 'Failed', message, this.#fieldPath)
  }

  async #start(pod: Pod, image: NodeImage): Promise<void> {
    const context = this.#context
    const suspended = this.#suspended
    const id = suspended?.containerID?.replace(/^.*:\/\//, '') ?? context.newId()
    let instance: Instance
    // As each sync of the kubelet does: what starts finds its ConfigMaps and Secrets as they are now.
    if (!context.mount(pod)) return this.#wait(this.#waiting.reason, this.#waiting.message, RETRY_MS)
    try {
      const container = await context.runtime.create(runtimeSpec(context, pod, this.#spec, image.image, id))
      if (this.#gone) return container.remove()
      const since = parseTime(suspended?.state?.running?.startedAt) || context.now()
      instance = new Instance(id, container, new ContainerLog(context.now), since)
      instance.resources = this.#spec.resources
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof StartError)) throw error
      this.#failed(pod, `Error: ${error.message}`)
      const reason = error instanceof ConfigError ? 'CreateContainerConfigError' : 'CreateContainerError'
      return this.#wait(reason, error.message, RETRY_MS)
    }
    if (suspended) this.#resume(instance)
    else {
      context.event(pod, 'Normal', 'Created', 'Container created', this.#fieldPath)
      this.#succeed(instance)
    }
    try {
      await instance.run(context.now, () => this.#ended(instance))
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      return this.#startFailed(pod, instance, error)
    }
    if (this.#gone) return this.remove()
    this.#waiting = { reason: '' }
    this.#probes.start(instance, suspended)
    if (suspended) return
    context.event(pod, 'Normal', 'Started', 'Container started', this.#fieldPath)
    const hook = this.#spec.lifecycle?.postStart
    if (hook) void this.#postStart(pod, instance, hook)
  }

  /** The image that a container has which goes on; without it the container is made as any other. */
  #kept(): NodeImage | undefined {
    if (!this.#suspended) return
    const { images, nodeName } = this.#context
    const found = images.find(nodeName, normalizeImage(this.#spec.image ?? ''))
    if (!found) this.#suspended = undefined
    return found
  }

  /** Goes on with an instance that ran when the world was saved. */
  #resume(instance: Instance): void {
    this.#past = this.#suspended?.state?.terminated && this.#suspended.state
    this.#suspended = undefined
    this.#restored = undefined
    this.instance = instance
  }

  /** Makes the new instance the present one. */
  #succeed(instance: Instance): void {
    if (this.instance || this.#restored) this.#restartCount++
    if (this.#restored?.state?.terminated) this.#last = { terminated: this.#restored.state.terminated }
    this.#restored = undefined
    void this.previous?.container.remove()
    this.previous = this.instance
    this.instance = instance
  }

  #startFailed(pod: Pod, instance: Instance, error: StartError): void {
    const now = this.#context.now()
    instance.ending = {
      exitCode: error.exitCode,
      reason: 'StartError',
      message: error.message,
      finishedAt: now,
    }
    instance.log.close()
    this.#failed(pod, `Error: ${error.message}`)
    this.#showError(instance, 'RunContainerError', error.message, 0)
  }

  /** Shows for a moment why an instance that has ended did not start. */
  #showError(instance: Instance, reason: string, message: string, startedAt = instance.startedAt): void {
    this.#last = { terminated: terminatedState(instance.ending!, startedAt, instance.id) }
    this.#wait(reason, message, ERROR_SHOWN_MS)
  }

  async #ended(instance: Instance): Promise<void> {
    if (this.instance === instance) this.#probes.stop()
    await this.#readTerminationMessage(instance)
    this.#context.enqueue()
  }

  async #readTerminationMessage(instance: Instance): Promise<void> {
    const path = this.#spec.terminationMessagePath ?? '/dev/termination-log'
    const text = await instance.container.files.read(path).then(
      (bytes) => Buffer.from(bytes.subarray(0, 4096)).toString(),
      () => '',
    )
    const ending = instance.ending!
    const fallback = this.#spec.terminationMessagePolicy === 'FallbackToLogsOnError' && ending.exitCode !== 0
    const message = text || (fallback ? instance.log.tail() : '')
    if (message) instance.ending = { ...ending, message }
  }

  async #preStop(pod: Pod, instance: Instance, handler: LifecycleHandler): Promise<void> {
    const hook = { pod, spec: this.#spec, instance, handler }
    const failure = await runHook(this.#context, hook, new AbortController().signal)
    if (failure === undefined) return
    this.#context.event(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', this.#fieldPath)
  }

  /** The container has not started before its hook has ended; one whose hook fails is killed. */
  async #postStart(pod: Pod, instance: Instance, handler: LifecycleHandler): Promise<void> {
    const context = this.#context
    this.#starting = new AbortController()
    const failure = await runHook(
      context,
      { pod, spec: this.#spec, instance, handler },
      this.#starting.signal,
    )
    if (failure !== undefined && !this.#gone) {
      context.event(pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', this.#fieldPath)
      await this.restart(pod, 'FailedPostStartHook', pod.spec.terminationGracePeriodSeconds)
      context.enqueue()
      await instance.over
      if (!this.isFinished(pod)) this.#showError(instance, 'PostStartHookError', failure)
    }
    this.#starting = undefined
    context.enqueue()
  }
}
