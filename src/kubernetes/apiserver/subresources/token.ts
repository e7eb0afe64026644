import { timestamp } from '../../time.ts'
import { defaultAudience } from '../auth/service-account-tokens.ts'
import { badRequest, conflict, invalid, invalidValue, notFound } from '../errors.ts'
import { readNeeded } from '../http/body.ts'
import type { Call } from '../http/call.ts'
import { sendJson } from '../http/reply.ts'
import type { SubresourceParts } from '../http/subresources.ts'
import type { Obj } from '../json.ts'
import { kindOf } from '../kinds/registry.ts'
import { objectOf } from '../storage/entries.ts'
import type { Objects } from '../storage/objects.ts'

const MIN_SECONDS = 600
const DEFAULT_SECONDS = 3600

/** `serviceaccounts/token`: `kubectl create token`. */
export async function issueToken(call: Call, { objects, tokens }: SubresourceParts): Promise<void> {
  const { req, res, info, kind } = call
  const entry = objects.get(kind, info.namespace, info.name)
  if (!entry) throw notFound(kind, info.name)
  const { spec = {} } = await readNeeded(req, objects.context.schema)
  const expirationSeconds = spec.expirationSeconds ?? DEFAULT_SECONDS
  if (expirationSeconds < MIN_SECONDS) {
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
      invalidValue(
        'spec.expirationSeconds',
        expirationSeconds,
        'may not specify a duration less than 10 minutes',
      ),
    ])
  }
  const { name, namespace = '', uid = '' } = objectOf(entry).metadata
  const bound = spec.boundObjectRef
  const token = tokens.issue({
    namespace,
    name,
    uid,
    audiences: spec.audiences ?? [],
    expirationSeconds,
    ...(bound && { bound: boundObject(bound, namespace, objects) }),
  })
  const { clock } = objects.context.world
  sendJson(req, res, 201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: timestamp(clock.now()) },
    spec: {
      audiences: spec.audiences ?? [defaultAudience(objects.context.cluster)],
      expirationSeconds,
      boundObjectRef: bound ?? null,
    },
    status: { token, expirationTimestamp: timestamp(clock.now() + expirationSeconds * 1000) },
  })
}

const BINDABLE = { Node: 'nodes', Pod: 'pods', Secret: 'secrets' } as const

/** The object with whose end a token ends. Throws for one that is not there, or is another of its name. */
function boundObject(
  reference: Obj,
  namespace: string,
  objects: Objects,
): { kind: keyof typeof BINDABLE; name: string; uid: string } {
  const { name } = reference
  const kind = reference.kind as keyof typeof BINDABLE
  if (!Object.hasOwn(BINDABLE, kind))
    throw badRequest(`cannot bind token to object of type /${reference.apiVersion ?? ''}, Kind=${kind}`)
  const bindable = kindOf(BINDABLE[kind])
  const entry = objects.get(bindable, bindable.namespaced ? namespace : '', name)
  if (!entry) throw notFound(bindable, name)
  const uid = objectOf(entry).metadata.uid ?? ''
  if (reference.uid && reference.uid !== uid)
    throw conflict(
      { group: '', plural: kind },
      name,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  return { kind, name, uid }
}
