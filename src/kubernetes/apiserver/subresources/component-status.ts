import { notFound } from '../errors.ts'
import type { Call } from '../http/call.ts'
import { sendJson } from '../http/reply.ts'
import { accepted } from '../http/representation.ts'
import type { Obj } from '../json.ts'
import { columnDefinitions, rowOf } from '../tables/table.ts'

const COMPONENTS = ['scheduler', 'controller-manager', 'etcd-0']

const statusOf = (name: string): Obj => ({
  kind: 'ComponentStatus',
  apiVersion: 'v1',
  metadata: { name },
  conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
})

/** The control plane's components, which are well while they answer. */
export function serveComponentStatuses({ kind, info, req, res }: Call): void {
  if (info.name && !COMPONENTS.includes(info.name)) throw notFound(kind, info.name)
  const items = (info.name ? [info.name] : COMPONENTS).map(statusOf)
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
