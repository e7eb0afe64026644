import { StatusError } from '../../../api.ts'
import { fillDefaults } from '../../defaults/defaults.ts'
import { badRequest } from '../../errors.ts'
import { clone, type Json, type Obj } from '../../json.ts'
import { conversionFrom } from '../../kinds/conversion.ts'
import type { Kind } from '../../kinds/kind.ts'
import { applyJsonPatch } from '../../patch/json-patch.ts'
import { decode } from '../../schema/decode.ts'
import type { AdmissionRequest, StrategyContext } from '../../storage/strategy.ts'
import { conditionsHold, variablesOf } from '../expressions.ts'
import { objectsOf, requestOf } from '../review.ts'
import type { Hook } from './hooks.ts'
import { post } from './transport.ts'

const VERSION = 'admission.k8s.io/v1'

/** What one webhook says. */
export interface Verdict {
  /** The object with its patch; undefined when it changes nothing. */
  object?: Obj
  warnings: string[]
}

/**
 * Asks one webhook; undefined when its match conditions do not hold, or when it cannot be asked and may be passed over. Throws the
 * StatusError of a refusal. Models apiserver/pkg/admission/plugin/webhook/{mutating,validating}.
 */
export async function ask(
  { webhook, kind }: Hook,
  request: AdmissionRequest,
  context: StrategyContext,
): Promise<Verdict | undefined> {
  const { name, failurePolicy, matchConditions, sideEffects } = webhook
  try {
    if (!conditionsHold(matchConditions, variablesOf(request, kind, context))) return undefined
  } catch (error) {
    if (failurePolicy === 'Ignore') return undefined
    throw new StatusError(403, 'Forbidden', (error as Error).message, {})
  }
  if (request.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun')
    throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`)
  const failed = (why: string): undefined => {
    if (failurePolicy === 'Ignore') return undefined
    const message = `Internal error occurred: failed calling webhook ${JSON.stringify(name)}: ${why}`
    throw new StatusError(500, 'InternalError', message, { causes: [{ message: message.slice(25) }] })
  }
  const uid = context.world.ids.uuid()
  const objects = objectsOf(request, kind)
  const review = {
    kind: 'AdmissionReview',
    apiVersion: VERSION,
    request: { uid, ...requestOf(request, kind), ...objects },
  }
  let answer: Obj
  try {
    answer = await post(webhook, review, context)
  } catch (error) {
    return failed(`failed to call webhook: ${(error as Error).message}`)
  }
  const fault = faultIn(answer, uid)
  if (fault) return failed(`received invalid webhook response: ${fault}`)
  const { allowed, status, patch, warnings = [] } = answer.response
  if (!allowed) throw rejection(name, status)
  if (!patch) return { warnings }
  if (!objects.object) {
    const why = `admission webhook ${JSON.stringify(name)} attempted to modify the object, which is not supported for this operation`
    throw new StatusError(500, 'InternalError', `Internal error occurred: ${why}`)
  }
  return { object: patched(objects.object, patch, request, kind, context), warnings }
}

/** What is wrong with the form of an answer. */
function faultIn({ apiVersion, kind, response }: Obj, uid: string): string | undefined {
  if (kind !== 'AdmissionReview' || apiVersion !== VERSION)
    return `expected webhook response of ${VERSION}, Kind=AdmissionReview, got ${apiVersion}, Kind=${kind}`
  if (!response) return 'webhook response was absent'
  if (response.uid !== uid)
    return `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`
  if (response.patch && !response.patchType)
    return 'webhook returned response.patch but not response.patchType'
  if (response.patch && response.patchType !== 'JSONPatch')
    return `invalid response.patchType: ${JSON.stringify(response.patchType)}`
  return undefined
}

/** Models apiserver/pkg/admission/plugin/webhook/errors.ToStatusErr. */
function rejection(name: string, status: Obj = {}): StatusError {
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`
  const why = status.message || status.reason
  const code = Number.isInteger(status.code) && status.code >= 400 && status.code < 600 ? status.code : 400
  return new StatusError(
    code,
    status.reason ?? '',
    why ? `${denied}: ${why}` : `${denied} without explanation`,
    status.details,
  )
}

/** The object after a webhook's patch, in the form of storage. */
function patched(
  object: Obj,
  patch: string,
  request: AdmissionRequest,
  kind: Kind,
  context: StrategyContext,
): Obj {
  let changed: Json
  try {
    changed = applyJsonPatch(clone(object), JSON.parse(Buffer.from(patch, 'base64').toString()))
  } catch (error) {
    throw new StatusError(500, 'InternalError', `Internal error occurred: ${(error as Error).message}`)
  }
  const decoded = decode(context.schema, kind, changed).object
  const stored = kind.storedAs ? conversionFrom(kind, request.kind)(decoded) : decoded
  fillDefaults(context.schema, request.kind, stored)
  return stored
}
