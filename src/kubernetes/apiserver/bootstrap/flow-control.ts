import type { Obj } from '../json.ts'

// The FlowSchemas and PriorityLevelConfigurations that every cluster has: names, levels, shares and precedences of
// apiserver/pkg/apis/flowcontrol/bootstrap, from knowledge. They are stored and shown; requests here are not queued.

const ANNOTATIONS = { 'apf.kubernetes.io/autoupdate-spec': 'true' }

const queued = (
  name: string,
  shares: number,
  lendablePercent: number,
  queues: number,
  handSize: number,
): Obj => ({
  metadata: { name, annotations: ANNOTATIONS },
  spec: {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: shares,
      lendablePercent,
      limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } },
    },
  },
})

export const PRIORITY_LEVELS: Obj[] = [
  {
    metadata: { name: 'exempt', annotations: ANNOTATIONS },
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  {
    metadata: { name: 'catch-all', annotations: ANNOTATIONS },
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
    },
  },
  queued('global-default', 20, 50, 128, 6),
  queued('leader-election', 10, 0, 16, 4),
  queued('node-high', 40, 25, 64, 6),
  queued('system', 30, 33, 64, 6),
  queued('workload-high', 40, 50, 128, 6),
  queued('workload-low', 100, 90, 128, 6),
]

const user = (name: string): Obj => ({ kind: 'User', user: { name } })
const group = (name: string): Obj => ({ kind: 'Group', group: { name } })
const account = (namespace: string, name: string): Obj => ({
  kind: 'ServiceAccount',
  serviceAccount: { namespace, name },
})
const EVERYBODY = [group('system:authenticated'), group('system:unauthenticated')]

const onResources = (verbs: string[], apiGroups: string[], resources: string[]): Obj => ({
  verbs,
  apiGroups,
  resources,
  clusterScope: true,
  namespaces: ['*'],
})
const ALL_RESOURCES = onResources(['*'], ['*'], ['*'])
const ALL_PATHS: Obj = { verbs: ['*'], nonResourceURLs: ['*'] }

const flow = (name: string, level: string, precedence: number, distinguisher: string, rules: Obj[]): Obj => ({
  metadata: { name, annotations: ANNOTATIONS },
  spec: {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence: precedence,
    ...(distinguisher && { distinguisherMethod: { type: distinguisher } }),
    rules,
  },
})

const everything = (subjects: Obj[]): Obj => ({
  subjects,
  resourceRules: [ALL_RESOURCES],
  nonResourceRules: [ALL_PATHS],
})
const LEASES = [onResources(['get', 'create', 'update'], ['coordination.k8s.io'], ['leases'])]

export const FLOW_SCHEMAS: Obj[] = [
  flow('exempt', 'exempt', 1, '', [everything([group('system:masters')])]),
  flow('probes', 'exempt', 2, '', [
    {
      subjects: EVERYBODY,
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
    },
  ]),
  flow('system-leader-election', 'leader-election', 100, 'ByUser', [
    {
      subjects: [
        user('system:kube-controller-manager'),
        user('system:kube-scheduler'),
        account('kube-system', '*'),
      ],
      resourceRules: LEASES,
    },
  ]),
  flow('endpoint-controller', 'workload-high', 150, 'ByUser', [
    {
      subjects: [
        user('system:kube-controller-manager'),
        account('kube-system', 'endpoint-controller'),
        account('kube-system', 'endpointslicemirroring-controller'),
      ],
      resourceRules: [onResources(['get', 'create', 'update'], [''], ['endpoints'])],
    },
  ]),
  flow('workload-leader-election', 'leader-election', 200, 'ByUser', [
    { subjects: [account('kube-system', '*')], resourceRules: LEASES },
  ]),
  flow('system-node-high', 'node-high', 400, 'ByUser', [
    {
      subjects: [group('system:nodes')],
      resourceRules: [
        onResources(['*'], [''], ['nodes', 'nodes/status']),
        onResources(['*'], ['coordination.k8s.io'], ['leases']),
      ],
    },
  ]),
  flow('system-nodes', 'system', 500, 'ByUser', [everything([group('system:nodes')])]),
  flow('kube-controller-manager', 'workload-high', 800, 'ByNamespace', [
    everything([user('system:kube-controller-manager')]),
  ]),
  flow('kube-scheduler', 'workload-high', 800, 'ByNamespace', [everything([user('system:kube-scheduler')])]),
  flow('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', [
    everything([account('kube-system', '*')]),
  ]),
  flow('service-accounts', 'workload-low', 9000, 'ByUser', [everything([group('system:serviceaccounts')])]),
  flow('global-default', 'global-default', 9900, 'ByUser', [everything(EVERYBODY)]),
  flow('catch-all', 'catch-all', 10000, 'ByUser', [everything(EVERYBODY)]),
]

/** What the controller says of a FlowSchema whose priority level exists. */
export const notDangling = (level: string, at: string): Obj => ({
  conditions: [
    {
      type: 'Dangling',
      status: 'False',
      reason: 'Found',
      message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} and it exists`,
      lastTransitionTime: at,
    },
  ],
})
