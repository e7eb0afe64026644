import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

// Texts: pkg/apis/*/validation of kubernetes/kubernetes v1.35 (read 2026-11)

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
})
afterAll(() => cluster.close())

const object = (apiVersion: string, kind: string, rest: object, name = 'x') =>
  JSON.stringify({ apiVersion, kind, metadata: { name }, ...rest })

const apply = async (text: string) => {
  const { code, stdout, stderr } = await cluster.run(['apply', '-f', '-'], { input: text })
  return code === 0 ? stdout : stderr
}

const template = (restartPolicy?: string) => ({
  metadata: { labels: { app: 'a' } },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...(restartPolicy && { restartPolicy }) },
})
const selector = { matchLabels: { app: 'a' } }

const podOf = (spec: object, container: object = {}) =>
  object('v1', 'Pod', { spec: { containers: [{ name: 'c', image: 'nginx', ...container }], ...spec } })

describe('a wrong object is refused in the real words:', () => {
  it.each([
    [
      'a toleration of everything with a value',
      podOf({ tolerations: [{ operator: 'Exists', key: 'a', value: 'b' }] }),
      'spec.tolerations[0].operator: Invalid value: "b": value must be empty when `operator` is \'Exists\'',
    ],
    [
      'a spread that lets nothing differ',
      podOf({
        topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' }],
      }),
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
    ],
    [
      'an affinity without terms',
      podOf({
        affinity: {
          nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
        },
      }),
      'nodeSelectorTerms: Required value: must have at least one node selector term',
    ],
    [
      'a variable of a field that there is not',
      podOf({}, { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.foo' } } }] }),
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: field label not supported: spec.foo',
    ],
    [
      'a probe of an init container that ends',
      podOf({ initContainers: [{ name: 'i', image: 'nginx', livenessProbe: { tcpSocket: { port: 1 } } }] }),
      'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
    [
      'a user below zero',
      podOf({ securityContext: { runAsUser: -1 } }),
      'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    ],
    [
      'an ingress class without a domain',
      object('networking.k8s.io/v1', 'IngressClass', { spec: { controller: 'alb' } }),
      'spec.controller: Invalid value: "alb": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [
      'a slice of another family',
      object('discovery.k8s.io/v1', 'EndpointSlice', {
        addressType: 'IPv4',
        endpoints: [{ addresses: ['::1'] }],
      }),
      'endpoints[0].addresses[0]: Invalid value: "::1": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      'a Job that restarts always',
      object('batch/v1', 'Job', { spec: { template: template('Always') } }),
      'spec.template.spec.restartPolicy: Unsupported value: "Always": supported values: "Never", "OnFailure"',
    ],
    [
      'an indexed Job without completions',
      object('batch/v1', 'Job', {
        spec: { completionMode: 'Indexed', parallelism: 2, template: template('Never') },
      }),
      'spec.completions: Required value: when completion mode is Indexed',
    ],
    [
      'a CronJob in no time zone',
      object('batch/v1', 'CronJob', {
        spec: {
          schedule: '* * * * *',
          timeZone: 'Mars/Base',
          jobTemplate: { spec: { template: template('Never') } },
        },
      }),
      'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base',
    ],
    [
      'a StatefulSet with an unknown policy',
      object('apps/v1', 'StatefulSet', {
        spec: { selector, template: template(), podManagementPolicy: 'Chaos' },
      }),
      `spec.podManagementPolicy: Invalid value: "Chaos": must be 'OrderedReady' or 'Parallel'`,
    ],
    [
      'a DaemonSet that may not change a pod',
      object('apps/v1', 'DaemonSet', {
        spec: { selector, template: template(), updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } },
      }),
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when `maxSurge` is 0',
    ],
    [
      'a claim without a size',
      object('v1', 'PersistentVolumeClaim', { spec: { accessModes: ['Sometimes'] } }),
      '* spec.accessModes: Unsupported value: "Sometimes": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"\n* spec.resources[storage]: Required value',
    ],
    [
      'a volume of nothing',
      object('v1', 'PersistentVolume', {
        spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } },
      }),
      'spec: Required value: must specify a volume type',
    ],
    [
      'an autoscaler without a target for its metric',
      object('autoscaling/v2', 'HorizontalPodAutoscaler', {
        spec: {
          maxReplicas: 3,
          scaleTargetRef: { kind: 'Deployment', name: 'd' },
          metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization' } } }],
        },
      }),
      'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
    ],
    [
      'a budget of two kinds',
      object('policy/v1', 'PodDisruptionBudget', { spec: { selector, minAvailable: 1, maxUnavailable: 1 } }),
      'minAvailable and maxUnavailable cannot be both set',
    ],
    [
      'a Role of nothing',
      object('rbac.authorization.k8s.io/v1', 'Role', { rules: [{ verbs: ['get'] }] }),
      '* rules[0].apiGroups: Required value: resource rules must supply at least one api group\n* rules[0].resources: Required value: resource rules must supply at least one resource',
    ],
    [
      'a binding of an account without a namespace',
      object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', {
        roleRef: { kind: 'ClusterRole', name: 'view', apiGroup: 'rbac.authorization.k8s.io' },
        subjects: [{ kind: 'ServiceAccount', name: 'a' }],
      }),
      'subjects[0].namespace: Required value',
    ],
    [
      'a policy with a wrong address',
      object('networking.k8s.io/v1', 'NetworkPolicy', {
        spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0' } }] }] },
      }),
      'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      'an Ingress for an address',
      object('networking.k8s.io/v1', 'Ingress', { spec: { rules: [{ host: '10.0.0.1' }] } }),
      'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
    ],
    [
      'a quota of something unknown',
      object('v1', 'ResourceQuota', { spec: { hard: { bananas: '3' } } }),
      'spec.hard[bananas]: Invalid value: "bananas": must be a standard resource for quota',
    ],
    [
      'a quota of CPUs for pods that ask for none',
      object('v1', 'ResourceQuota', { spec: { hard: { cpu: '1', pods: '2' }, scopes: ['BestEffort'] } }),
      'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
    ],
    [
      'a quota of scopes that exclude each other',
      object('v1', 'ResourceQuota', {
        spec: { hard: { pods: '2' }, scopes: ['Terminating', 'NotTerminating'] },
      }),
      'spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes',
    ],
    [
      'a priority above the highest',
      object('scheduling.k8s.io/v1', 'PriorityClass', { value: 2_000_000_000 }),
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ],
  ])('%s', async (_, text, expected) => {
    expect(await apply(text)).toContain(expected)
  })
})

describe('what may not change', () => {
  it('is the spec of a claim, the parts of a class, the source of a volume', async () => {
    const claim = (modes: string[]) =>
      object('v1', 'PersistentVolumeClaim', {
        spec: { accessModes: modes, storageClassName: 'none', resources: { requests: { storage: '1Gi' } } },
      })
    expect(await apply(claim(['ReadWriteOnce']))).toContain('created')
    expect(await apply(claim(['ReadWriteMany']))).toContain(
      'spec: Forbidden: spec is immutable after creation',
    )
    const storage = (provisioner: string) =>
      object('storage.k8s.io/v1', 'StorageClass', { provisioner }, 'fast')
    expect(await apply(storage('a.b'))).toContain('created')
    expect(await apply(storage('c.d'))).toContain(
      'provisioner: Forbidden: updates to provisioner are forbidden.',
    )
    const volume = (path: string) =>
      object('v1', 'PersistentVolume', {
        spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path } },
      })
    expect(await apply(volume('/a'))).toContain('created')
    expect(await apply(volume('/b'))).toContain('spec.persistentvolumesource: Forbidden')
  })
})
