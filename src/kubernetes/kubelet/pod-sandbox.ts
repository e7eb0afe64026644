import type { ProcessNamespace } from '#containers/runtime.ts'
import type { Pod } from '../objects.ts'
import type { KubeletPlane, PodContext } from './pod-context.ts'
import { RETRY_MS, SANDBOX_MS } from './timings.ts'

/** What a pod's containers live in: its address in use on the network, and the processes they may share. */
export class PodSandbox {
  readonly #context: PodContext
  readonly #plane: KubeletPlane
  readonly #uid: string
  readonly #restored: boolean
  #address: string | undefined
  #addressInUse: { close(): void } | undefined
  /** When it is ready, ms; undefined before it has an address. */
  #due: number | undefined
  #released = false
  #processes: ProcessNamespace | undefined

  /** `restored`: its pod had containers before this process ran. */
  constructor(context: PodContext, plane: KubeletPlane, uid: string, restored: boolean) {
    this.#context = context
    this.#plane = plane
    this.#uid = uid
    this.#restored = restored
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
      if (this.#restored) {
        context.event(
          pod,
          'Normal',
          'SandboxChanged',
          'Pod sandbox changed, it will be killed and re-created.',
        )
      }
      this.#due = context.now() + SANDBOX_MS
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
    this.#plane.options.provider.releasePodAddress(this.#context.nodeName, this.#uid)
  }

  #takeAddress(pod: Pod): boolean {
    const context = this.#context
    try {
      this.#address = pod.spec.hostNetwork
        ? context.nodeAddress
        : this.#plane.options.provider.allocatePodAddress(context.nodeName, this.#uid)
    } catch (error) {
      const sandbox = context.newId()
      const message = `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${sandbox}": plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container`
      if (!(error instanceof Error)) throw error
      context.event(pod, 'Warning', 'FailedCreatePodSandBox', message)
      context.wakeAt(context.now() + RETRY_MS)
      return false
    }
    this.#addressInUse ??= this.#useAddress(this.#address)
    return true
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
