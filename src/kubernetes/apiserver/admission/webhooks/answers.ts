import type { Obj } from '../../json.ts'
import type { AdmissionRequest } from '../../storage/strategy.ts'

export type Phase = 'mutating' | 'validating'

/** What webhooks have said in one phase of a request. */
export interface Answer {
  /** The object as they made it; undefined when they changed nothing. */
  object?: Obj
  warnings: string[]
  /** Why the request is refused. */
  error?: unknown
}

/** A request's answers so far, and those that are on their way. */
export interface Stages {
  answers: Partial<Record<Phase, Answer>>
  pending?: Promise<void>
}

/** How long an answer to a component that did not come back is kept, ms. */
const KEPT_MS = 30_000

/**
 * What webhooks have said about requests that are under way. Writes are synchronous and webhooks are not: a write that needs one is
 * given up with `Pending`, and finds the answer here when it is tried again.
 */
export class WebhookAnswers {
  /** By the object that is changed or deleted, then by what is done to it. */
  readonly #changes = new WeakMap<Obj, Map<string, Stages>>()
  readonly #about = new Map<string, { answers: WebhookAnswers; since: number }>()
  #creation: Stages | undefined
  #forgotten = () => {}

  /** The answers about a creation of the cluster's own components. */
  about(identity: string, now: number): WebhookAnswers {
    for (const [key, { since }] of this.#about) if (since + KEPT_MS < now) this.#about.delete(key)
    const known = this.#about.get(identity)
    if (known) return known.answers
    const answers = new WebhookAnswers()
    answers.#forgotten = () => this.#about.delete(identity)
    this.#about.set(identity, { answers, since: now })
    return answers
  }

  of(request: AdmissionRequest): Stages {
    const { old } = request
    if (!old) {
      this.#creation ??= { answers: {} }
      return this.#creation
    }
    const of = this.#changes.get(old) ?? new Map<string, Stages>()
    this.#changes.set(old, of)
    const stages = of.get(keyOf(request)) ?? { answers: {} }
    of.set(keyOf(request), stages)
    return stages
  }

  /** The request is through. */
  forget(request: AdmissionRequest): void {
    if (request.old) this.#changes.get(request.old)?.delete(keyOf(request))
    else this.#creation = undefined
    this.#forgotten()
  }
}

const keyOf = ({ operation, subresource }: AdmissionRequest) => `${operation}/${subresource}`
