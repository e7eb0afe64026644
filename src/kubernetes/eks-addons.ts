import { type AddonConfiguration, configured } from './addons/configuration.ts'
import { coreDnsObjects } from './addons/coredns.ts'
import { ebsCsiDriver } from './addons/ebs-csi-driver.ts'
import { efsCsiDriver } from './addons/efs-csi-driver.ts'
import { kubeProxyObjects } from './addons/kube-proxy.ts'
import { metricsServer } from './addons/metrics-server.ts'
import { podIdentityAgent } from './addons/pod-identity-agent.ts'
import { cniDefinitions } from './addons/vpc-definitions.ts'
import type { KubernetesObject } from './api.ts'
import { ON_EC2_NODES } from './ec2-nodes.ts'

// The add-ons of EKS, as `kubectl -n kube-system get` shows them there, without what has no effect here.
// Source: docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html and the manifests of a 1.35 cluster, written from knowledge 2026-11, not compared with one.

/** Add-ons whose objects are known; a new EKS cluster has the first three without being asked. */
export type AddonName =
  | 'vpc-cni'
  | 'coredns'
  | 'kube-proxy'
  | 'metrics-server'
  | 'aws-ebs-csi-driver'
  | 'aws-efs-csi-driver'
  | 'eks-pod-identity-agent'

export interface AddonOptions {
  /** `v1.12.4-eksbuild.1`: the tag of its images. */
  version: string
  /** `602401143452.dkr.ecr.us-east-1.amazonaws.com` */
  registry: string
  /** Address of the Service `kube-dns`: the tenth of the Service range, e.g. `10.100.0.10`. */
  dnsAddress: string
  /** The API server's URL. Default: none is told. */
  endpoint?: string
  configuration?: AddonConfiguration
}

/** An object to create, and what it is: `deployments.apps`. */
export interface AddonObject {
  resource: string
  object: KubernetesObject
}

const NAMESPACE = 'kube-system'

const serviceAccount = (name: string, labels: Record<string, string>): AddonObject => ({
  resource: 'serviceaccounts',
  object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: NAMESPACE, labels } },
})

/** Networking on every node starts before anything else and survives everything. */
const NODE_DAEMON = {
  affinity: ON_EC2_NODES,
  hostNetwork: true,
  priorityClassName: 'system-node-critical',
  tolerations: [{ operator: 'Exists' }],
  dnsPolicy: 'ClusterFirst',
}

/** The objects of an add-on, in the order in which to create them. */
export function eksAddon(name: AddonName, options: AddonOptions): AddonObject[] {
  return configured(ADDONS[name](options), options.configuration ?? {})
}

const ADDONS: Record<AddonName, (options: AddonOptions) => AddonObject[]> = {
  'vpc-cni': vpcCni,
  coredns,
  'kube-proxy': (options) => kubeProxyObjects(options, NODE_DAEMON),
  'metrics-server': metricsServer,
  'aws-ebs-csi-driver': ebsCsiDriver,
  'aws-efs-csi-driver': efsCsiDriver,
  'eks-pod-identity-agent': podIdentityAgent,
}

/** Whether the objects of an EKS add-on are known. */
export const isKnownAddon = (name: string): name is AddonName => name in ADDONS

function vpcCni({ registry, version, configuration }: AddonOptions): AddonObject[] {
  const labels = {
    'app.kubernetes.io/name': 'aws-node',
    'app.kubernetes.io/instance': 'aws-vpc-cni',
    'k8s-app': 'aws-node',
  }
  const selector = { 'k8s-app': 'aws-node' }
  return [
    ...cniDefinitions(),
    serviceAccount('aws-node', labels),
    {
      resource: 'daemonsets.apps',
      object: daemonSet('aws-node', labels, selector, {
        ...NODE_DAEMON,
        serviceAccountName: 'aws-node',
        terminationGracePeriodSeconds: 10,
        initContainers: [{ name: 'aws-vpc-cni-init', image: `${registry}/amazon-k8s-cni-init:${version}` }],
        containers: [
          {
            name: 'aws-node',
            image: `${registry}/amazon-k8s-cni:${version}`,
            ports: [{ containerPort: 61678, name: 'metrics', protocol: 'TCP' }],
            env: [
              { name: 'WARM_ENI_TARGET', value: '1' },
              { name: 'ENABLE_PREFIX_DELEGATION', value: 'false' },
              {
                name: 'MY_NODE_NAME',
                valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } },
              },
            ],
            resources: { requests: { cpu: '25m' } },
          },
          {
            name: 'aws-eks-nodeagent',
            image: `${registry}/amazon/aws-network-policy-agent:v1.2.7-eksbuild.1`,
            args: [
              '--enable-ipv6=false',
              `--enable-network-policy=${String(configuration?.enableNetworkPolicy) === 'true'}`,
            ],
            resources: { requests: { cpu: '25m' } },
          },
        ],
      }),
    },
  ]
}

function daemonSet(
  name: string,
  labels: Record<string, string>,
  selector: Record<string, string>,
  spec: object,
): KubernetesObject {
  const object = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace: NAMESPACE, labels },
    spec: {
      selector: { matchLabels: selector },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
      template: { metadata: { labels }, spec },
    },
  }
  return object
}

const COREFILE = `.:53 {
    errors
    health {
        lameduck 5s
      }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
`

function coredns({ registry, version, dnsAddress }: AddonOptions): AddonObject[] {
  const { account, role, binding, config, service, deployment } = coreDnsObjects({
    image: `${registry}/eks/coredns:${version}`,
    corefile: COREFILE,
    address: dnsAddress,
    labels: { 'k8s-app': 'kube-dns', 'eks.amazonaws.com/component': 'coredns' },
    pods: {
      tolerations: [
        { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
        { key: 'CriticalAddonsOnly', operator: 'Exists' },
      ],
    },
  })
  return [
    { resource: 'serviceaccounts', object: account },
    { resource: 'clusterroles.rbac.authorization.k8s.io', object: role },
    { resource: 'clusterrolebindings.rbac.authorization.k8s.io', object: binding },
    { resource: 'configmaps', object: config },
    { resource: 'services', object: service },
    { resource: 'deployments.apps', object: deployment },
  ]
}
