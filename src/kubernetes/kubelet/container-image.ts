import type { ContainerSpecification, Pod } from '../objects.ts'
import { goDuration } from '../time.ts'
import { BackOff } from './back-off.ts'
import { invalidImageText, type NodeImage, normalizeImage, type PullOutcome } from './node-images.ts'
import type { PodContext } from './pod-context.ts'
import { pullSecretsFor } from './pull-secrets.ts'
import { BACK_OFF_LOOK_MS, ERROR_SHOWN_MS, RETRY_MS } from './timings.ts'

/** Why there is no image yet: the container's `state.waiting`, to be shown for at least `forMs`. */
export interface ImageTrouble {
  reason: 'ErrImagePull' | 'ImagePullBackOff' | 'InvalidImageName' | 'ErrImageNeverPull'
  message: string
  forMs: number
}

/** Brings a container's image to its node, by its pull policy and with the kubelet's back-off. Models pkg/kubelet/images. */
export class ContainerImage {
  readonly #context: PodContext
  readonly #fieldPath: string
  readonly #backOff = new BackOff()
  #pull: PullOutcome | undefined
  #failure: { at: number; error: string } | undefined

  constructor(context: PodContext, fieldPath: string) {
    this.#context = context
    this.#fieldPath = fieldPath
  }

  /** Whether the image is on its way. */
  get pulling(): boolean {
    return this.#pull !== undefined
  }

  /** The container wants another image now. */
  reset(): void {
    this.#pull = undefined
    this.#failure = undefined
  }

  /** The image, or why it is not there; undefined while it is on its way. */
  async ensure(pod: Pod, spec: ContainerSpecification): Promise<NodeImage | ImageTrouble | undefined> {
    const { images, nodeName, api } = this.#context
    const name = spec.image ?? ''
    const invalid = invalidImageText(name)
    if (invalid) return this.#refuse(pod, 'InvalidImageName', 'InspectFailed', invalid)
    if (this.#pull) return this.#outcome(pod, name)
    const reference = normalizeImage(name)
    const present = images.find(nodeName, reference)
    const policy = spec.imagePullPolicy ?? 'IfNotPresent'
    if (present && policy !== 'Always') {
      const message = `Container image "${name}" already present on machine and can be accessed by the pod`
      this.#event(pod, 'Normal', 'Pulled', message)
      return present
    }
    if (policy === 'Never') {
      const message = `Container image "${name}" is not present with pull policy of Never`
      return this.#refuse(pod, 'ErrImageNeverPull', 'ErrImageNeverPull', message)
    }
    const waiting = this.#backingOff(pod, name)
    if (waiting) return waiting
    this.#event(pod, 'Normal', 'Pulling', `Pulling image "${name}"`)
    const pull = await images.pull(nodeName, reference, pullSecretsFor(api, pod, reference))
    const now = this.#context.now()
    this.#pull = { ...pull, doneAt: now + this.#context.duration(pull.doneAt - now) }
    return this.#outcome(pod, name)
  }

  /** What no pull can mend. Looked at again now and then, and told each time. */
  #refuse(pod: Pod, reason: ImageTrouble['reason'], event: string, message: string): ImageTrouble {
    this.#event(pod, 'Warning', event, message)
    this.#event(pod, 'Warning', 'Failed', `Error: ${reason}`)
    return { reason, message, forMs: RETRY_MS }
  }

  #backingOff(pod: Pod, name: string): ImageTrouble | undefined {
    if (!this.#failure) return
    const left = this.#backOff.remaining(this.#context.now(), this.#failure.at)
    if (left === 0) return
    const text = `Back-off pulling image "${name}"`
    this.#event(pod, 'Normal', 'BackOff', text)
    this.#event(pod, 'Warning', 'Failed', 'Error: ImagePullBackOff')
    return {
      reason: 'ImagePullBackOff',
      message: `${text}: ErrImagePull: ${this.#failure.error}`,
      forMs: Math.min(left, BACK_OFF_LOOK_MS),
    }
  }

  /** What came of the pull, once the world's clock says that it is over. */
  #outcome(pod: Pod, name: string): NodeImage | ImageTrouble | undefined {
    const { startedAt, doneAt, image, error = '' } = this.#pull!
    const now = this.#context.now()
    if (now < doneAt) {
      this.#context.wakeAt(doneAt)
      return
    }
    this.#pull = undefined
    if (image) {
      const took = goDuration(now - startedAt)
      const message = `Successfully pulled image "${name}" in ${took} (${took} including waiting). Image size: ${image.sizeBytes} bytes.`
      this.#event(pod, 'Normal', 'Pulled', message)
      this.#failure = undefined
      return image
    }
    this.#event(pod, 'Warning', 'Failed', `Failed to pull image "${name}": ${error}`)
    this.#event(pod, 'Warning', 'Failed', 'Error: ErrImagePull')
    this.#backOff.next(now)
    this.#failure = { at: now, error }
    // The kubelet looks again after a moment, and then says that it backs off.
    return { reason: 'ErrImagePull', message: error, forMs: ERROR_SHOWN_MS }
  }

  #event(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.event(pod, type, reason, message, this.#fieldPath)
  }
}
