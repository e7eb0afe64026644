import { Pending } from '#world/controller.ts'
import { equal } from '../../../equality.ts'
import { decodeManagers } from '../../apply/decode-managers.ts'
import { clone, type Obj } from '../../json.ts'
import type { AdmissionPlugin, AdmissionRequest, StrategyContext } from '../../storage/strategy.ts'
import type { Answer, Phase } from './answers.ts'
import { ask } from './call.ts'
import { type Hook, hooksOf } from './hooks.ts'

type Asking = (hooks: Hook[], request: AdmissionRequest, context: StrategyContext) => Promise<Answer>

/** One phase of webhooks: the first try asks them and gives up with `Pending`, the next goes on with what they said. */
const webhooks =
  (phase: Phase, asking: Asking): AdmissionPlugin =>
  (request, context) => {
    const hooks = hooksOf(phase, request, context)
    if (hooks.length === 0 || !request.answers) return
    const stages = request.answers.of(request)
    const answer = stages.answers[phase]
    if (answer) return follow(answer, request)
    stages.pending ??= asking(hooks, { ...request, object: clone(request.object) }, context)
      .catch((error: unknown): Answer => ({ warnings: [], error }))
      .then((said) => {
        stages.answers[phase] = said
        delete stages.pending
      })
    throw new Pending(`${phase} admission webhooks`, stages.pending)
  }

function follow({ error, warnings, object }: Answer, request: AdmissionRequest): void {
  if (error) {
    // The next try is a new request.
    request.answers?.forget(request)
    throw error
  }
  for (const warning of warnings) request.warn(warning)
  if (!object || request.operation === 'delete') return
  const { managedFields } = request.object.metadata
  replace(request.object, clone(object))
  keepReadable(request, managedFields)
}

/**
 * What webhooks have made of the owners of fields counts only where it can be read.
 * Models apimachinery/pkg/util/managedfields fieldmanager/admission.go.
 */
function keepReadable({ object, warn }: AdmissionRequest, before: Obj | undefined): void {
  const { managedFields } = object.metadata
  if (managedFields === undefined || decodeManagers(managedFields)) return
  object.metadata = { ...object.metadata, managedFields: before }
  if (before === undefined) delete object.metadata.managedFields
  warn(
    '.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests',
  )
}

/** Makes one object into another, in place. */
function replace(target: Obj, source: Obj): void {
  for (const key of Object.keys(target)) delete target[key]
  Object.assign(target, source)
}

/** Asks mutating webhooks one after the other; when one changes something, the plugins before them and those that want it look again. */
export const mutatingWebhooks = (builtIn: readonly AdmissionPlugin[]): AdmissionPlugin =>
  webhooks('mutating', async (hooks, request, context) => {
    const warnings: string[] = []
    let changed = false
    /** The object as each webhook that may be asked again last saw it. */
    const seen = new Map<Hook, Obj>()
    const visit = async (hook: Hook) => {
      const verdict = await ask(hook, request, context)
      if (!verdict) return
      warnings.push(...verdict.warnings)
      if (verdict.object && !equal(verdict.object, request.object)) {
        replace(request.object, verdict.object)
        changed = true
      }
      if (hook.webhook.reinvocationPolicy === 'IfNeeded') seen.set(hook, clone(request.object))
    }
    for (const hook of hooks) await visit(hook)
    if (!changed) return { warnings }
    for (const plugin of builtIn) plugin(request, context)
    for (const [hook, before] of seen) if (!equal(before, request.object)) await visit(hook)
    return { warnings, object: request.object }
  })

/** Asks validating webhooks, all at once. */
export const validatingWebhooks: AdmissionPlugin = webhooks('validating', async (hooks, request, context) => {
  const verdicts = await Promise.allSettled(hooks.map((hook) => ask(hook, request, context)))
  const refused = verdicts.find((verdict) => verdict.status === 'rejected')
  if (refused) throw refused.reason
  return {
    warnings: verdicts.flatMap((verdict) =>
      verdict.status === 'fulfilled' ? (verdict.value?.warnings ?? []) : [],
    ),
  }
})
