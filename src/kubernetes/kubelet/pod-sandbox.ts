import type { ProcessNamespace } from '#containers/runtime.ts'
import type { Pod } from '../objects.ts'
import { NETWORK_MISSING, type NetworkTrouble, pluginFailure } from './node-network.ts'
import type { KubeletPlane, PodContext } from './pod-context.ts'
import { RETRY_MS, SANDBOX_MS } from './timings.ts'

/** What was of a sandbox before this process ran: nothing, one that its pod has lost, or one that goes on. */
type Before = false | 'restored' | 'resumed'

/** What a pod's containers live in: its address in use on the network, and the processes they may share. */
export class PodSandbox {
  readonly #context: PodContext
  readonly #plane: KubeletPlane
  readonly #uid: string
  readonly #before: Before
  #address: string | undefined
  #addressInUse: { close(): void } | undefined
  /** When it is ready, ms; undefined before it has an address. */
  #due: number | undefined
  #released = false
  #processes: ProcessNamespace | undefined

  constructor(context: PodContext, plane: KubeletPlane, uid: string, before: Before) {
    this.#context = context
    this.#plane = plane
    this.#uid = uid
    this.#before = before
  }

  /** The pod's, also when it is no longer in use. */
  get address(): string | undefined {
    return this.#address
  }

  /** Whether it was begun. */
  get begun(): boolean {
    return this.#due !== undefined
  }

  get ready(): boolean {
    return this.#due !== undefined && this.#context.now() >= this.#due && !this.#released
  }

  /** The process namespace of a pod that shares one (`shareProcessNamespace`). */
  get processes(): ProcessNamespace {
    this.#processes ??= this.#context.runtime.sandboxProcesses()
    return this.#processes
  }

  /** Takes an address and makes the sandbox. Whether containers may be made in it; if not yet, wakes the pod. */
  prepare(pod: Pod): boolean {
    const context = this.#context
    if (this.#due === undefined) {
      if (!this.#takeAddress(pod)) return false
      if (this.#before === 'restored') {
        context.event(
          pod,
          'Normal',
          'SandboxChanged',
          'Pod sandbox changed, it will be killed and re-created.',
        )
      }
      this.#due = context.now() + context.duration(SANDBOX_MS)
    }
    if (context.now() >= this.#due) return true
    context.wakeAt(this.#due)
    return false
  }

  /** The node went down. */
  crash(): void {
    this.#addressInUse?.close()
    this.#addressInUse = undefined
  }

  /** Gives the address back, for good. */
  release(): void {
    if (this.#released) return
    this.#released = true
    this.crash()
    const { networks, nodeName } = this.#context
    // A daemon that is away takes back later what its plug-in could not give (cmdDel of the VPC CNI fails no pod's end).
    if (networks.takesBack(nodeName)) this.#plane.options.provider.releasePodAddress(nodeName, this.#uid)
  }

  #takeAddress(pod: Pod): boolean {
    const address = pod.spec.hostNetwork ? this.#context.nodeAddress : this.#askPlugin(pod)
    if (address === undefined) return false
    this.#address = address
    this.#addressInUse ??= this.#useAddress(address)
    return true
  }

  /** An address from the node's network plug-in; undefined: not now, the pod is woken. */
  #askPlugin(pod: Pod): string | undefined {
    const { networks, nodeName } = this.#context
    const trouble = this.#before === 'resumed' ? undefined : networks.trouble(nodeName)
    if (trouble) return this.#refuse(pod, trouble)
    try {
      return this.#plane.options.provider.allocatePodAddress(nodeName, this.#uid)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const text = pluginFailure('add cmd: failed to assign an IP address to container')
      return this.#refuse(pod, { kind: 'failed', text })
    }
  }

  #refuse(pod: Pod, trouble: NetworkTrouble): undefined {
    const context = this.#context
    if (trouble.kind === 'missing')
      context.event(pod, 'Warning', 'NetworkNotReady', `network is not ready: ${NETWORK_MISSING}`)
    else {
      const message = `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${context.newId()}": ${trouble.text}`
      context.event(pod, 'Warning', 'FailedCreatePodSandBox', message)
    }
    context.wakeAt(context.now() + RETRY_MS)
  }

  /** Takes the address into use on the network and in the cluster. */
  #useAddress(address: string): { close(): void } {
    const { podAddresses } = this.#plane
    const use = this.#context.network.addAddress(address)
    podAddresses.set(address, (podAddresses.get(address) ?? 0) + 1)
    return {
      close() {
        use.close()
        const left = (podAddresses.get(address) ?? 1) - 1
        if (left > 0) podAddresses.set(address, left)
        else podAddresses.delete(address)
      },
    }
  }
}
