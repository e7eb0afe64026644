import type { Program } from '#containers/processes/process.ts'
import type { Machines } from '../machines.ts'
import { runLeader, serveHealth } from './leader.ts'
import { component, StartFailure } from './start.ts'

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
export const scheduler = (machines: Machines, version: string): Program =>
  component(KNOWN, ['leader-elect', 'profiling'], async ({ process, flags, log }) => {
    if (flags.has('config'))
      throw new StartFailure('drydock: a scheduler configuration file is not simulated')
    const port = Number(flags.get('secure-port') ?? 10259)
    if (!Number.isInteger(port) || port < 0 || port > 65535)
      throw new StartFailure(
        `--secure-port ${flags.get('secure-port')} must be between 0 and 65535, inclusive. A value of 0 means disabled`,
      )
    await serveHealth(process, port)
    await log('I', 'serving.go:386', 'Generated self-signed cert in-memory')
    await log('I', 'server.go:175', `"Starting Kubernetes Scheduler" version="${version}"`)
    return runLeader(process, {
      machines,
      name: 'kube-scheduler',
      kubeconfigPath: flags.get('kubeconfig') ?? '',
      elects: flags.get('leader-elect') !== 'false',
      lead: (cluster) => cluster.startScheduler(),
    })
  })
