import type { Kind } from './kind.ts'

// API groups that are served while an APIService registers them: the aggregation layer's.

export const METRICS_GROUP = 'metrics.k8s.io'

const metrics = (row: Pick<Kind, 'kind' | 'plural' | 'namespaced'>): Kind => ({
  group: METRICS_GROUP,
  version: 'v1beta1',
  singular: '',
  shortNames: [],
  categories: [],
  verbs: ['get', 'list'],
  subresources: [],
  model: '',
  generation: false,
  returnsDeleted: false,
  virtual: true,
  orphansByDefault: false,
  names: 'subdomain',
  fieldLabels: {},
  ...row,
})

/** What each APIService brings. Source: kubernetes-sigs/metrics-server v0.8. */
export const AGGREGATED: { apiService: string; kinds: Kind[] }[] = [
  {
    apiService: 'v1beta1.metrics.k8s.io',
    kinds: [
      metrics({ kind: 'NodeMetrics', plural: 'nodes', namespaced: false }),
      metrics({ kind: 'PodMetrics', plural: 'pods', namespaced: true }),
    ],
  },
]
