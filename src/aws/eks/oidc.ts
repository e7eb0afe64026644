import { createPublicKey, type KeyObject } from 'node:crypto'
import { type SigningJwk, signingJwk } from '#network/json-web-key.ts'
import type { Store } from '#world/store.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { World } from '#world/world.ts'
import { scopeOfKey } from '../ec2/index.ts'
import type { ClusterRecord } from './records.ts'
import { authorityKeys } from './tables.ts'

const CLUSTER_KEY = /^aws\/[^/]+\/[^/]+\/eks\/clusters\//

const indexes = new WeakMap<Store, StoreIndex<ClusterRecord>>()

function byIssuer({ store }: World): StoreIndex<ClusterRecord> {
  let index = indexes.get(store)
  if (!index) {
    index = new StoreIndex<ClusterRecord>(store, 'aws/', (cluster, key) =>
      CLUSTER_KEY.test(key) ? [cluster.oidcIssuer] : [],
    )
    indexes.set(store, index)
  }
  return index
}

/** The key with which the cluster of an OIDC issuer signs its service accounts' tokens; undefined: no such issuer. */
export function issuerKey(
  world: World,
  issuer: string,
): { jwk: SigningJwk; publicKey: KeyObject } | undefined {
  const index = byIssuer(world)
  const [cluster] = index.get(issuer)
  const [key] = index.keys(issuer)
  const pem = cluster && key ? authorityKeys.find(scopeOfKey(world, key), cluster.uid) : undefined
  return pem === undefined ? undefined : { jwk: signingJwk(pem), publicKey: createPublicKey(pem) }
}
