import type { Program } from '#containers/processes/process.ts'
import type { Machines } from '../machines.ts'
import { FlagError, parseFlags } from './flags.ts'
import { klog } from './klog.ts'
import { runLeader, serveHealth } from './leader.ts'

const KNOWN = [
  'authentication-kubeconfig',
  'authorization-kubeconfig',
  'bind-address',
  'config',
  'kubeconfig',
  'leader-elect',
  'leader-elect-lease-duration',
  'leader-elect-renew-deadline',
  'leader-elect-retry-period',
  'profiling',
  'secure-port',
]

/** The scheduler of a control plane: pods get their nodes while it leads. */
export const scheduler =
  (machines: Machines, version: string): Program =>
  async (process) => {
    const log = klog(process)
    const fail = async (text: string) => {
      await log('E', 'run.go:72', `"command failed" err=${JSON.stringify(text)}`)
      return 1
    }
    let flags: ReturnType<typeof parseFlags>
    try {
      flags = parseFlags(process.argv.slice(1), KNOWN, ['leader-elect', 'profiling'])
    } catch (error) {
      if (!(error instanceof FlagError)) throw error
      await process.complain(`Error: ${error.message}\n`)
      return 1
    }
    if (flags.has('config')) return fail('drydock: a scheduler configuration file is not simulated')
    const port = Number(flags.get('secure-port') ?? 10259)
    if (!Number.isInteger(port) || port < 0 || port > 65535)
      return fail(
        `--secure-port ${flags.get('secure-port')} must be between 0 and 65535, inclusive. A value of 0 means disabled`,
      )
    await serveHealth(process, port)
    await log('I', 'serving.go:386', 'Generated self-signed cert in-memory')
    await log('I', 'server.go:175', `"Starting Kubernetes Scheduler" version="${version}"`)
    try {
      return await runLeader(process, {
        machines,
        name: 'kube-scheduler',
        kubeconfigPath: flags.get('kubeconfig') ?? '',
        elects: flags.get('leader-elect') !== 'false',
        lead: (cluster) => cluster.startScheduler(),
      })
    } catch (error) {
      if ((error as Error).name === 'KilledError') throw error
      return fail((error as Error).message)
    }
  }
