import type { KubernetesObject } from '../api.ts'
import type { AddonObject, AddonOptions } from '../eks-addons.ts'
import { cniDefinitions } from './vpc-definitions.ts'

// EKS's Amazon VPC CNI. Source: config/master/aws-k8s-cni.yaml of aws/amazon-vpc-cni-k8s, read 2026-11 in a version that is older than
// the add-on; what came since is from knowledge. Not compared with a cluster of AWS.

const NAMESPACE = 'kube-system'
const NAME = 'aws-node'
const SELECTOR = { 'k8s-app': NAME }
const LABELS = {
  'app.kubernetes.io/name': NAME,
  'app.kubernetes.io/instance': 'aws-vpc-cni',
  ...SELECTOR,
}
const RULES = [
  { apiGroups: ['crd.k8s.amazonaws.com'], resources: ['eniconfigs'], verbs: ['list', 'watch', 'get'] },
  { apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch', 'get'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch', 'get'] },
  { apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch', 'get'] },
  { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'list'] },
  {
    apiGroups: ['networking.k8s.aws'],
    resources: ['policyendpoints'],
    verbs: ['get', 'list', 'watch'],
  },
  { apiGroups: ['networking.k8s.aws'], resources: ['policyendpoints/status'], verbs: ['get'] },
  {
    apiGroups: ['vpcresources.k8s.aws'],
    resources: ['cninodes'],
    verbs: ['get', 'list', 'watch', 'patch'],
  },
]
const ENVIRONMENT = {
  ADDITIONAL_ENI_TAGS: '{}',
  ANNOTATE_POD_IP: 'false',
  AWS_VPC_CNI_NODE_PORT_SUPPORT: 'true',
  AWS_VPC_ENI_MTU: '9001',
  AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: 'false',
  AWS_VPC_K8S_CNI_EXTERNALSNAT: 'false',
  AWS_VPC_K8S_CNI_LOGLEVEL: 'DEBUG',
  AWS_VPC_K8S_CNI_LOG_FILE: '/host/var/log/aws-routed-eni/ipamd.log',
  AWS_VPC_K8S_CNI_RANDOMIZESNAT: 'prng',
  AWS_VPC_K8S_CNI_VETHPREFIX: 'eni',
  AWS_VPC_K8S_PLUGIN_LOG_FILE: '/var/log/aws-routed-eni/plugin.log',
  AWS_VPC_K8S_PLUGIN_LOG_LEVEL: 'DEBUG',
  DISABLE_INTROSPECTION: 'false',
  DISABLE_METRICS: 'false',
  DISABLE_NETWORK_RESOURCE_PROVISIONING: 'false',
  ENABLE_IPv4: 'true',
  ENABLE_IPv6: 'false',
  ENABLE_POD_ENI: 'false',
  ENABLE_PREFIX_DELEGATION: 'false',
  ENABLE_SUBNET_DISCOVERY: 'true',
  NETWORK_POLICY_ENFORCING_MODE: 'standard',
  WARM_ENI_TARGET: '1',
  WARM_PREFIX_TARGET: '1',
}

const field = (name: string, fieldPath: string) => ({
  name,
  valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
})
const MY_NODE = field('MY_NODE_NAME', 'spec.nodeName')

const PROBE = {
  exec: {
    command: ['/app/grpc-health-probe', '-addr=:50051', '-connect-timeout=5s', '-rpc-timeout=5s'],
  },
  timeoutSeconds: 10,
}
const BIN = { name: 'cni-bin-dir', mountPath: '/host/opt/cni/bin' }
const RUN = { name: 'run-dir', mountPath: '/var/run/aws-node' }
const VOLUMES = [
  { name: 'bpf-pin-path', hostPath: { path: '/sys/fs/bpf', type: '' } },
  { name: 'cni-bin-dir', hostPath: { path: '/opt/cni/bin', type: '' } },
  { name: 'cni-net-dir', hostPath: { path: '/etc/cni/net.d', type: '' } },
  { name: 'log-dir', hostPath: { path: '/var/log/aws-routed-eni', type: 'DirectoryOrCreate' } },
  { name: 'run-dir', hostPath: { path: '/var/run/aws-node', type: 'DirectoryOrCreate' } },
  { name: 'xtables-lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } },
]

/** The objects of the VPC CNI; `onNodes` is what it shares with what else runs on every node. */
export function vpcCniObjects(
  { registry, version, configuration }: AddonOptions,
  onNodes: object,
): AddonObject[] {
  const agent = {
    name: 'aws-eks-nodeagent',
    image: `${registry}/amazon/aws-network-policy-agent:v1.2.7-eksbuild.1`,
    args: [
      '--enable-ipv6=false',
      `--enable-network-policy=${String(configuration?.enableNetworkPolicy) === 'true'}`,
    ],
    env: [MY_NODE],
    resources: { requests: { cpu: '25m' } },
    securityContext: { capabilities: { add: ['NET_ADMIN'] }, privileged: true },
    volumeMounts: [
      BIN,
      { name: 'bpf-pin-path', mountPath: '/sys/fs/bpf' },
      { name: 'log-dir', mountPath: '/var/log/aws-routed-eni' },
      RUN,
    ],
  }
  const node = {
    name: NAME,
    image: `${registry}/amazon-k8s-cni:${version}`,
    ports: [{ containerPort: 61678, name: 'metrics', protocol: 'TCP' }],
    env: [
      ...Object.entries(ENVIRONMENT).map(([name, value]) => ({ name, value })),
      { name: 'VPC_CNI_VERSION', value: version.replace(/-eksbuild.*/, '') },
      MY_NODE,
      field('MY_POD_NAME', 'metadata.name'),
    ],
    livenessProbe: { ...PROBE, initialDelaySeconds: 60 },
    readinessProbe: { ...PROBE, initialDelaySeconds: 1 },
    resources: { requests: { cpu: '25m' } },
    securityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
    volumeMounts: [
      BIN,
      { name: 'cni-net-dir', mountPath: '/host/etc/cni/net.d' },
      { name: 'log-dir', mountPath: '/host/var/log/aws-routed-eni' },
      RUN,
      { name: 'xtables-lock', mountPath: '/run/xtables.lock' },
    ],
  }
  const spec = {
    ...onNodes,
    serviceAccountName: NAME,
    terminationGracePeriodSeconds: 10,
    initContainers: [
      {
        name: 'aws-vpc-cni-init',
        image: `${registry}/amazon-k8s-cni-init:${version}`,
        env: [
          { name: 'DISABLE_TCP_EARLY_DEMUX', value: 'false' },
          { name: 'ENABLE_IPv6', value: 'false' },
        ],
        resources: { requests: { cpu: '25m' } },
        securityContext: { privileged: true },
        volumeMounts: [BIN],
      },
    ],
    containers: [node, agent],
    volumes: VOLUMES,
  }
  const rbac = (kind: string, rest: object) =>
    ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind,
      metadata: { name: NAME, labels: LABELS },
      ...rest,
    }) as KubernetesObject
  const own = { name: NAME, namespace: NAMESPACE, labels: LABELS }
  return [
    ...cniDefinitions(),
    {
      resource: 'serviceaccounts',
      object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: own },
    },
    {
      resource: 'clusterroles.rbac.authorization.k8s.io',
      object: rbac('ClusterRole', { rules: RULES }),
    },
    {
      resource: 'clusterrolebindings.rbac.authorization.k8s.io',
      object: rbac('ClusterRoleBinding', {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
        subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }],
      }),
    },
    {
      resource: 'daemonsets.apps',
      object: {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: own,
        spec: {
          selector: { matchLabels: SELECTOR },
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
          template: { metadata: { labels: LABELS }, spec },
        },
      } as KubernetesObject,
    },
  ]
}
