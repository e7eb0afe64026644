import { X509Certificate } from 'node:crypto'
import type { Controller } from '#world/controller.ts'
import { parseTime } from '../../time.ts'
import { type ControlPlane, ownKey } from '../control-plane.ts'
import { hasCondition, REQUESTS, type SigningRequest } from './requests.ts'

const HOUR_MS = 3600_000
/** How long requests are kept. Source: pkg/controller/certificates/cleaner. */
const DECIDED_MS = HOUR_MS
const PENDING_MS = 24 * HOUR_MS

/** Removes requests that were answered, or that nobody answered. */
export function certificateCleaner(plane: ControlPlane): Controller {
  const { api } = plane

  function endOf(object: SigningRequest): number {
    const decided = object.status?.conditions?.find(
      ({ type }) => type !== 'Failed' || !object.status?.certificate,
    )
    const { certificate } = object.status ?? {}
    const from = parseTime(decided?.lastUpdateTime ?? object.metadata.creationTimestamp!)
    const isDecided = certificate || hasCondition(object, 'Denied') || hasCondition(object, 'Failed')
    const end = from + (isDecided ? DECIDED_MS : PENDING_MS)
    if (!certificate) return end
    const { validTo } = new X509Certificate(Buffer.from(certificate, 'base64'))
    return Math.min(end, Date.parse(validTo))
  }

  return {
    name: 'certificatesigningrequest-cleaner-controller',
    sources: [{ prefix: api.prefix(REQUESTS), keys: ownKey }],
    reconcile(name) {
      const object = api.get<SigningRequest>(REQUESTS, '', name)
      if (!object) return
      const left = endOf(object) - plane.now()
      if (left > 0) return { requeueAfterMs: left }
      api.delete(REQUESTS, '', name)
      return
    },
  }
}
