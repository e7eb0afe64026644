import type {
  Container,
  ContainerSpec,
  DnsRecord,
  DnsType,
  NameAnswer,
  NameTrouble,
  ProcessNamespace,
} from '#containers/runtime.ts'
import type { Timer } from '#world/clock.ts'
import type { Result } from '#world/controller.ts'
import { unlessGone } from '../controllers/replicas.ts'
import { equal } from '../equality.ts'
import type { ContainerSpecification, Node, Pod } from '../objects.ts'
import { isFinished, nameOf } from '../pods.ts'
import { parseTime, timestamp } from '../time.ts'
import { ContainerWorker } from './container-worker.ts'
import type { EnvironmentSource } from './environment.ts'
import { hostsFile, namesOf, shortName } from './hosts-file.ts'
import { oomScoreAdjust } from './node-memory.ts'
import type { NodeRecord } from './node-record.ts'
import type { KubeletServices, PodContext } from './pod-context.ts'
import { PodSandbox } from './pod-sandbox.ts'
import { type PodView, podStatusOf } from './pod-status.ts'
import { PodResize } from './resize.ts'
import { EVICTION_CHECK_MS, RETRY_MS } from './timings.ts'
import { VolumeManager } from './volume-manager.ts'
import { PodVolumes } from './volumes.ts'

/** One pod on its node: volumes, sandbox, containers. `sync` moves it one step towards what its object says. */
export class PodWorker implements PodContext {
  readonly key: string
  readonly uid: string
  readonly volumes: PodVolumes
  readonly containers: ContainerWorker[]
  readonly resize: PodResize
  /** What its pod grants it to end in, seconds. */
  readonly graceSeconds: number
  /** When it came to the node, ms. */
  readonly createdAt: number
  readonly #services: KubeletServices
  readonly #node: NodeRecord
  readonly #mounting: VolumeManager
  readonly #sandbox: PodSandbox
  #verdict: { reason: string; message: string } | undefined
  #wake: number | undefined

  /** `resumed`: what ran of the pod when its world was saved goes on; else it was ended. */
  constructor(services: KubeletServices, node: NodeRecord, pod: Pod, resumed: boolean) {
    this.#services = services
    this.#node = node
    this.key = nameOf(pod)
    this.uid = pod.metadata.uid!
    this.graceSeconds = pod.spec.terminationGracePeriodSeconds ?? 30
    this.createdAt = this.now()
    const network = services.plane.options.provider.files
    this.volumes = new PodVolumes(services.issueToken, this.now, services.volumes, network, (claim) =>
      services.podsWith(claim),
    )
    this.#mounting = new VolumeManager(this)
    this.resize = new PodResize(this, pod)
    this.containers = [
      ...(pod.spec.initContainers ?? []).map(
        (spec) => new ContainerWorker(this, spec, spec.restartPolicy === 'Always' ? 'sidecar' : 'init'),
      ),
      ...pod.spec.containers.map((spec) => new ContainerWorker(this, spec, 'main')),
    ]
    this.#addEphemeral(pod)
    const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = pod.status
    const statuses = [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses]
    for (const status of statuses) {
      this.containers.find(({ name }) => name === status.name)?.restore(status, this.now(), resumed)
    }
    const began = statuses.some(({ containerID }) => containerID)
    this.#sandbox = new PodSandbox(
      this,
      services.plane,
      this.uid,
      began && (resumed ? 'resumed' : 'restored'),
    )
    if (this.#init.length > 0) for (const container of this.containers) container.hold('PodInitializing')
  }

  get #init(): ContainerWorker[] {
    return this.containers.filter(({ role }) => role === 'init' || role === 'sidecar')
  }

  get #main(): ContainerWorker[] {
    return this.containers.filter(({ role }) => role === 'main')
  }

  get #ephemeral(): ContainerWorker[] {
    return this.containers.filter(({ role }) => role === 'ephemeral')
  }

  /** Takes up the ephemeral containers that were added to the pod since the last look. */
  #addEphemeral(pod: Pod): void {
    for (const spec of pod.spec.ephemeralContainers ?? []) {
      if (this.containers.some(({ name }) => name === spec.name)) continue
      this.containers.push(new ContainerWorker(this, spec, 'ephemeral'))
    }
  }

  get api() {
    return this.#services.apiOf(this.nodeName)
  }
  get images() {
    return this.#services.images
  }
  get networks() {
    return this.#services.networks
  }
  get network() {
    return this.#services.plane.options.network
  }
  get runtime() {
    return this.#services.plane.options.runtime
  }
  get nodeName() {
    return this.#node.name
  }
  get nodeAddress() {
    return this.#node.address
  }
  get podAddress() {
    return this.#sandbox.address
  }
  get userAgent() {
    const [major, minor] = this.#services.plane.options.gitVersion.slice(1).split('.')
    return `kube-probe/${major}.${minor}`
  }

  readonly now = (): number => this.#services.plane.now()
  readonly duration = (ms: number): number =>
    this.networks.isReady(this.nodeName) ? ms : this.#services.plane.world.provisioningTime(ms)
  readonly newId = (): string => this.#services.plane.world.ids.hex(64)
  readonly setTimer = (ms: number, callback: () => void): Timer =>
    this.#services.plane.world.clock.setTimer(ms, callback)
  readonly sleep = (ms: number): Promise<void> => this.#services.plane.world.clock.sleep(ms)
  readonly enqueue = (): void => this.#services.enqueue(this.key)

  wakeAt(time: number): void {
    this.#wake = Math.min(this.#wake ?? time, time)
  }

  event(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void {
    const source = { component: 'kubelet', host: this.nodeName }
    this.api.event(pod, type, reason, message, source, fieldPath)
  }

  source(pod: Pod): EnvironmentSource {
    const node = this.api.get<Node>('nodes', '', this.nodeName)
    return { api: this.api, pod, node, podAddress: this.podAddress ?? '' }
  }

  neighbours(): Pod[] {
    return this.#services.podsOn(this.nodeName)
  }

  hostname(pod: Pod): string {
    if (pod.spec.hostNetwork) return this.nodeName
    const short = shortName(pod)
    return pod.spec.setHostnameAsFQDN ? namesOf(pod, short)[0]! : short
  }

  hosts(pod: Pod): Record<string, string> {
    const aliases = (pod.spec.hostAliases ?? []).flatMap(({ ip, hostnames = [] }) =>
      hostnames.map((name) => [name, ip]),
    )
    const own = pod.spec.hostNetwork ? this.nodeName : shortName(pod)
    return {
      localhost: '127.0.0.1',
      ...Object.fromEntries(namesOf(pod, own).map((name) => [name, this.podAddress ?? ''])),
      ...Object.fromEntries(aliases),
    }
  }

  hostsFile(pod: Pod, spec: ContainerSpecification): string | undefined {
    if (pod.spec.hostNetwork || spec.volumeMounts?.some(({ mountPath }) => mountPath === '/etc/hosts')) return
    return hostsFile(pod, shortName(pod), this.podAddress ?? '')
  }

  lookup(pod: Pod, name: string): NameAnswer {
    return this.#services.resolve(pod, this.podAddress ?? '', name)
  }

  records(pod: Pod, name: string, type: DnsType, server?: string): DnsRecord[] | NameTrouble | undefined {
    return this.#services.records(pod, this.podAddress ?? '', name, type, server)
  }

  resolver(pod: Pod): string {
    return this.#services.resolver(pod, this.nodeName)
  }

  memoryOf(pod: Pod, spec: ContainerSpecification): Pick<ContainerSpec, 'memoryPool' | 'oomScoreAdjust'> {
    const memoryPool = this.#services.memory?.poolOf(this.#node)
    if (!memoryPool) return {}
    return { memoryPool, oomScoreAdjust: oomScoreAdjust(pod, spec, memoryPool.capacityBytes) }
  }

  mount(pod: Pod): boolean {
    return this.#mounting.renew(pod)
  }

  processesOf(pod: Pod, spec: ContainerSpecification): Container | ProcessNamespace | undefined {
    if (pod.spec.shareProcessNamespace) return this.#sandbox.processes
    const target = pod.spec.ephemeralContainers?.find(({ name }) => name === spec.name)?.targetContainerName
    const worker = this.containers.find(({ name }) => name === target)
    return worker?.running ? worker.instance!.container : undefined
  }

  /** One step of the pod; gives when it wants the next. */
  async sync(pod: Pod): Promise<Result | undefined> {
    this.#wake = undefined
    if (pod.metadata.deletionTimestamp) await this.#terminate(pod)
    else if (isFinished(pod)) this.#sandbox.release()
    else await this.#run(pod)
    return this.#wake === undefined ? undefined : { requeueAfterMs: Math.max(0, this.#wake - this.now()) }
  }

  /** The object is gone, by force: ends what runs. Whether nothing is left. */
  async vanish(pod: Pod | undefined): Promise<boolean> {
    this.#wake = undefined
    const about = pod ?? this.#ghost()
    await this.#stopAll(about, this.now())
    if (this.containers.some(({ running }) => running)) return false
    this.#sandbox.release()
    return true
  }

  /** The node went down. */
  crash(): void {
    for (const container of this.containers) container.crash()
    this.#sandbox.crash()
  }

  /** A ConfigMap or Secret that it mounts changed: shown at the next periodic sync. */
  volumesChanged(): void {
    this.#mounting.changed()
  }

  async #run(pod: Pod): Promise<void> {
    this.#checkDeadline(pod)
    this.#checkStorage(pod)
    const grace = (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000
    const own = [...this.#init, ...this.#main]
    const restarts = own.some(({ running, instance }) => running && instance!.stopping)
    if (!this.#verdict && this.#prepare(pod)) await this.#advance(pod)
    if (this.#verdict || this.#isOver(pod)) {
      await this.#stopAll(pod, this.now() + (this.#verdict?.reason === 'Evicted' ? 0 : grace))
      if (this.containers.some(({ running }) => running)) return
    }
    // A sync of the kubelet lasts until all is stopped and started that it can: then it tells what it has done.
    if (restarts || (own.some(({ busy }) => busy) && own.some(({ untold }) => untold))) return
    this.#writeStatus(this.#view(pod))
  }

  #checkDeadline(pod: Pod): void {
    const { activeDeadlineSeconds } = pod.spec
    if (activeDeadlineSeconds === undefined || !pod.status.startTime || this.#verdict) return
    const end = parseTime(pod.status.startTime) + activeDeadlineSeconds * 1000
    if (this.now() < end) return this.wakeAt(end)
    const message = 'Pod was active on the node longer than the specified deadline'
    this.#verdict = { reason: 'DeadlineExceeded', message }
    this.event(pod, 'Normal', 'DeadlineExceeded', message)
  }

  /** Evicts a pod whose emptyDir has outgrown its limit. Models localStorageEviction of pkg/kubelet/eviction. */
  #checkStorage(pod: Pod): void {
    if (this.#verdict || !pod.spec.volumes?.some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined)) return
    const over = this.volumes.overLimit(pod)
    if (!over) return this.wakeAt(this.now() + EVICTION_CHECK_MS)
    const message = `Usage of EmptyDir volume "${over.volume}" exceeds the limit "${over.limit}". `
    this.#verdict = { reason: 'Evicted', message }
    this.event(pod, 'Warning', 'Evicted', message)
  }

  #isOver(pod: Pod): boolean {
    return (
      this.#main.every((container) => container.isFinished(pod)) ||
      this.#init.some(
        (container) => container.role === 'init' && container.isFinished(pod) && !container.isInitialized,
      )
    )
  }

  /** Volumes, then the sandbox. Whether containers may be made. */
  #prepare(pod: Pod): boolean {
    // What a running container has mounted stays as it is.
    if (!this.#mounting.mount(pod) && !this.#sandbox.begun) return false
    return this.#sandbox.prepare(pod)
  }

  async #advance(pod: Pod): Promise<void> {
    this.resize.review(pod)
    if (this.resize.pending) this.wakeAt(this.now() + RETRY_MS)
    this.#addEphemeral(pod)
    for (const container of this.#ephemeral) await container.advance(pod)
    for (const container of this.#init) {
      if (container.isInitialized && container.role === 'init') continue
      await container.advance(pod)
      if (!container.isInitialized || container.busy) return
    }
    let busy = false
    for (const container of this.#main) {
      // They are started one after another; what runs already is looked after meanwhile.
      if (busy && (!container.running || container.untold)) continue
      await container.advance(pod)
      busy ||= container.busy
    }
  }

  async #terminate(pod: Pod): Promise<void> {
    const end = parseTime(pod.metadata.deletionTimestamp)
    await this.#stopAll(pod, Math.max(end, this.now()))
    const over = !this.containers.some(({ running }) => running)
    this.#writeStatus({ ...this.#view(pod), over })
    if (!over) return
    this.#sandbox.release()
    unlessGone(() => this.#services.ledger.ended(pod))
  }

  /** All at once, but sidecars end when those are gone that they serve: the main containers, and the sidecars after them. */
  async #stopAll(pod: Pod, graceEnd: number): Promise<void> {
    const stop = (container: ContainerWorker, turn = true) =>
      container.stop(pod, `Stopping container ${container.name}`, graceEnd, turn)
    await Promise.all(
      this.containers.filter(({ role }) => role !== 'sidecar').map((container) => stop(container)),
    )
    let turn = !this.#main.some(({ running }) => running)
    for (const sidecar of this.#init.filter(({ role }) => role === 'sidecar').toReversed()) {
      await stop(sidecar, turn)
      turn &&= !sidecar.running
    }
  }

  /** Frees the containers' files and logs. */
  async remove(): Promise<void> {
    this.#sandbox.release()
    await Promise.all(this.containers.map((container) => container.remove()))
  }

  #view(pod: Pod): PodView {
    return {
      init: this.#init.map((container) => container.view(pod)),
      main: this.#main.map((container) => container.view(pod)),
      ephemeral: this.#ephemeral.map((container) => container.view(pod)),
      resize: this.resize.conditions(pod, this.containers),
      sandboxReady: this.#sandbox.ready,
      podAddress: this.podAddress ?? this.#latest()?.status.podIP,
      hostAddress: this.nodeAddress,
      ...(this.#verdict && { verdict: this.#verdict }),
    }
  }

  #latest(): Pod | undefined {
    return this.#services.ledger.find(this.key, this.uid)
  }

  #writeStatus(view: PodView): void {
    const pod = this.#latest()
    if (!pod) return
    const status = podStatusOf(view, pod, this.now())
    status.qosClass ??= pod.status.qosClass
    for (const container of this.containers) container.tell()
    if (!equal(status, pod.status)) this.#services.ledger.report(pod, status)
  }

  #ghost(): Pod {
    const [namespace, name] = this.key.split('/') as [string, string]
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name, uid: this.uid, creationTimestamp: timestamp(this.now()) },
      spec: { containers: [] },
      status: {},
    } as unknown as Pod
  }
}
