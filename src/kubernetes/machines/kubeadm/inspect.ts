import { stringify } from 'yaml'
import type { KubernetesObject } from '../../api.ts'
import { clusterConfigurationText, tokenSecret } from './addons.ts'
import { readConfiguration } from './configuration.ts'
import { type Context, KubeadmError } from './context.ts'
import { makeToken } from './init.ts'
import { imagesOf } from './manifests.ts'
import { keyHash, PKI, serverOf } from './pki.ts'
import { storedConfiguration } from './stored-configuration.ts'

type Secret = KubernetesObject & { data?: Record<string, string> }

/** `kubeadm token list|create|delete`. */
export async function token(
  context: Context,
  verb: string | undefined,
  words: string[],
  flags: Map<string, string>,
): Promise<void> {
  const cluster = await context.cluster(flags.get('kubeconfig') ?? '/etc/kubernetes/admin.conf')
  const { now } = context.times
  if (verb === 'list') {
    const secrets = cluster.client
      .list<Secret>('secrets', 'kube-system')
      .filter(({ metadata }) => metadata.name.startsWith('bootstrap-token-'))
    const value = (secret: Secret, key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString()
    const rows = secrets.map((secret) => {
      const expiration = value(secret, 'expiration')
      const hours = Math.max(0, Math.floor((Date.parse(expiration) - now) / 3_600_000))
      return [
        `${value(secret, 'token-id')}.${value(secret, 'token-secret')}`,
        `${hours}h`,
        expiration,
        'authentication,signing',
        value(secret, 'description') || '<none>',
        value(secret, 'auth-extra-groups'),
      ]
    })
    const widths = [23, 9, 22, 24, 54]
    const lines = [['TOKEN', 'TTL', 'EXPIRES', 'USAGES', 'DESCRIPTION', 'EXTRA GROUPS'], ...rows].map(
      (cells) =>
        cells
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('   ')
          .trimEnd(),
    )
    if (rows.length > 0) await context.say(lines.join('\n'))
    return
  }
  if (verb === 'create' || verb === 'generate') {
    const fresh = words[0] ?? makeToken(context)
    if (!/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(fresh))
      throw new KubeadmError(
        `the bootstrap token ${JSON.stringify(fresh)} was not of the form "\\\\A([a-z0-9]{6})\\\\.([a-z0-9]{16})\\\\z"`,
      )
    if (verb === 'create') {
      const hours = /^(\d+)h/.exec(flags.get('ttl') ?? '24h')?.[1] ?? '24'
      const expiration = new Date(now + Number(hours) * 3_600_000).toISOString().replace(/\.\d+Z/, 'Z')
      context.apply(cluster, [tokenSecret(fresh, expiration, flags.get('description'))])
    }
    if (!flags.has('print-join-command')) return context.say(fresh)
    const config = await storedConfiguration(context)
    const authority = await context.readText(`${PKI}/ca.crt`)
    return context.say(
      `kubeadm join ${serverOf(config, false).slice('https://'.length)} --token ${fresh} --discovery-token-ca-cert-hash ${keyHash(authority)} `,
    )
  }
  if (verb === 'delete' && words.length > 0) {
    for (const word of words) {
      const id = word.split('.')[0]!
      if (!cluster.client.get('secrets', 'kube-system', `bootstrap-token-${id}`))
        throw new KubeadmError(
          `failed to delete bootstrap token ${JSON.stringify(id)}: secrets "bootstrap-token-${id}" not found`,
        )
      cluster.client.delete('secrets', 'kube-system', `bootstrap-token-${id}`)
      await context.say(`bootstrap token ${JSON.stringify(id)} deleted`)
    }
    return
  }
  throw new KubeadmError(`missing subcommand; "token" is not meant to be run on its own`)
}

/** `kubeadm config images list|pull`, `print init-defaults|join-defaults`. */
export async function configuration(context: Context, words: string[]): Promise<void> {
  const [verb, what] = words
  if (verb === 'images' && (what === 'list' || what === 'pull')) {
    for (const image of Object.values(imagesOf(context.version)))
      await context.say(what === 'list' ? image : `[config/images] Pulled ${image}`)
    return
  }
  if (verb === 'print' && what === 'init-defaults') {
    const defaults = readConfiguration('', { version: context.version, address: '1.2.3.4', hostname: 'node' })
    const initial = {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      bootstrapTokens: [
        {
          groups: ['system:bootstrappers:kubeadm:default-node-token'],
          token: 'abcdef.0123456789abcdef',
          ttl: '24h0m0s',
          usages: ['signing', 'authentication'],
        },
      ],
      kind: 'InitConfiguration',
      localAPIEndpoint: { advertiseAddress: '1.2.3.4', bindPort: 6443 },
      nodeRegistration: {
        criSocket: 'unix:///var/run/containerd/containerd.sock',
        imagePullPolicy: 'IfNotPresent',
        imagePullSerial: true,
        name: 'node',
        taints: null,
      },
    }
    return context.say(
      `${stringify(initial, { indentSeq: false })}---\n${clusterConfigurationText(defaults)}`.trimEnd(),
    )
  }
  if (verb === 'print' && what === 'join-defaults') {
    const joining = {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      caCertPath: `${PKI}/ca.crt`,
      discovery: {
        bootstrapToken: {
          apiServerEndpoint: 'kube-apiserver:6443',
          token: 'abcdef.0123456789abcdef',
          unsafeSkipCAVerification: true,
        },
        tlsBootstrapToken: 'abcdef.0123456789abcdef',
      },
      kind: 'JoinConfiguration',
      nodeRegistration: {
        criSocket: 'unix:///var/run/containerd/containerd.sock',
        imagePullPolicy: 'IfNotPresent',
        imagePullSerial: true,
        name: context.node.name,
        taints: null,
      },
    }
    return context.say(stringify(joining, { indentSeq: false }).trimEnd())
  }
  throw new KubeadmError(`drydock: kubeadm config ${words.join(' ')} is not simulated`)
}
