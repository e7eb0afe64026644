import { type KubeletApi, StatusError } from '../api.ts'

/** The way to the kubelets, once they have registered. */
export class KubeletHolder {
  #kubelet: KubeletApi | undefined

  set(kubelet: KubeletApi): void {
    this.#kubelet = kubelet
  }

  /** Throws ServiceUnavailable before the kubelets are up. */
  get(): KubeletApi {
    if (this.#kubelet) return this.#kubelet
    throw new StatusError(
      503,
      'ServiceUnavailable',
      'no kubelet has registered with this cluster yet; try again',
    )
  }
}
