import { type KubernetesObject, StatusError } from '../../api.ts'
import { ResourceMetrics } from '../../metrics/resource-metrics.ts'
import type { Node, Pod } from '../../objects.ts'
import type { Call } from '../http/call.ts'
import { accepted } from '../http/representation.ts'
import { sendJson } from '../http/reply.ts'
import type { SubresourceParts } from '../http/subresources.ts'
import type { Obj } from '../json.ts'
import { METRICS_GROUP } from '../kinds/aggregated.ts'
import { parseLabelSelector } from '../selectors.ts'
import { columnDefinitions, rowOf } from '../tables/table.ts'

/** `metrics.k8s.io`, as metrics-server answers it behind the aggregation layer. */
export async function serveMetrics(call: Call, { objects, kubelet }: SubresourceParts): Promise<void> {
}
