import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import type { ContainerFs } from '#containers/processes/container-fs.ts'
import {
  type CertificateRequest,
  createAuthority,
  type KeyAndCertificate,
  signCertificate,
} from '#network/authority.ts'
import { writeKubeconfig } from '../kubeconfig.ts'
import { type Configuration, endpointOf } from './configuration.ts'

export const PKI = '/etc/kubernetes/pki'
const DAY = 86_400_000

/** The certificates of a control plane: file, authority, subject and use. Models cmd/kubeadm/app/phases/certs. */
interface Leaf {
  file: string
  /** What kubeadm says when it renews it. */
  longName: string
  authority: 'ca' | 'etcd/ca' | 'front-proxy-ca'
  commonName(config: Configuration): string
  organizations?: string[]
  usages: CertificateRequest['usages']
  names?(config: Configuration): string[]
}

const serviceAddress = (cidr: string) => cidr.replace(/\.(\d+)\/\d+$/, (_, last) => `.${Number(last) + 1}`)

export const AUTHORITIES = [
  { file: 'ca', commonName: 'kubernetes' },
  { file: 'etcd/ca', commonName: 'etcd-ca' },
  { file: 'front-proxy-ca', commonName: 'front-proxy-ca' },
] as const

export const LEAVES: Leaf[] = [
  {
    file: 'apiserver',
    longName: 'certificate for serving the Kubernetes API',
    authority: 'ca',
    commonName: () => 'kube-apiserver',
    usages: ['server'],
    names: (config) => [
      ...new Set([
        config.nodeName,
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        'kubernetes.default.svc.cluster.local',
        ...config.certSANs,
        ...(config.controlPlaneEndpoint ? [config.controlPlaneEndpoint.split(':')[0]!] : []),
        serviceAddress(config.serviceSubnet),
        config.advertiseAddress,
      ]),
    ],
  },
  {
    file: 'apiserver-kubelet-client',
    longName: 'certificate for the API server to connect to kubelet',
    authority: 'ca',
    commonName: () => 'kube-apiserver-kubelet-client',
    organizations: ['kubeadm:cluster-admins'],
    usages: ['client'],
  },
  {
    file: 'front-proxy-client',
    longName: 'certificate for the front proxy client',
    authority: 'front-proxy-ca',
    commonName: () => 'front-proxy-client',
    usages: ['client'],
  },
  ...(
    [
      ['etcd/server', 'certificate for serving etcd'],
      ['etcd/peer', 'certificate for etcd nodes to communicate with each other'],
    ] as const
  ).map(
    ([file, longName]): Leaf => ({
      file,
      longName,
      authority: 'etcd/ca',
      commonName: ({ nodeName }) => nodeName,
      usages: ['server', 'client'],
      names: ({ nodeName, advertiseAddress }) => [
        nodeName,
        'localhost',
        advertiseAddress,
        '127.0.0.1',
        '::1',
      ],
    }),
  ),
  {
    file: 'etcd/healthcheck-client',
    longName: 'certificate for liveness probes to healthcheck etcd',
    authority: 'etcd/ca',
    commonName: () => 'kube-etcd-healthcheck-client',
    usages: ['client'],
  },
  {
    file: 'apiserver-etcd-client',
    longName: 'certificate the apiserver uses to access etcd',
    authority: 'etcd/ca',
    commonName: () => 'kube-apiserver-etcd-client',
    usages: ['client'],
  },
]

interface KubeconfigFile {
  file: string
  user: string
  organizations: string[]
  /** Who reads it, in kubeadm's words. */
  reader: string
  /** Whether it leads to the API server of its own machine. */
  local: boolean
}

/** The kubeconfig files, and who they are for. */
export const KUBECONFIGS: KubeconfigFile[] = [
  {
    file: 'admin.conf',
    user: 'kubernetes-admin',
    organizations: ['kubeadm:cluster-admins'],
    reader: 'the admin to use and for kubeadm itself',
    local: false,
  },
  {
    file: 'super-admin.conf',
    user: 'kubernetes-super-admin',
    organizations: ['system:masters'],
    reader: 'the super-admin',
    local: false,
  },
  {
    file: 'controller-manager.conf',
    user: 'system:kube-controller-manager',
    organizations: [],
    reader: 'the controller manager to use',
    local: true,
  },
  {
    file: 'scheduler.conf',
    user: 'system:kube-scheduler',
    organizations: [],
    reader: 'the scheduler manager to use',
    local: true,
  },
]

/** The time that certificates are made at: they must hold for the world's clients and for the host's. */
export interface Times {
  now: number
  hostNow: number
}

const validity = ({ now, hostNow }: Times) => ({
  notBefore: Math.min(now, hostNow) - 5 * 60_000,
  notAfter: Math.max(now, hostNow) + 365 * DAY,
})

const put = (files: ContainerFs, path: string, text: string, mode: number) => {
  files.makeFolder(path.slice(0, path.lastIndexOf('/')), { recursive: true })
  files.writeSync(path, Buffer.from(text), mode)
}

async function readPair(files: ContainerFs, file: string): Promise<KeyAndCertificate | undefined> {
  const read = async (suffix: string) => Buffer.from(await files.read(`${PKI}/${file}${suffix}`)).toString()
  try {
    return { certificate: await read('.crt'), privateKey: await read('.key') }
  } catch {
    return undefined
  }
}

function writePair(files: ContainerFs, file: string, { certificate, privateKey }: KeyAndCertificate): void {
  put(files, `${PKI}/${file}.key`, privateKey, 0o600)
  put(files, `${PKI}/${file}.crt`, certificate, 0o644)
}

/** An authority of the control plane, made if it is not there; `made` is told. */
export async function authorityOf(
  files: ContainerFs,
  file: string,
  commonName: string,
  times: Times,
  made?: () => Promise<void>,
): Promise<KeyAndCertificate> {
  const known = await readPair(files, file)
  if (known) return known
  const fresh = await createAuthority(commonName, times.hostNow)
  writePair(files, file, { ...fresh, certificate: `${fresh.certificate.trimEnd()}\n` })
  await made?.()
  return (await readPair(files, file))!
}

/** Makes one certificate anew. */
export async function makeLeaf(
  files: ContainerFs,
  leaf: Leaf,
  config: Configuration,
  times: Times,
): Promise<void> {
  const authority = await readPair(files, leaf.authority)
  if (!authority)
    throw new Error(
      `failure loading ${leaf.authority.replace('/', '-')} key: couldn't load the private key file ${PKI}/${leaf.authority}.key: open ${PKI}/${leaf.authority}.key: no such file or directory`,
    )
  const names = leaf.names?.(config)
  const { organizations } = leaf
  writePair(
    files,
    leaf.file,
    await signCertificate(authority, {
      commonName: leaf.commonName(config),
      usages: leaf.usages,
      ...(organizations && { organizations }),
      ...(names && { names }),
      ...validity(times),
    }),
  )
}

/** The key pair that signs service-account tokens. */
export async function makeServiceAccountKey(files: ContainerFs, times: Times): Promise<void> {
  if (files.exists(`${PKI}/sa.key`)) return
  const { privateKey } = await createAuthority('sa', times.hostNow)
  put(files, `${PKI}/sa.key`, privateKey, 0o600)
  put(
    files,
    `${PKI}/sa.pub`,
    createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string,
    0o600,
  )
}

interface KubeconfigOptions {
  user: string
  organizations: readonly string[]
  cluster: string
  server: string
}

/** A kubeconfig with a client certificate of its own. */
export async function kubeconfigText(
  files: ContainerFs,
  options: KubeconfigOptions,
  times: Times,
): Promise<string> {
  const authority = (await readPair(files, 'ca'))!
  const identity = await signCertificate(authority, {
    commonName: options.user,
    organizations: [...options.organizations],
    usages: ['client'],
    ...validity(times),
  })
  return writeKubeconfig({ ...options, authority: authority.certificate, identity })
}

/** Writes such a kubeconfig to a file. */
export async function makeKubeconfig(
  files: ContainerFs,
  { path, ...options }: KubeconfigOptions & { path: string },
  times: Times,
): Promise<void> {
  put(files, path, await kubeconfigText(files, options, times), 0o600)
}

/** `sha256:…` of an authority's public key, as `--discovery-token-ca-cert-hash` takes it. */
export const keyHash = (certificate: string): string =>
  `sha256:${createHash('sha256')
    .update(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')}`

export const serverOf = (config: Configuration, local: boolean): string =>
  `https://${local ? `${config.advertiseAddress}:${config.bindPort}` : endpointOf(config)}`
