import { isDeepStrictEqual } from 'node:util'
import type { Entry } from '#world/store.ts'
import type { PartKind } from './picture/part.ts'
import { project } from './picture/project.ts'

/** Something that is otherwise than it was. */
export interface WorldChange {
  /** `changed`: somebody wants it otherwise; `gone`: it was deleted; `broken`: it worked and does not now. */
  what: 'changed' | 'gone' | 'broken'
  /** The Kubernetes resource (`deployments`), or what the part of the picture is (`ecs-service`). */
  kind: string
  name: string
  namespace?: string
}

/** What comes and goes by itself, or follows from something else that is compared. */
const CHURN = new Set([
  'core/events',
  'events.k8s.io/events',
  'core/endpoints',
  'discovery.k8s.io/endpointslices',
  'coordination.k8s.io/leases',
  'core/pods',
  'apps/replicasets',
  'apps/controllerrevisions',
  'metrics.k8s.io/pods',
  'metrics.k8s.io/nodes',
])
const FLEETING: ReadonlySet<PartKind> = new Set([
  'pod',
  'network-interface',
  'ecs-task',
  'container',
  'tag',
  'deployment',
])

/**
 * What of the things in one state was changed, deleted or broken in a later one, by the world's own record. What is new is no harm.
 * A Kubernetes object is changed when what is wished of it is otherwise: all but its status and its own metadata.
 */
export function changesBetween(before: Iterable<Entry>, now: (key: string) => unknown): WorldChange[] {
  const changes: WorldChange[] = []
  for (const { key, value } of before) {
    const change = key.startsWith('kubernetes/')
      ? objectChange(key, value, now(key))
      : partChange(key, value, now(key))
    if (change) changes.push(change)
  }
  return changes
}

// biome-ignore lint/suspicious/noExplicitAny: an object as it is stored
type Stored = any

function objectChange(key: string, before: Stored, now: Stored): WorldChange | undefined {
  const [, , group, resource = ''] = key.split('/')
  const { name, namespace, ownerReferences } = before?.metadata ?? {}
  if (!name || CHURN.has(`${group}/${resource}`) || ownerReferences?.length > 0) return undefined
  const about = { kind: resource, name, ...(namespace && { namespace }) }
  if (now === undefined) return { what: 'gone', ...about }
  if (!isDeepStrictEqual(wishOf(before), wishOf(now))) return { what: 'changed', ...about }
  const [then] = project(key, before)
  const [here] = project(key, now)
  return then?.state === 'good' && here?.state === 'bad' ? { what: 'broken', ...about } : undefined
}

/** What somebody wants of an object. Annotations and labels are left out: controllers write them, too. */
function wishOf({ metadata: _metadata, status: _status, ...wish }: Stored): unknown {
  const taints = wish.spec?.taints?.filter(
    ({ key }: { key: string }) => !key.startsWith('node.kubernetes.io/'),
  )
  // The node controller taints what is not ready.
  return taints ? { ...wish, spec: { ...wish.spec, taints: taints.length > 0 ? taints : undefined } } : wish
}

function partChange(key: string, before: unknown, now: unknown): WorldChange | undefined {
  const parts = project(key, before).filter(({ kind }) => !FLEETING.has(kind))
  const after = now === undefined ? [] : project(key, now)
  for (const { id, kind, name, state } of parts) {
    const part = after.find((one) => one.id === id)
    if (!part) return { what: 'gone', kind, name }
    if (state === 'good' && part.state === 'bad') return { what: 'broken', kind, name }
  }
  return undefined
}
