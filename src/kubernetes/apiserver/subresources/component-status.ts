import type { ComponentHealth } from '../../provider.ts'
import { notFound } from '../errors.ts'
import type { Call } from '../http/call.ts'
import { sendJson } from '../http/reply.ts'
import { accepted } from '../http/representation.ts'
import type { Obj } from '../json.ts'
import { columnDefinitions, rowOf } from '../tables/table.ts'

/** Where nobody can ask them they are well: the control plane answers. */
const WELL: ComponentHealth[] = ['scheduler', 'controller-manager', 'etcd-0'].map((name) => ({
  name,
  healthy: true,
  message: 'ok',
}))

const statusOf = ({ name, healthy, message }: ComponentHealth): Obj => ({
  kind: 'ComponentStatus',
  apiVersion: 'v1',
  metadata: { name },
  conditions: [
    healthy ? { type: 'Healthy', status: 'True', message } : { type: 'Healthy', status: 'False', message },
  ],
})

/** The control plane's components, as their health ports say. */
export function serveComponentStatuses(
  { kind, info, req, res }: Call,
  health: ComponentHealth[] = WELL,
): void {
  if (info.name && !health.some(({ name }) => name === info.name)) throw notFound(kind, info.name)
  const items = health.filter(({ name }) => !info.name || name === info.name).map(statusOf)
  const list = { kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {}, items }
  const plain = info.name ? items[0]! : list
  if (accepted(req.headers.accept ?? '').as !== 'Table') return sendJson(req, res, 200, plain)
  sendJson(req, res, 200, {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {},
    columnDefinitions: columnDefinitions(kind),
    rows: items.map((object) => ({ ...rowOf(kind, object, 0), object })),
  })
}
