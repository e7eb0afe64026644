import { createHash } from 'node:crypto'
import type { Controller, Result } from '#world/controller.ts'
import { microTimestamp, parseTime } from '../time.ts'
import type { Json, Obj } from './json.ts'
import { kindOf } from './kinds/registry.ts'
import type { Objects } from './storage/objects.ts'

// By these leases API servers know of each other. Source: pkg/controlplane/apiserver/server.go and
// kubernetes.io/docs/concepts/architecture/leases (read 2026-11).

const LEASES = 'leases.coordination.k8s.io'
const NAMESPACE = 'kube-system'
const IDENTITY = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' }
const DURATION_S = 3600
/** The one key: the leases of this server together. */
export const ALL = 'all'
/** Upstream renews every ten seconds; nobody looks so often at what holds for an hour. */
const RENEW_MS = 600_000

/** Keeps a lease for each address of this API server, and takes away those that have run out. */
export function identityLeases(objects: Objects): Controller {
  const { world, cluster } = objects.context
  const { clock } = world
  const kind = kindOf(LEASES)
  const { hostnames = [] } = cluster

  /** Gives the ms to the next renewal. */
  function renew(hostname: string): number {
    const name = nameOf(hostname)
    const found = objects.get(kind, NAMESPACE, name)?.value as Obj | undefined
    const next = parseTime(found?.spec.renewTime) + RENEW_MS
    if (found && clock.now() < next) return next - clock.now()
    const holderIdentity = `${name}_${uuidOf(`${cluster.uid}/${hostname}`)}`
    const spec = { holderIdentity, leaseDurationSeconds: DURATION_S, renewTime: microTimestamp(clock.now()) }
    if (found) {
      objects.update(kind, NAMESPACE, name, (lease: Json) => ({ ...lease, spec }))
      return RENEW_MS
    }
    const metadata = {
      name,
      namespace: NAMESPACE,
      labels: { ...IDENTITY, 'kubernetes.io/hostname': hostname },
    }
    objects.create(kind, NAMESPACE, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
    return RENEW_MS
  }

  function reconcile(): Result {
    const next = hostnames.map(renew)
    for (const { value } of objects.list(kind, NAMESPACE).entries) {
      const { metadata, spec } = value as Obj
      const isOurs = metadata.labels?.['apiserver.kubernetes.io/identity'] === 'kube-apiserver'
      const end = parseTime(spec.renewTime) + (spec.leaseDurationSeconds ?? 0) * 1000
      if (isOurs && end < clock.now()) objects.delete(kind, NAMESPACE, metadata.name)
    }
    return { requeueAfterMs: Math.min(RENEW_MS, ...next) }
  }

  return {
    name: 'apiserver-identity',
    sources: [
      {
        prefix: `${objects.prefix(kind, NAMESPACE)}apiserver-`,
        keys: ({ type }) => (type === 'delete' ? [ALL] : []),
      },
    ],
    reconcile,
  }
}

/** `apiserver-` and the host's name, hashed. */
function nameOf(hostname: string): string {
  const digest = createHash('sha256').update(hostname).digest().subarray(0, 16)
  return `apiserver-${base32(digest)}`
}

/** One and the same for a server as long as its cluster lives. */
const uuidOf = (text: string): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-a$4-$5')

const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567'

function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += DIGITS[(value >> bits) & 31]
    }
    value &= (1 << bits) - 1
  }
  return bits > 0 ? text + DIGITS[(value << (5 - bits)) & 31] : text
}
