import { stringify } from 'yaml'
import type { Argument, Configuration } from './configuration.ts'

/** Where the kubelet finds the control plane's pods. */
export const MANIFESTS = '/etc/kubernetes/manifests'

/** Versions of what kubeadm brings beside Kubernetes itself (cmd/kubeadm/app/constants of each minor; from knowledge, 2026-11). */
const COMPANIONS: Record<string, { etcd: string; coredns: string; pause: string }> = {
  '1.35': { etcd: '3.6.6-0', coredns: 'v1.13.1', pause: '3.10.1' },
  '1.34': { etcd: '3.6.4-0', coredns: 'v1.12.1', pause: '3.10.1' },
  '1.33': { etcd: '3.5.21-0', coredns: 'v1.12.0', pause: '3.10' },
}

/** The images of a control plane and its add-ons. */
export function imagesOf(version: string) {
  const minor = /^v(\d+\.\d+)/.exec(version)?.[1] ?? '1.35'
  const { etcd, coredns, pause } = COMPANIONS[minor] ?? COMPANIONS['1.35']!
  const registry = 'registry.k8s.io'
  return {
    apiServer: `${registry}/kube-apiserver:${version}`,
    controllerManager: `${registry}/kube-controller-manager:${version}`,
    scheduler: `${registry}/kube-scheduler:${version}`,
    proxy: `${registry}/kube-proxy:${version}`,
    coredns: `${registry}/coredns/coredns:${coredns}`,
    pause: `${registry}/pause:${pause}`,
    etcd: `${registry}/etcd:${etcd}`,
  }
}

/** Later arguments of a name replace earlier ones; the list is sorted, as kubeadm writes it. */
function command(name: string, defaults: Record<string, string>, extra: Argument[]): string[] {
  const all = { ...defaults, ...Object.fromEntries(extra.map(({ name: flag, value }) => [flag, value])) }
  const flags = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1))
  return [name, ...flags.map(([flag, value]) => `--${flag}=${value}`)]
}

interface Probe {
  host: string
  port: number
  scheme: 'HTTP' | 'HTTPS'
  live: string
  ready?: string
}

interface PodTemplate {
  name: string
  image: string
  command: string[]
  probe: Probe
  requests: Record<string, string>
  annotation?: Record<string, string>
  volumes: { name: string; path: string; type: string; readOnly: boolean }[]
}

function pod({ name, image, command, probe, requests, annotation, volumes }: PodTemplate): string {
  const { host, port, scheme, live, ready } = probe
  const httpGet = (path: string) => ({ host, path, port: 'probe-port', scheme })
  const patient = { initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 15 }
  const container = {
    command,
    image,
    imagePullPolicy: 'IfNotPresent',
    livenessProbe: { failureThreshold: 8, httpGet: httpGet(live), ...patient },
    name,
    ports: [{ containerPort: port, name: 'probe-port', protocol: 'TCP' }],
    ...(ready && {
      readinessProbe: { failureThreshold: 3, httpGet: httpGet(ready), periodSeconds: 1, timeoutSeconds: 15 },
    }),
    resources: { requests },
    startupProbe: { failureThreshold: 24, httpGet: httpGet(ready ?? live), ...patient },
    volumeMounts: volumes.map(({ name: volume, path, readOnly }) => ({
      mountPath: path,
      name: volume,
      ...(readOnly && { readOnly }),
    })),
  }
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(annotation && { annotations: annotation }),
      labels: { component: name, tier: 'control-plane' },
      name,
      namespace: 'kube-system',
    },
    spec: {
      containers: [container],
      hostNetwork: true,
      priority: 2000001000,
      priorityClassName: 'system-node-critical',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      volumes: volumes.map(({ name: volume, path, type }) => ({ hostPath: { path, type }, name: volume })),
    },
    status: {},
  }
  return stringify(manifest, { indentSeq: false, lineWidth: 0 })
}

const SYSTEM_FOLDERS = [
  { name: 'ca-certs', path: '/etc/ssl/certs', type: 'DirectoryOrCreate', readOnly: true },
  { name: 'etc-ca-certificates', path: '/etc/ca-certificates', type: 'DirectoryOrCreate', readOnly: true },
  { name: 'k8s-certs', path: '/etc/kubernetes/pki', type: 'DirectoryOrCreate', readOnly: true },
  {
    name: 'usr-local-share-ca-certificates',
    path: '/usr/local/share/ca-certificates',
    type: 'DirectoryOrCreate',
    readOnly: true,
  },
  {
    name: 'usr-share-ca-certificates',
    path: '/usr/share/ca-certificates',
    type: 'DirectoryOrCreate',
    readOnly: true,
  },
]

const configuration = (file: string) => ({
  name: 'kubeconfig',
  path: `/etc/kubernetes/${file}`,
  type: 'FileOrCreate',
  readOnly: true,
})

/** The static pods of a control plane, by file; `initialCluster` is given where etcd joins members that there are. Models cmd/kubeadm/app/phases/{controlplane,etcd}. */
export function manifestsOf(config: Configuration, initialCluster?: string): Record<string, string> {
  const {
    advertiseAddress: address,
    bindPort,
    nodeName,
    extraArgs,
    serviceSubnet,
    podSubnet,
    clusterName,
  } = config
  const images = imagesOf(config.kubernetesVersion)
  const pki = (file: string) => `/etc/kubernetes/pki/${file}`
  return {
    'etcd.yaml': pod({
      name: 'etcd',
      image: images.etcd,
      annotation: { 'kubeadm.kubernetes.io/etcd.advertise-client-urls': `https://${address}:2379` },
      command: command(
        'etcd',
        {
          'advertise-client-urls': `https://${address}:2379`,
          'cert-file': pki('etcd/server.crt'),
          'client-cert-auth': 'true',
          'data-dir': '/var/lib/etcd',
          'feature-gates': 'InitialCorruptCheck=true',
          'initial-advertise-peer-urls': `https://${address}:2380`,
          'initial-cluster': initialCluster ?? `${nodeName}=https://${address}:2380`,
          ...(initialCluster && { 'initial-cluster-state': 'existing' }),
          'key-file': pki('etcd/server.key'),
          'listen-client-urls': `https://127.0.0.1:2379,https://${address}:2379`,
          'listen-metrics-urls': 'http://127.0.0.1:2381',
          'listen-peer-urls': `https://${address}:2380`,
          name: nodeName,
          'peer-cert-file': pki('etcd/peer.crt'),
          'peer-client-cert-auth': 'true',
          'peer-key-file': pki('etcd/peer.key'),
          'peer-trusted-ca-file': pki('etcd/ca.crt'),
          'snapshot-count': '10000',
          'trusted-ca-file': pki('etcd/ca.crt'),
          'watch-progress-notify-interval': '5s',
        },
        extraArgs.etcd,
      ),
      probe: { host: '127.0.0.1', port: 2381, scheme: 'HTTP', live: '/livez', ready: '/readyz' },
      requests: { cpu: '100m', memory: '100Mi' },
      volumes: [
        { name: 'etcd-data', path: '/var/lib/etcd', type: 'DirectoryOrCreate', readOnly: false },
        { name: 'etcd-certs', path: '/etc/kubernetes/pki/etcd', type: 'DirectoryOrCreate', readOnly: false },
      ],
    }),
    'kube-apiserver.yaml': pod({
      name: 'kube-apiserver',
      image: images.apiServer,
      annotation: {
        'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint': `${address}:${bindPort}`,
      },
      command: command(
        'kube-apiserver',
        {
          'advertise-address': address,
          'allow-privileged': 'true',
          'authorization-mode': 'Node,RBAC',
          'client-ca-file': pki('ca.crt'),
          'enable-admission-plugins': 'NodeRestriction',
          'enable-bootstrap-token-auth': 'true',
          'etcd-cafile': pki('etcd/ca.crt'),
          'etcd-certfile': pki('apiserver-etcd-client.crt'),
          'etcd-keyfile': pki('apiserver-etcd-client.key'),
          'etcd-servers': 'https://127.0.0.1:2379',
          'kubelet-client-certificate': pki('apiserver-kubelet-client.crt'),
          'kubelet-client-key': pki('apiserver-kubelet-client.key'),
          'kubelet-preferred-address-types': 'InternalIP,ExternalIP,Hostname',
          'proxy-client-cert-file': pki('front-proxy-client.crt'),
          'proxy-client-key-file': pki('front-proxy-client.key'),
          'requestheader-allowed-names': 'front-proxy-client',
          'requestheader-client-ca-file': pki('front-proxy-ca.crt'),
          'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
          'requestheader-group-headers': 'X-Remote-Group',
          'requestheader-username-headers': 'X-Remote-User',
          'secure-port': String(bindPort),
          'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
          'service-account-key-file': pki('sa.pub'),
          'service-account-signing-key-file': pki('sa.key'),
          'service-cluster-ip-range': serviceSubnet,
          'tls-cert-file': pki('apiserver.crt'),
          'tls-private-key-file': pki('apiserver.key'),
        },
        extraArgs.apiServer,
      ),
      probe: { host: address, port: bindPort, scheme: 'HTTPS', live: '/livez', ready: '/readyz' },
      requests: { cpu: '250m' },
      volumes: SYSTEM_FOLDERS,
    }),
    'kube-controller-manager.yaml': pod({
      name: 'kube-controller-manager',
      image: images.controllerManager,
      command: command(
        'kube-controller-manager',
        {
          'authentication-kubeconfig': '/etc/kubernetes/controller-manager.conf',
          'authorization-kubeconfig': '/etc/kubernetes/controller-manager.conf',
          'bind-address': '127.0.0.1',
          'client-ca-file': pki('ca.crt'),
          'cluster-name': clusterName,
          'cluster-signing-cert-file': pki('ca.crt'),
          'cluster-signing-key-file': pki('ca.key'),
          controllers: '*,bootstrapsigner,tokencleaner',
          kubeconfig: '/etc/kubernetes/controller-manager.conf',
          'leader-elect': 'true',
          'requestheader-client-ca-file': pki('front-proxy-ca.crt'),
          'root-ca-file': pki('ca.crt'),
          'service-account-private-key-file': pki('sa.key'),
          'use-service-account-credentials': 'true',
          ...(podSubnet && {
            'allocate-node-cidrs': 'true',
            'cluster-cidr': podSubnet,
            'service-cluster-ip-range': serviceSubnet,
          }),
        },
        extraArgs.controllerManager,
      ),
      probe: { host: '127.0.0.1', port: 10257, scheme: 'HTTPS', live: '/healthz' },
      requests: { cpu: '200m' },
      volumes: [
        ...SYSTEM_FOLDERS,
        {
          name: 'flexvolume-dir',
          path: '/usr/libexec/kubernetes/kubelet-plugins/volume/exec',
          type: 'DirectoryOrCreate',
          readOnly: false,
        },
        configuration('controller-manager.conf'),
      ],
    }),
    'kube-scheduler.yaml': pod({
      name: 'kube-scheduler',
      image: images.scheduler,
      command: command(
        'kube-scheduler',
        {
          'authentication-kubeconfig': '/etc/kubernetes/scheduler.conf',
          'authorization-kubeconfig': '/etc/kubernetes/scheduler.conf',
          'bind-address': '127.0.0.1',
          kubeconfig: '/etc/kubernetes/scheduler.conf',
          'leader-elect': 'true',
        },
        extraArgs.scheduler,
      ),
      probe: { host: '127.0.0.1', port: 10259, scheme: 'HTTPS', live: '/livez', ready: '/readyz' },
      requests: { cpu: '100m' },
      volumes: [configuration('scheduler.conf')],
    }),
  }
}
