import { type AddonConfiguration, configured } from './addons/configuration.ts'
import { coreDnsObjects } from './addons/coredns.ts'
import { ebsCsiDriver } from './addons/ebs-csi-driver.ts'
import { efsCsiDriver } from './addons/efs-csi-driver.ts'
import { kubeProxyObjects } from './addons/kube-proxy.ts'
import { metricsServer } from './addons/metrics-server.ts'
import { podIdentityAgent } from './addons/pod-identity-agent.ts'
import { vpcCniObjects } from './addons/vpc-cni.ts'
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
  'vpc-cni': (options) => vpcCniObjects(options, NODE_DAEMON),
  coredns,
  'kube-proxy': (options) => kubeProxyObjects(options, NODE_DAEMON),
  'metrics-server': metricsServer,
  'aws-ebs-csi-driver': ebsCsiDriver,
  'aws-efs-csi-driver': efsCsiDriver,
  'eks-pod-identity-agent': podIdentityAgent,
}

/** Whether the objects of an EKS add-on are known. */
export const isKnownAddon = (name: string): name is AddonName => name in ADDONS

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
