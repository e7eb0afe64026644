import type { ContainerStatus, Pod, Probe } from '../objects.ts'
import type { ContainerWorker } from './container-worker.ts'
import type { Instance } from './instance.ts'
import type { PodContext } from './pod-context.ts'
import { type ProbeResult, runProbe } from './probe.ts'
import { turns } from './turns.ts'

type Kind = 'startup' | 'readiness' | 'liveness'

interface Watch {
  kind: Kind
  probe: Probe
  dueAt: number
  inFlight: boolean
  successes: number
  failures: number
}

const TITLES: Record<Kind, string> = { startup: 'Startup', readiness: 'Readiness', liveness: 'Liveness' }
/** A process gets this long (ms) before anything asks it. */
const FIRST_AFTER_MS = 100

/** The probes of a container's present instance. They run in the pod's sync and never overlap with themselves. */
export class ProbeSet {
  readonly #context: PodContext
  readonly #worker: ContainerWorker
  #instance: Instance | undefined
  #watches: Watch[] = []
  /** Ends what is being asked; there is one only while there are probes. */
  #abort: AbortController | undefined
  /** The probe that says that the instance must be restarted. */
  failure: { kind: Kind; graceSeconds: number | undefined } | undefined

  constructor(context: PodContext, worker: ContainerWorker) {
    this.#context = context
    this.#worker = worker
  }

  /** `before`: what they had found of it when its world was saved. */
  start(instance: Instance, before?: Pick<ContainerStatus, 'started' | 'ready'>): void {
    this.stop()
    this.#instance = instance
    const { startupProbe, readinessProbe, livenessProbe } = this.#worker.spec
    const watch = (kind: Kind, probe: Probe | undefined): Watch[] =>
      probe
        ? [
            {
              kind,
              probe,
              dueAt: this.#first(probe, before !== undefined),
              inFlight: false,
              successes: 0,
              failures: 0,
            },
          ]
        : []
    this.#watches = [
      ...watch('startup', startupProbe),
      ...watch('readiness', readinessProbe),
      ...watch('liveness', livenessProbe),
    ]
    instance.started = !startupProbe
    instance.ready = !startupProbe && !readinessProbe
    if (before) {
      instance.started = before.started ?? instance.started
      instance.ready = before.ready
    }
    this.#wake()
  }

  stop(): void {
    this.#abort?.abort()
    this.#abort = undefined
    this.#watches = []
    this.#instance = undefined
    this.failure = undefined
  }

  /** Asks what is due; an answer that needs the world's clock to move on comes later and brings a new sync. */
  async run(pod: Pod): Promise<void> {
    const instance = this.#instance
    if (!instance) return
    const due = this.#watches.filter(
      (watch) => this.#isActive(watch) && !watch.inFlight && watch.dueAt <= this.#context.now(),
    )
    await turns(Promise.all(due.map((watch) => this.#ask(pod, instance, watch))))
    this.#wake()
  }

  /** Does what a probe says, once. */
  #once(probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
    const { network, podAddress, nodeAddress, userAgent } = this.#context
    const { instance, spec } = this.#worker
    const target = {
      network,
      container: instance!.container,
      podAddress: podAddress!,
      nodeAddress,
      ports: spec.ports ?? [],
      userAgent,
    }
    return runProbe(target, probe, signal)
  }

  /** Readiness and liveness begin when the startup probe has succeeded. */
  #isActive({ kind }: Watch): boolean {
    return kind === 'startup' ? !this.#instance!.started : this.#instance!.started
  }

  #first({ initialDelaySeconds = 0, periodSeconds = 10 }: Probe, goesOn: boolean): number {
    if (goesOn) return this.#context.now() + periodSeconds * 1000
    return this.#context.now() + Math.max(FIRST_AFTER_MS, initialDelaySeconds * 1000)
  }

  #wake(): void {
    for (const watch of this.#watches) {
      if (this.#isActive(watch) && !watch.inFlight) this.#context.wakeAt(watch.dueAt)
    }
  }

  async #ask(pod: Pod, instance: Instance, watch: Watch): Promise<void> {
    const { probe } = watch
    watch.inFlight = true
    this.#abort ??= new AbortController()
    const timeout = new AbortController()
    const timer = this.#context.setTimer((probe.timeoutSeconds ?? 1) * 1000, () => timeout.abort())
    const result = await this.#once(probe, AbortSignal.any([timeout.signal, this.#abort.signal]))
    timer.cancel()
    if (this.#instance !== instance || !instance.running) return
    watch.inFlight = false
    watch.dueAt = this.#context.now() + (probe.periodSeconds ?? 10) * 1000
    this.#judge(pod, instance, watch, result)
    this.#context.enqueue()
  }

  #judge(pod: Pod, instance: Instance, watch: Watch, { success, output }: ProbeResult): void {
    const { kind, probe } = watch
    watch.successes = success ? watch.successes + 1 : 0
    watch.failures = success ? 0 : watch.failures + 1
    if (!success) {
      const message = `${TITLES[kind]} probe failed: ${output}`
      this.#context.event(pod, 'Warning', 'Unhealthy', message, `spec.containers{${this.#worker.name}}`)
    }
    const passed = watch.successes >= (probe.successThreshold ?? 1)
    const failed = watch.failures >= (probe.failureThreshold ?? 3)
    if (kind === 'readiness') {
      if (passed) instance.ready = true
      else if (failed) instance.ready = false
    } else if (kind === 'startup' && passed) {
      instance.started = true
      instance.ready = !this.#worker.spec.readinessProbe
    } else if (failed) {
      this.failure = { kind, graceSeconds: probe.terminationGracePeriodSeconds }
      instance.ready = false
    }
  }
}
