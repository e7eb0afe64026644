import { readFileSync } from 'node:fs'
import { directory, type FileNode, file, symlink, type TreeNode } from '../files/nodes.ts'
import { programFile } from './program-file.ts'
import type { CatalogueRepository, ImageRecipe } from './recipe.ts'
import { KIND_NODE, programSize } from './sizes.ts'
import { debianFiles } from './system.ts'

// The images of kind's nodes and of the clusters on them. The files of a node are this project's own; their places and names are those of the
// real image (github.com/kubernetes-sigs/kind, images/base and pkg/build/nodeimage, read 2026-11).

/** Releases of Kubernetes that there are node images of, newest first; the first kind makes by itself. */
export const KIND_RELEASES = ['v1.35.0', 'v1.34.3', 'v1.33.7'] as const

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const text = (content: string, mode = 0o644): FileNode => file(content, { mode })

const KUBELET_UNIT = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=http://kubernetes.io/docs/
ConditionPathExists=/var/lib/kubelet/config.yaml

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=1s
CPUAccounting=true
MemoryAccounting=true
Slice=kubelet.slice
KillMode=process

[Install]
WantedBy=multi-user.target
`
const KUBEADM_DROP_IN = `# Note: This dropin only works with kubeadm and kubelet v1.11+
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=
ExecStart=/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml --runtime-cgroups=/system.slice/containerd.service $KUBELET_KUBEADM_ARGS
`
const CONTAINERD_UNIT = `[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target local-fs.target

[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`

const manifest = (name: string): string =>
  readFileSync(new URL(`files/kind/${name}.yaml`, import.meta.url), 'utf8')
    .replaceAll('{{ .KindnetImage }}', KIND_IMAGES.kindnet)
    .replaceAll('{{ .ProvisionerImage }}', KIND_IMAGES.provisioner)

function nodeFiles(version: string): Record<string, TreeNode> {
  const units = '/usr/lib/systemd/system'
  const wants = '/etc/systemd/system/multi-user.target.wants'
  return {
    ...debianFiles(),
    '/etc/os-release': text(
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL="https://www.debian.org/"\n',
    ),
    '/etc/debian_version': text('12.12\n'),
    '/usr/local/bin/entrypoint': text(
      '#!/bin/bash\nset -o errexit\nset -o nounset\nset -o pipefail\necho "INFO: setting iptables to detected mode: legacy" >&2\nexec "$@"\n',
      0o755,
    ),
    '/usr/sbin/init': programFile('systemd', '252'),
    '/usr/lib/systemd/systemd': programFile('systemd', '252'),
    '/usr/bin/systemctl': programFile('systemctl', '252'),
    '/usr/bin/journalctl': programFile('journalctl', '252'),
    ...Object.fromEntries(
      ['ps', 'pgrep', 'pkill', 'kill'].map((name) => [`/usr/bin/${name}`, programFile('procps', '4.0.2')]),
    ),
    '/usr/bin/curl': programFile('curl', '7.88.1'),
    '/usr/sbin/ip': programFile('iproute2', '6.1.0'),
    ...Object.fromEntries(
      ['iptables', 'iptables-save'].map((name) => [`/usr/sbin/${name}`, programFile('iptables', '1.8.9')]),
    ),
    '/usr/bin/openssl': programFile('openssl', '3.0.17'),
    '/usr/local/bin/containerd': programFile('containerd', 'v2.2.0'),
    '/usr/local/bin/ctr': programFile('ctr', 'v2.2.0'),
    '/usr/local/bin/crictl': programFile('crictl', 'v1.34.0'),
    '/usr/bin/kubelet': programFile('kubelet', version),
    '/usr/bin/kubeadm': programFile('kubeadm', version),
    '/usr/bin/kubectl': programFile('kubectl', version),
    [`${units}/kubelet.service`]: text(KUBELET_UNIT),
    [`${units}/kubelet.service.d/10-kubeadm.conf`]: text(KUBEADM_DROP_IN),
    [`${units}/containerd.service`]: text(CONTAINERD_UNIT),
    [`${wants}/kubelet.service`]: symlink(`${units}/kubelet.service`),
    [`${wants}/containerd.service`]: symlink(`${units}/containerd.service`),
    '/etc/crictl.yaml': text('runtime-endpoint: unix:///run/containerd/containerd.sock\n'),
    '/etc/containerd/config.toml': text('# explicitly use v3 config format\nversion = 3\n'),
    '/etc/kubernetes/manifests': directory(),
    '/etc/cni/net.d': directory(),
    '/etc/ssl/certs': directory(),
    '/kind/version': text(`${version}\n`),
    '/kind/manifests/default-cni.yaml': text(manifest('default-cni')),
    '/kind/manifests/default-storage.yaml': text(manifest('default-storage')),
    '/usr/lib/modules': directory(),
    '/var/lib/etcd': directory({ mode: 0o700 }),
    '/var/lib/kubelet': directory(),
  }
}

const node = (version: string): ImageRecipe => ({
  created: '2025-12-18T00:00:00Z',
  config: {
    Env: [PATH, 'container=docker'],
    Entrypoint: ['/usr/local/bin/entrypoint', '/sbin/init'],
    StopSignal: 'SIGRTMIN+3',
  },
  layers: [
    { createdBy: 'COPY / / # buildkit', files: nodeFiles(version), size: KIND_NODE },
    { createdBy: 'ENV container=docker' },
    { createdBy: 'STOPSIGNAL SIGRTMIN+3' },
    { createdBy: 'ENTRYPOINT ["/usr/local/bin/entrypoint" "/sbin/init"]' },
  ],
})

const single = (program: string, version: string, path: string): ImageRecipe => ({
  created: '2025-12-17T00:00:00Z',
  config: { Env: [PATH], Entrypoint: [path], WorkingDir: '/' },
  layers: [
    {
      createdBy: `COPY ${program} ${path} # buildkit`,
      files: { [path]: programFile(program, version) },
      size: programSize(program, path),
    },
  ],
})

const upstream = (
  repository: string,
  images: { tags: string[]; recipe: () => ImageRecipe }[],
): CatalogueRepository => ({
  names: [{ host: 'registry.k8s.io', repository }],
  images,
})

const component = (program: string, path = `/usr/local/bin/${program}`): CatalogueRepository =>
  upstream(
    program,
    KIND_RELEASES.map((version) => ({ tags: [version], recipe: () => single(program, version, path) })),
  )

const tagged = (program: string, path: string, tags: string[]) =>
  tags.map((tag) => ({ tags: [tag], recipe: () => single(program, tag.replace(/^v/, ''), path) }))

const etcd = (version: string): ImageRecipe => {
  const programs = ['etcd', 'etcdctl', 'etcdutl'].map((name) => `/usr/local/bin/${name}`)
  return {
    created: '2025-12-17T00:00:00Z',
    config: { Env: [PATH], Cmd: ['/usr/local/bin/etcd'] },
    layers: [
      {
        createdBy: 'COPY etcd* etcdctl* etcdutl* /usr/local/bin/ # buildkit',
        size: programSize('etcd', ...programs),
        files: Object.fromEntries(
          programs.map((path) => [path, programFile(path.slice('/usr/local/bin/'.length), version)]),
        ),
      },
    ],
  }
}

/** The load balancer that kind puts before several control-plane nodes. */
const haproxy: ImageRecipe = {
  created: '2023-06-06T00:00:00Z',
  config: {
    Env: [PATH],
    Entrypoint: ['haproxy', '-sf', '7', '-W', '-db', '-f', '/usr/local/etc/haproxy/haproxy.cfg'],
    StopSignal: 'SIGUSR1',
  },
  layers: [
    {
      createdBy: 'COPY stage / # buildkit',
      size: programSize('haproxy', '/usr/local/sbin/haproxy'),
      files: {
        '/usr/local/sbin/haproxy': programFile('haproxy', '2.2.9'),
        ...Object.fromEntries(
          ['sh', 'cat', 'mkdir', 'kill'].map((name) => [`/bin/${name}`, programFile('busybox', '1.37.0')]),
        ),
        '/usr/local/etc/haproxy/haproxy.cfg': text(
          'global\n  log /dev/log local0\n  daemon\n\ndefaults\n  mode tcp\n  timeout connect 5000\n  timeout client 50000\n  timeout server 50000\n',
        ),
      },
    },
  ],
}

/** Images that are on every node of kind, beside those of kubeadm. */
export const KIND_IMAGES = {
  kindnet: 'docker.io/kindest/kindnetd:v20251212-v0.29.0-alpha-105-g20ccfc88',
  provisioner: 'docker.io/kindest/local-path-provisioner:v20251212-v0.29.0-alpha-105-g20ccfc88',
} as const

/** The image of kind's load balancer (pkg/cluster/internal/loadbalancer/const.go; the tag from knowledge, 2026-11). */
export const KIND_BALANCER = 'docker.io/kindest/haproxy:v20230606-42a2262b'

const kindest = (name: string, images: CatalogueRepository['images']): CatalogueRepository => ({
  names: [{ host: 'registry-1.docker.io', repository: `kindest/${name}` }],
  images,
})
const tagOf = (reference: string) => reference.slice(reference.lastIndexOf(':') + 1)

/** The tags of registry.k8s.io/pause that manifests name. */
const PAUSE = ['3.10.1', '3.10', '3.9', '3.8', '3.7', '3.6', '3.5', '3.4.1', '3.3', '3.2', '3.1', '2.0']

/** kind's node images, and the upstream images of a control plane. */
export const kind: CatalogueRepository[] = [
  kindest(
    'node',
    KIND_RELEASES.map((version) => ({ tags: [version], recipe: () => node(version) })),
  ),
  kindest('haproxy', [{ tags: [tagOf(KIND_BALANCER)], recipe: () => haproxy }]),
  kindest('kindnetd', tagged('kindnetd', '/bin/kindnetd', [tagOf(KIND_IMAGES.kindnet)])),
  kindest(
    'local-path-provisioner',
    tagged('local-path-provisioner', '/usr/local/bin/local-path-provisioner', [
      tagOf(KIND_IMAGES.provisioner),
    ]),
  ),
  component('kube-apiserver'),
  component('kube-controller-manager'),
  component('kube-scheduler'),
  component('kube-proxy'),
  upstream(
    'etcd',
    ['3.6.6-0', '3.6.4-0', '3.5.21-0'].map((tag) => ({ tags: [tag], recipe: () => etcd(tag) })),
  ),
  upstream('coredns/coredns', tagged('coredns', '/coredns', ['v1.13.1', 'v1.12.1', 'v1.12.0'])),
  upstream('pause', tagged('pause', '/pause', PAUSE)),
]
