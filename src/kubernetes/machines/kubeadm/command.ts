import type { Program } from '#containers/processes/process.ts'
import type { Machines } from '../machines.ts'
import { checkExpiration, kubeconfigUser, renew } from './certs.ts'
import { type Configuration, readConfiguration } from './configuration.ts'
import { Context, KubeadmError } from './context.ts'
import { init } from './init.ts'
import { configuration, token } from './inspect.ts'
import { join, reset } from './join.ts'

const HELP = `

    ┌──────────────────────────────────────────────────────────┐
    │ KUBEADM                                                  │
    │ Easily bootstrap a secure Kubernetes cluster             │
    │                                                          │
    │ Please give us feedback at:                              │
    │ https://github.com/kubernetes/kubeadm/issues             │
    └──────────────────────────────────────────────────────────┘

Usage:
  kubeadm [command]

Available Commands:
  certs       Commands related to handling Kubernetes certificates
  config      Manage configuration for a kubeadm cluster persisted in a ConfigMap in the cluster
  init        Run this command in order to set up the Kubernetes control plane
  join        Run this on any machine you wish to join an existing cluster
  kubeconfig  Kubeconfig file utilities
  reset       Performs a best effort revert of changes made to this host by 'kubeadm init' or 'kubeadm join'
  token       Manage bootstrap tokens
  version     Print the version of kubeadm
`
const BARE = new Set([
  'print-join-command',
  'skip-token-print',
  'force',
  'help',
  'upload-certs',
  'control-plane',
  'dry-run',
])
/** Commands of the real program that are refused by name. */
const REFUSED = ['upgrade', 'completion', 'alpha']

/** `kubeadm` on a machine. */
export const kubeadm =
  (machines: Machines, version: string): Program =>
  async (process) => {
    const { words, flags } = parse(process.argv.slice(1))
    const node = machines.of(process.machine)
    const [verb, ...rest] = words
    if (!verb || flags.has('help') || verb === 'help') {
      await process.print(HELP)
      return 0
    }
    if (verb === 'version') {
      await process.print(versionText(version, flags.get('o') ?? flags.get('output')))
      return 0
    }
    if (REFUSED.includes(verb) || !node) {
      await process.complain(`drydock: kubeadm ${verb} is not simulated\n`)
      return 1
    }
    const context = new Context(process, machines, node, version)
    try {
      await run(context, verb, rest, flags)
      return 0
    } catch (error) {
      if (!(error instanceof KubeadmError)) throw error
      const lead = verb === 'init' || verb === 'join' ? 'error execution phase preflight: ' : ''
      const text = error.message.startsWith('[preflight]') ? `${lead}${error.message}` : error.message
      await process.complain(`${text}\nTo see the stack trace of this error execute with --v=5 or higher\n`)
      return error.message.startsWith('[preflight]') ? 2 : 1
    }
  }

async function run(
  context: Context,
  verb: string,
  rest: string[],
  flags: Map<string, string>,
): Promise<void> {
  const skipPreflight =
    (flags.get('skip-phases') ?? '').split(',').includes('preflight') ||
    ['all', 'ALL'].includes(flags.get('ignore-preflight-errors') ?? '')
  switch (verb) {
    case 'init':
      if (rest.length > 0) throw new KubeadmError(`drydock: kubeadm init ${rest.join(' ')} is not simulated`)
      return init(context, await configurationOf(context, flags), {
        skipPreflight,
        printToken: !flags.has('skip-token-print'),
      })
    case 'join': {
      const config = await configurationOf(context, flags)
      const given = flags.get('token')
      if (rest[0])
        config.discovery = {
          endpoint: rest[0],
          caCertHashes: flags.has('discovery-token-ca-cert-hash')
            ? [flags.get('discovery-token-ca-cert-hash')!]
            : [],
          unsafe: flags.has('discovery-token-unsafe-skip-ca-verification'),
        }
      if (given) config.token = given
      if (flags.has('control-plane')) config.joinsControlPlane = true
      return join(context, config, { skipPreflight })
    }
    case 'reset':
      if (!flags.has('force') && !flags.has('f'))
        throw new KubeadmError(
          'drydock: the question "are you sure you want to proceed?" is not simulated; use --force',
        )
      return reset(context)
    case 'token':
      return token(context, rest[0], rest.slice(1), flags)
    case 'config':
      return configuration(context, rest)
    case 'certs':
      if (rest[0] === 'check-expiration') return checkExpiration(context)
      if (rest[0] === 'renew') return renew(context, rest[1])
      throw new KubeadmError(`drydock: kubeadm certs ${rest.join(' ')} is not simulated`)
    case 'kubeconfig':
      return kubeconfigUser(context, rest, flags)
    default:
      throw new KubeadmError(`unknown command ${JSON.stringify(verb)} for "kubeadm"`)
  }
}

async function configurationOf(context: Context, flags: Map<string, string>): Promise<Configuration> {
  const { address, hostname } = context.process.machine
  const path = flags.get('config')
  let config: Configuration
  try {
    config = readConfiguration(path ? await context.readText(path) : '', {
      version: context.version,
      address,
      hostname,
    })
  } catch (error) {
    throw error instanceof KubeadmError ? error : new KubeadmError((error as Error).message)
  }
  return {
    ...config,
    ...(flags.has('pod-network-cidr') && { podSubnet: flags.get('pod-network-cidr')! }),
    ...(flags.has('service-cidr') && { serviceSubnet: flags.get('service-cidr')! }),
    ...(flags.has('apiserver-advertise-address') && {
      advertiseAddress: flags.get('apiserver-advertise-address')!,
    }),
    ...(flags.has('control-plane-endpoint') && {
      controlPlaneEndpoint: flags.get('control-plane-endpoint')!,
    }),
    ...(flags.has('node-name') && { nodeName: flags.get('node-name')! }),
  }
}

function parse(args: string[]): { words: string[]; flags: Map<string, string> } {
  const words: string[] = []
  const flags = new Map<string, string>()
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    const match = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(word)
    if (!match) words.push(word)
    else if (match[2] !== undefined || BARE.has(match[1]!) || match[1] === 'f')
      flags.set(match[1]!, match[2] ?? 'true')
    else flags.set(match[1]!, args[++index] ?? '')
  }
  return { words, flags }
}

function versionText(version: string, format: string | undefined): string {
  if (format === 'short') return `${version}\n`
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? []
  const info = {
    major,
    minor,
    emulationMajor: '',
    emulationMinor: '',
    minCompatibilityMajor: '',
    minCompatibilityMinor: '',
    gitVersion: version,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '2025-12-17T12:40:58Z',
    goVersion: 'go1.25.5',
    compiler: 'gc',
    platform: 'linux/amd64',
  }
  if (format === 'json') return `${JSON.stringify({ clientVersion: info }, null, 2)}\n`
  return `kubeadm version: &version.Info{Major:"${major}", Minor:"${minor}", GitVersion:"${version}", GitTreeState:"clean", BuildDate:"${info.buildDate}", GoVersion:"go1.25.5", Compiler:"gc", Platform:"linux/amd64"}\n`
}
