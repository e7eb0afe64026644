import { readFileSync } from 'node:fs'
import { directory, file } from '../files/nodes.ts'
import { alpineBase, debianBase } from './bases.ts'
import { programFile } from './program-file.ts'
import type { CatalogueRepository, ImageRecipe } from './recipe.ts'
import { programSize, SOFTWARE, SYSTEMS } from './sizes.ts'
import { busyboxFiles, type DebianRelease } from './system.ts'

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const hub = (name: string) => [
  { host: 'registry-1.docker.io', repository: `library/${name}` },
  { host: 'public.ecr.aws', repository: `docker/library/${name}` },
]

const busyboxRecipe = (created: string): ImageRecipe => ({
  created,
  config: { Env: [PATH], Cmd: ['sh'] },
  layers: [{ createdBy: 'BusyBox 1.37.0 (glibc), Debian 13', files: busyboxFiles(), size: SYSTEMS.busybox }],
})

const alpineRecipe = (version: string, created: string): ImageRecipe => ({
  created,
  config: { Env: [PATH], Cmd: ['/bin/sh'], WorkingDir: '/' },
  layers: alpineBase(version, created),
})

const debianRecipe = (release: DebianRelease, kind: 'full' | 'slim'): ImageRecipe => ({
  created: '2025-11-17T00:00:00Z',
  config: { Env: [PATH], Cmd: ['bash'] },
  layers: debianBase(kind, release),
})

function httpdRecipe(version: string, created: string, alpine?: string): ImageRecipe {
  const page = readFileSync(new URL('files/httpd/index.html', import.meta.url))
  return {
    created,
    config: {
      ExposedPorts: { '80/tcp': {} },
      Env: [
        `PATH=/usr/local/apache2/bin:${PATH.slice(5)}`,
        'HTTPD_PREFIX=/usr/local/apache2',
        `HTTPD_VERSION=${version}`,
      ],
      Cmd: ['httpd-foreground'],
      WorkingDir: '/usr/local/apache2',
      StopSignal: 'SIGWINCH',
    },
    layers: [
      ...(alpine ? alpineBase(alpine) : debianBase()),
      { createdBy: 'ENV HTTPD_PREFIX=/usr/local/apache2' },
      {
        createdBy: 'RUN /bin/sh -c set -eux; install httpd # buildkit',
        size: alpine ? SOFTWARE.httpdAlpine : SOFTWARE.httpd,
        files: {
          '/usr/local/apache2/bin/httpd': programFile('httpd', version),
          '/usr/local/apache2/bin/htpasswd': programFile('htpasswd', version),
          '/usr/local/apache2/htdocs/index.html': file(page),
          '/usr/local/apache2/conf/httpd.conf': file(
            'ServerRoot "/usr/local/apache2"\nListen 80\nDocumentRoot "/usr/local/apache2/htdocs"\nDirectoryIndex index.html\n',
          ),
          '/usr/local/apache2/logs': directory(),
        },
      },
      { createdBy: 'STOPSIGNAL SIGWINCH' },
      {
        createdBy: 'COPY httpd-foreground /usr/local/bin/ # buildkit',
        files: {
          '/usr/local/bin/httpd-foreground': file(
            '#!/bin/sh\nset -e\nrm -f /usr/local/apache2/logs/httpd.pid\nexec httpd -DFOREGROUND "$@"\n',
            { mode: 0o755 },
          ),
        },
      },
      { createdBy: 'EXPOSE map[80/tcp:{}]' },
      { createdBy: 'CMD ["httpd-foreground"]' },
    ],
  }
}

/** An image of one program and nothing else, as cluster components are. */
function singleProgram(
  program: string,
  version: string,
  path: string,
  options: { args?: string[]; user?: string; created: string },
): ImageRecipe {
  return {
    created: options.created,
    config: { Env: [PATH], Entrypoint: [path, ...(options.args ?? [])], WorkingDir: '/', User: options.user },
    layers: [
      {
        createdBy: `COPY ${program} ${path} # buildkit`,
        files: { [path]: programFile(program, version) },
        size: programSize(program, path),
      },
    ],
  }
}

/** The account that EKS's own images come from in us-east-1 (https://docs.aws.amazon.com/eks/latest/userguide/add-ons-images.html). */
const EKS_REGISTRY = '602401143452.dkr.ecr.us-east-1.amazonaws.com'

const eks = (
  repository: string,
  images: { tag: string; recipe: () => ImageRecipe }[],
): CatalogueRepository => ({
  names: [{ host: EKS_REGISTRY, repository }],
  images: images.map(({ tag, recipe }) => ({ tags: [tag], recipe })),
})

const component = (program: string, path: string, tag: string, args?: string[]) => ({
  tag,
  recipe: () =>
    singleProgram(program, tag.replace(/^v|-eksbuild.*$/g, ''), path, {
      args,
      created: '2025-10-01T00:00:00Z',
    }),
})

/** As aws-node is asked whether it is ready. */
const withHealthProbe = (recipe: ImageRecipe): ImageRecipe => ({
  ...recipe,
  layers: [
    ...recipe.layers,
    {
      createdBy: 'COPY grpc-health-probe /app/ # buildkit',
      files: { '/app/grpc-health-probe': programFile('grpc-health-probe', '') },
    },
  ],
})

const releases = (program: string, path: string, tags: string[]) =>
  tags.map((tag) => component(program, path, tag))

/** The releases that EKS offers as add-ons for the Kubernetes versions here. */
const COREDNS = ['v1.13.1-eksbuild.1', 'v1.12.4-eksbuild.1', 'v1.12.3-eksbuild.1', 'v1.12.1-eksbuild.2']
const KUBE_PROXY = ['v1.35.0-eksbuild.2', 'v1.34.0-eksbuild.2', 'v1.33.3-eksbuild.4']
const VPC_CNI = ['v1.21.1-eksbuild.3', 'v1.20.4-eksbuild.2', 'v1.20.1-eksbuild.3', 'v1.19.5-eksbuild.1']

/** EKS's and upstream's builds of metrics-server. */
const METRICS_SERVER = ['v0.8.0-eksbuild.6', 'v0.8.0-eksbuild.2', 'v0.7.2-eksbuild.4']

/** AWS's CSI drivers, and the sidecars of CSI that their add-ons run with them. */
const CSI: Record<string, string[]> = {
  'aws-ebs-csi-driver': ['v1.53.0', 'v1.52.1', 'v1.48.0'],
  'aws-efs-csi-driver': ['v2.1.15', 'v2.1.11', 'v2.1.8'],
  'csi-provisioner': ['v5.3.0'],
  'csi-attacher': ['v4.10.0'],
  'csi-resizer': ['v1.14.0'],
  'node-driver-registrar': ['v2.15.0'],
  livenessprobe: ['v2.17.0'],
}

/** The AWS Load Balancer Controller of the chart in https://aws.github.io/eks-charts. */
const BALANCER_CONTROLLER = ['v2.14.1', 'v2.13.4']

const balancerController = (tag: string): ImageRecipe =>
  singleProgram('aws-load-balancer-controller', tag, '/controller', {
    user: '65532:65532',
    created: '2025-10-21T00:00:00Z',
  })
const POD_IDENTITY_AGENT = ['v0.1.10', 'v0.1.7']

const pause = (version: string): ImageRecipe =>
  singleProgram('pause', version, '/pause', { user: '65535:65535', created: '2025-05-01T00:00:00Z' })

/** Base images besides nginx, and the system images of EKS. Versions as of November 2025. */
export const others: CatalogueRepository[] = [
  {
    names: [
      ...hub('busybox'),
      { host: 'gcr.io', repository: 'google-containers/busybox' },
      { host: 'registry.k8s.io', repository: 'busybox' },
    ],
    images: [
      {
        tags: ['latest', '1', '1.37', '1.37.0', 'stable', 'glibc', 'musl', 'uclibc'],
        recipe: () => busyboxRecipe('2024-09-26T21:31:42Z'),
      },
      {
        tags: ['1.36', '1.36.1', '1.35', '1.35.0', '1.34', '1.28', '1.28.4', '1.27', '1.27.2'],
        recipe: () => busyboxRecipe('2023-05-18T22:34:17Z'),
      },
    ],
  },
  {
    // What one asks with HEAD for one's pull limit (https://docs.docker.com/docker-hub/usage/pulls/).
    names: [{ host: 'registry-1.docker.io', repository: 'ratelimitpreview/test' }],
    images: [{ tags: ['latest'], recipe: () => busyboxRecipe('2020-10-01T00:00:00Z') }],
  },
  {
    names: hub('alpine'),
    images: [
      {
        tags: ['latest', '3', '3.22', '3.22.2'],
        recipe: () => alpineRecipe('3.22.2', '2025-10-08T11:04:56Z'),
      },
      { tags: ['3.21', '3.21.5'], recipe: () => alpineRecipe('3.21.5', '2025-10-08T11:05:10Z') },
      { tags: ['3.20', '3.20.8'], recipe: () => alpineRecipe('3.20.8', '2025-10-08T11:05:24Z') },
      { tags: ['3.19', '3.19.9'], recipe: () => alpineRecipe('3.19.9', '2025-10-08T11:05:38Z') },
      { tags: ['3.18', '3.18.12'], recipe: () => alpineRecipe('3.18.12', '2025-02-14T03:28:36Z') },
    ],
  },
  {
    names: hub('debian'),
    images: [
      {
        tags: ['latest', '13', '13.2', 'trixie', 'stable'],
        recipe: () => debianRecipe('trixie', 'full'),
      },
      {
        tags: ['stable-slim', 'trixie-slim', '13-slim', '13.2-slim'],
        recipe: () => debianRecipe('trixie', 'slim'),
      },
      {
        tags: ['12', '12.12', 'bookworm', 'oldstable'],
        recipe: () => debianRecipe('bookworm', 'full'),
      },
      {
        tags: ['12-slim', '12.12-slim', 'bookworm-slim', 'oldstable-slim'],
        recipe: () => debianRecipe('bookworm', 'slim'),
      },
    ],
  },
  {
    names: hub('httpd'),
    images: [
      {
        tags: ['latest', '2', '2.4', '2.4.65', 'trixie'],
        recipe: () => httpdRecipe('2.4.65', '2025-11-04T00:00:00Z'),
      },
      {
        tags: ['alpine', '2.4-alpine'],
        recipe: () => httpdRecipe('2.4.65', '2025-11-04T00:00:00Z', '3.22.2'),
      },
    ],
  },
  eks(
    'eks/pause',
    ['3.10', '3.5', '3.9'].map((tag) => ({ tag, recipe: () => pause(tag) })),
  ),
  eks('eks/coredns', releases('coredns', '/coredns', COREDNS)),
  eks('eks/kube-proxy', releases('kube-proxy', '/usr/local/bin/kube-proxy', KUBE_PROXY)),
  ...Object.entries(CSI).map(([name, tags]) => eks(`eks/${name}`, releases(name, `/bin/${name}`, tags))),
  eks('eks/eks-pod-identity-agent', releases('eks-pod-identity-agent', '/go-runner', POD_IDENTITY_AGENT)),
  eks('eks/metrics-server', releases('metrics-server', '/metrics-server', METRICS_SERVER)),
  {
    names: [{ host: 'registry.k8s.io', repository: 'metrics-server/metrics-server' }],
    images: releases('metrics-server', '/metrics-server', ['v0.8.0', 'v0.7.2']).map(({ tag, recipe }) => ({
      tags: [tag],
      recipe,
    })),
  },
  {
    names: [
      { host: 'public.ecr.aws', repository: 'eks/aws-load-balancer-controller' },
      { host: EKS_REGISTRY, repository: 'amazon/aws-load-balancer-controller' },
    ],
    images: BALANCER_CONTROLLER.map((tag) => ({ tags: [tag], recipe: () => balancerController(tag) })),
  },
  eks(
    'amazon-k8s-cni',
    releases('aws-vpc-cni', '/app/aws-vpc-cni', VPC_CNI).map(({ tag, recipe }) => ({
      tag,
      recipe: () => withHealthProbe(recipe()),
    })),
  ),
  eks('amazon-k8s-cni-init', releases('aws-vpc-cni-init', '/init/aws-vpc-cni-init', VPC_CNI)),
  eks('amazon/aws-network-policy-agent', [
    component('network-policy-agent', '/controller', 'v1.2.7-eksbuild.1'),
  ]),
]
