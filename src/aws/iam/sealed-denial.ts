import type { World } from '#world/world.ts'
import type { DenialDetails } from '../wire/identity.ts'
import { openSealed, sealed } from './session.ts'

const KIND = 'denial'

/** The message that stands in EC2's error. */
export const sealedDenial = (world: World, details: DenialDetails): string =>
  sealed(world, KIND, JSON.stringify(details))

/** What `sts decode-authorization-message` shows of it; undefined for a text of somebody else's. */
export function decodedDenial(world: World, message: string): string | undefined {
  const text = openSealed(world, KIND, message)
  if (text === undefined) return undefined
  const { explicitDeny, principal, action, resource, conditions } = JSON.parse(text) as DenialDetails
  const items = Object.entries(conditions).map(([key, values]) => ({
    key,
    values: { items: [values].flat().map((value) => ({ value })) },
  }))
  return JSON.stringify({
    allowed: false,
    explicitDeny,
    matchedStatements: { items: [] },
    failures: { items: [] },
    context: { principal, action, resource, conditions: { items } },
  })
}
