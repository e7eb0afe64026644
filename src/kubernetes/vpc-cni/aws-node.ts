import { FileError } from '#containers/files/tree.ts'
import type { Process, Program } from '#containers/processes/process.ts'
import type { ClusterNetworks } from '../network/networks.ts'
import type { NodePlugin } from '../network/plugins.ts'
import { MissingPermission } from '../provider.ts'
import { awsConflist, CONFLIST } from './conflist.ts'

// The containers of aws-node. Source: cmd/aws-vpc-cni, cmd/aws-vpc-cni-init, cmd/aws-k8s-agent and cmd/grpc-health-probe of
// aws/amazon-vpc-cni-k8s, read 2026-11; what an aws-node without its rights shows: EKS Workshop, troubleshooting of the VPC CNI.

const POLICY = 'https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md'
/** How often ipamd calls EC2 before it gives up: a call that is refused, and one that it cannot make. */
const TRIES = { refused: 2, failed: 12 }
const RETRY_MS = 2_000
/** What a Go program that minds no signal ends with as the first process of its container. */
const TERMINATED = 2

const say = (process: Process, level: 'info' | 'error', text: string) => {
  const time = new Date(process.machine.clock.now()).toISOString().replace(/\.\d+/, '')
  return process.complain(`time="${time}" level=${level} msg=${JSON.stringify(text)}\n`)
}

/** Puts programs into the node's folder of network plug-ins. */
async function install(process: Process, names: string[]): Promise<void> {
  const folder = process.env.get('HOST_CNI_BIN_PATH') ?? '/host/opt/cni/bin'
  for (const name of names) {
    process.machine.files.writeSync(`${folder}/${name}`, new Uint8Array(), 0o755)
    await process.complain(`Installed ${folder}/${name}\n`)
  }
}

const told = (process: Process) =>
  new Promise<'told'>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve('told'))
  })

/** `aws-vpc-cni-init`: prepares the node. */
export const awsNodeInit: Program = async (process) => {
  await say(process, 'info', 'Copying CNI plugin binaries ...')
  await install(process, ['loopback', 'portmap', 'bandwidth', 'host-local', 'aws-cni-support.sh'])
  await say(process, 'info', 'Copied all CNI plugin binaries to /host/opt/cni/bin')
  await say(process, 'info', 'Found primaryIF ens5')
  await say(process, 'info', 'Updated net/ipv4/conf/ens5/rp_filter to 2\n')
  await say(process, 'info', 'Updated net/ipv4/tcp_early_demux to 1\n')
  await say(process, 'info', 'CNI init container done')
  return 0
}

/** Why an environment is not taken; undefined: it is. */
function invalid(env: ReadonlyMap<string, string>): string | undefined {
  const veth = env.get('AWS_VPC_K8S_CNI_VETHPREFIX') ?? 'eni'
  const mode = env.get('POD_SECURITY_GROUP_ENFORCING_MODE') ?? 'strict'
  const cooldown = env.get('IP_COOLDOWN_PERIOD') ?? '30'
  const isSet = (name: string) => (env.get(name) ?? '0') > '0'
  if (env.get('AWS_VPC_K8S_PLUGIN_LOG_FILE') === 'stdout')
    return 'AWS_VPC_K8S_PLUGIN_LOG_FILE cannot be set to stdout'
  if (veth.length > 4) return 'AWS_VPC_K8S_CNI_VETHPREFIX cannot be longer than 4 characters'
  if (['eth', 'lo', 'vlan'].includes(veth))
    return "AWS_VPC_K8S_CNI_VETHPREFIX cannot be set to reserved values 'eth', 'vlan', or 'lo'"
  if (env.get('ENABLE_POD_ENI') === 'true' && mode !== 'strict' && mode !== 'standard')
    return "POD_SECURITY_GROUP_ENFORCING_MODE must be set to either 'strict' or 'standard'"
  if (!/^\+?\d+$/.test(cooldown))
    return `IP_COOLDOWN_PERIOD MUST be a valid positive integer. ${cooldown} is invalid`
  const targets = ['WARM_IP_TARGET', 'WARM_PREFIX_TARGET', 'MINIMUM_IP_TARGET']
  if (env.get('ENABLE_PREFIX_DELEGATION') === 'true' && !targets.some(isSet))
    return 'Setting WARM_PREFIX_TARGET = 0 is not supported while WARM_IP_TARGET/MINIMUM_IP_TARGET is not set. Please configure either one of the WARM_{PREFIX/IP}_TARGET or MINIMUM_IP_TARGET env variables'
  return undefined
}

/** `aws-vpc-cni`: starts ipamd, and makes itself the network plug-in of its node when that serves. */
export const awsNode =
  (networks: ClusterNetworks, version: string): Program =>
  async (process) => {
    const stop = told(process)
    const trouble = invalid(process.env)
    if (trouble) {
      await say(process, 'error', trouble)
      return 1
    }
    try {
      await install(process, ['aws-cni', 'egress-cni'])
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await say(process, 'error', 'Failed to install CNI binaries')
      return 1
    }
    await say(process, 'info', 'Starting IPAM daemon... ')
    await say(process, 'info', 'Checking for IPAM connectivity... ')
    const plugin = networks.at(process.machine.address)?.plugin(process.machine.address)
    if (!plugin || !(await begin(process, plugin, stop, version))) {
      // It waits for a daemon that has ended, until its liveness probe has it killed.
      await process.waitFor(stop)
      return TERMINATED
    }
    await say(process, 'info', 'Copying config file... ')
    const folder = process.env.get('HOST_CNI_CONFDIR_PATH') ?? '/host/etc/cni/net.d'
    if (!process.machine.files.exists(folder)) {
      await say(process, 'error', `Failed to copy ${CONFLIST}`)
      return 1
    }
    // The daemon serves before the node is known to have a network.
    const serving = plugin.serve()
    void process.exited.then(() => serving.close())
    process.machine.files.writeSync(`${folder}/${CONFLIST}`, Buffer.from(awsConflist(process.env)), 0o644)
    await say(process, 'info', 'Successfully copied CNI plugin binary and config file.')
    await process.waitFor(stop)
    return TERMINATED
  }

/** What ipamd does before it serves. Whether it can. */
async function begin(
  process: Process,
  plugin: NodePlugin,
  stop: Promise<'told'>,
  version: string,
): Promise<boolean> {
  const log = ipamdLog(process)
  const pod = process.env.get('MY_POD_NAME') ?? ''
  await log('info', `Starting L-IPAMD v${version}  ...`)
  for (let tried = 1; ; tried++) {
    try {
      plugin.begin(pod, process.env)
      await log('info', 'API server connectivity established.')
      return true
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const refused = error instanceof MissingPermission
      await log('error', error.message)
      if (refused)
        plugin.warn(
          pod,
          'aws-node',
          'MissingIAMPermissions',
          `${error.message}. Please refer ${POLICY} to attach relevant policy to IAM role`,
        )
      if (tried >= (refused ? TRIES.refused : TRIES.failed)) {
        await log('error', `Initialization failure: ${error.message}`)
        return false
      }
    }
    if ((await process.waitFor(Promise.race([stop, process.sleep(RETRY_MS)]))) === 'told') return false
  }
}

/** Writes lines to ipamd's own log, on its node; one that has no place goes nowhere. */
function ipamdLog(process: Process) {
  const path = process.env.get('AWS_VPC_K8S_CNI_LOG_FILE') ?? '/host/var/log/aws-routed-eni/ipamd.log'
  return async (level: 'info' | 'error', msg: string) => {
    const ts = new Date(process.machine.clock.now()).toISOString()
    const line = `${JSON.stringify({ level, ts, caller: 'aws-k8s-agent/main.go:42', msg })}\n`
    if (path === 'stdout') await process.print(line)
    else await process.machine.files.append(path, Buffer.from(line)).catch(() => {})
  }
}

/** `/app/grpc-health-probe`: whether ipamd of the node serves. */
export const grpcHealthProbe =
  (networks: ClusterNetworks): Program =>
  async (process) => {
    const option = (name: string, usual: string) =>
      process.argv.map((word) => new RegExp(`^--?${name}=(.*)$`).exec(word)?.[1]).find(Boolean) ?? usual
    const print = (msg: string) => {
      const ts = new Date(process.machine.clock.now()).toISOString()
      const caller = '/usr/local/go/src/runtime/proc.go:283'
      return process.print(`${JSON.stringify({ level: 'info', ts, caller, msg })}\n`)
    }
    const address = option('addr', '')
    if (address === '') {
      await print('error: --addr not specified')
      return 1
    }
    const { address: node } = process.machine
    if (networks.at(node)?.plugin(node)?.serves && address.endsWith(':50051')) {
      await print('status: SERVING')
      return 0
    }
    const limit = option('connect-timeout', '1s')
    await process.sleep(Number.parseFloat(limit) * 1000)
    await print(`timeout: failed to connect service ${JSON.stringify(address)} within ${limit}`)
    return 2
  }
