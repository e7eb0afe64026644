import { X509Certificate } from 'node:crypto'
import { type Context, KubeadmError } from './context.ts'
import {
  AUTHORITIES,
  KUBECONFIGS,
  kubeconfigText,
  LEAVES,
  makeKubeconfig,
  makeLeaf,
  PKI,
  serverOf,
} from './pki.ts'
import { announcedConfiguration, storedConfiguration } from './stored-configuration.ts'

const DAY = 86_400_000

/** What `kubeadm certs` looks after: the certificates of the control plane, by name. Models phases/certs/renewal/manager.go. */
const CERTIFICATES = [
  ...KUBECONFIGS.map((kubeconfig) => ({
    name: kubeconfig.file as string,
    longName: `certificate embedded in the kubeconfig file for ${kubeconfig.reader}`,
    path: `/etc/kubernetes/${kubeconfig.file}`,
    authority: 'ca',
    kubeconfig,
    leaf: undefined,
  })),
  ...LEAVES.map((leaf) => ({
    name: leaf.file.replace('/', '-'),
    longName: leaf.longName,
    path: `${PKI}/${leaf.file}.crt`,
    authority: leaf.authority.replace('/', '-'),
    kubeconfig: undefined,
    leaf,
  })),
].sort((a, b) => (a.name < b.name ? -1 : 1))

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const dateOf = (text: string) => {
  const date = new Date(text)
  return `${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2, '0')}, ${date.getUTCFullYear()} ${date.toISOString().slice(11, 16)} UTC`
}

/** `kubeadm certs check-expiration`. */
export async function checkExpiration(context: Context): Promise<void> {
  const { now } = context.times
  const left = (until: string) => {
    const days = Math.floor((Date.parse(until) - now) / DAY)
    return days >= 730 ? `${Math.floor(days / 365)}y` : `${days}d`
  }
  const row = (cells: string[], widths: number[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index]!))
      .join('   ')
      .trimEnd()
  const certificateOf = async (file: string) => {
    const text = await context.readText(file).catch(() => '')
    const inline = /client-certificate-data: (\S+)/.exec(text)?.[1]
    const pem = inline ? Buffer.from(inline, 'base64').toString() : text
    return pem ? new X509Certificate(pem) : undefined
  }
  await announcedConfiguration(context, 'check-expiration')
  const widths = [26, 22, 15, 23, 19]
  await context.say(
    row(['CERTIFICATE', 'EXPIRES', 'RESIDUAL TIME', 'CERTIFICATE AUTHORITY', 'EXTERNALLY MANAGED'], widths),
  )
  for (const { name, path, authority } of CERTIFICATES) {
    const certificate = await certificateOf(path)
    const cells = certificate
      ? [name, dateOf(certificate.validTo), left(certificate.validTo), authority, 'no']
      : [`!MISSING! ${name}`]
    await context.say(row(cells, widths))
  }
  await context.say('')
  const wide = [23, 22, 15, 19]
  await context.say(row(['CERTIFICATE AUTHORITY', 'EXPIRES', 'RESIDUAL TIME', 'EXTERNALLY MANAGED'], wide))
  for (const { file } of AUTHORITIES) {
    const certificate = await certificateOf(`${PKI}/${file}.crt`)
    const name = file.replace('/', '-')
    await context.say(
      row(
        certificate
          ? [name, dateOf(certificate.validTo), left(certificate.validTo), 'no']
          : [`!MISSING! ${name}`],
        wide,
      ),
    )
  }
}

/** `kubeadm certs renew all|<name>`. */
export async function renew(context: Context, name: string | undefined): Promise<void> {
  const chosen = CERTIFICATES.filter((certificate) => name === 'all' || name === certificate.name)
  if (chosen.length === 0)
    throw new KubeadmError(
      name === undefined
        ? 'missing subcommand; "renew" is not meant to be run on its own'
        : `invalid subcommand: ${JSON.stringify(name)}`,
    )
  const config = await announcedConfiguration(context, 'renew')
  for (const { longName, path, kubeconfig, leaf } of chosen) {
    if (!context.files.exists(path)) {
      await context.say(`MISSING! ${longName}`)
      continue
    }
    if (leaf) await makeLeaf(context.files, leaf, config, context.times)
    else {
      const { user, organizations, local } = kubeconfig
      const server = serverOf(config, local)
      const options = { path, user, organizations, cluster: config.clusterName, server }
      await makeKubeconfig(context.files, options, context.times)
    }
    await context.say(`${longName} renewed`)
  }
  if (name === 'all')
    await context.say(
      '\nDone renewing certificates. You must restart the kube-apiserver, kube-controller-manager, kube-scheduler and etcd, so that they can use the new certificates.',
    )
}

/** `kubeadm kubeconfig user`: prints a kubeconfig for somebody, with a certificate signed on this machine. */
export async function kubeconfigUser(
  context: Context,
  words: string[],
  flags: Map<string, string>,
): Promise<void> {
  if (words.length !== 1 || words[0] !== 'user')
    throw new KubeadmError(
      words[0] === undefined
        ? 'missing subcommand; "kubeconfig" is not meant to be run on its own'
        : `invalid subcommand: ${JSON.stringify(words.join(' '))}`,
    )
  const user = flags.get('client-name')
  if (!user) throw new KubeadmError('required flag(s) "client-name" not set')
  if (flags.has('token')) throw new KubeadmError('drydock: kubeadm kubeconfig user --token is not simulated')
  const organizations = (flags.get('org') ?? '').split(',').filter((organization) => organization !== '')
  const config = await storedConfiguration(context)
  const options = { user, organizations, cluster: config.clusterName, server: serverOf(config, false) }
  await context.say((await kubeconfigText(context.files, options, context.times)).trimEnd())
}
