import { type KubernetesObject, StatusError } from '../../api.ts'
import { type NodeMetrics, type PodMetrics, ResourceMetrics } from '../../metrics/resource-metrics.ts'
import type { Node, Pod } from '../../objects.ts'
import type { Call } from '../http/call.ts'
import { sendJson } from '../http/reply.ts'
import { accepted } from '../http/representation.ts'
import type { SubresourceParts } from '../http/subresources.ts'
import type { Obj } from '../json.ts'
import { METRICS_GROUP } from '../kinds/aggregated.ts'
import { apiVersionOf } from '../kinds/kind.ts'
import { predicate } from '../selectors.ts'
import type { Objects } from '../storage/objects.ts'
import { columnDefinitions, rowOf } from '../tables/table.ts'

/** `metrics.k8s.io`, as metrics-server answers it behind the aggregation layer. Throws StatusError. */
export async function serveMetrics(call: Call, { objects, kubelet }: SubresourceParts): Promise<void> {
  const { info, kind, req, res } = call
  const metrics = metricsOf(objects, (namespace, pod) => kubelet.get().usage(namespace, pod))
  metrics.check(kind.plural)
  const pods = objects.context
    .list('pods', info.namespace || undefined)
    .filter(({ status }) => status?.phase === 'Running') as Pod[]
  const all: (PodMetrics | NodeMetrics)[] =
    kind.plural === 'pods'
      ? pods.flatMap((pod) => metrics.ofPod(pod) ?? [])
      : (objects.context.list('nodes') as Node[]).flatMap((node) => {
          const own = pods.filter(({ spec }) => spec.nodeName === node.metadata.name)
          return metrics.ofNode(node, own) ?? []
        })
  if (info.name) {
    const found = all.find(({ metadata }) => metadata.name === info.name)
    if (!found) throw unknown(call)
    return sendJson(req, res, 200, form(call, found, [found], objects.context.world.clock.now()))
  }
  const matches = predicate(kind, info.query.get('labelSelector'), info.query.get('fieldSelector'))
  const items = all.filter((item) => !matches || matches(item as Obj))
  const list = { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata: {}, items }
  sendJson(req, res, 200, form(call, list, items, objects.context.world.clock.now()))
}

const metricsOf = ({ context }: Objects, usage: ConstructorParameters<typeof ResourceMetrics>[1]) => {
  const get = (resource: string, namespace: string, name: string) => context.get(resource, namespace, name)
  const list = (resource: string, namespace?: string) => context.list(resource, namespace)
  const reader = { get, list } as ConstructorParameters<typeof ResourceMetrics>[0]
  return new ResourceMetrics(reader, usage, () => context.world.clock.now())
}

/** The answer as it is, or as the Table that `kubectl get` asks for. */
function form({ req, kind }: Call, plain: object, items: KubernetesObject[], now: number): object {
  if (accepted(req.headers.accept ?? '').as !== 'Table') return plain
  const rows = items.map((object) => ({ ...rowOf(kind, object as Obj, now), object }))
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {},
    columnDefinitions: columnDefinitions(kind),
    rows,
  }
}

function unknown({ info, kind }: Call): StatusError {
  const resource = kind.kind.toLowerCase()
  const name = info.namespace ? `${info.namespace}/${info.name}` : info.name
  const message = `${resource}.${METRICS_GROUP} "${name}" not found`
  return new StatusError(404, 'NotFound', message, { name, group: METRICS_GROUP, kind: resource })
}
