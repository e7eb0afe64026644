import type { Program } from '#containers/processes/process.ts'
import type { ClusterNetworks } from '../../network/networks.ts'
import type { Machines } from '../machines.ts'
import { klog } from './klog.ts'

/** kube-proxy of a machine, or of a node that is none (EKS): the Services' rules on its node follow the API while it runs. */
export const kubeProxy =
  (machines: Machines, networks: ClusterNetworks): Program =>
  async (process) => {
    const log = klog(process)
    const config = process.argv.map((word) => /^--config=(.*)$/.exec(word)?.[1]).find(Boolean)
    if (config && !process.machine.files.exists(config)) {
      await log(
        'E',
        'run.go:72',
        `"command failed" err="failed complete: open ${config}: no such file or directory"`,
      )
      return 1
    }
    const stop = new Promise<void>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, resolve)
    })
    await log('I', 'server_linux.go:53', '"Using iptables proxy"')
    await log('I', 'config.go:200', '"Starting service config controller"')
    const { address } = process.machine
    const proxied = machines.at(address)?.proxy() ?? networks.at(address)?.proxy(address)
    void process.exited.then(() => proxied?.close())
    await process.waitFor(stop)
    return 0
  }

/** kindnetd: writes the network plug-in's configuration, without which a node has no network for pods. */
export const kindnetd: Program = async (process) => {
  const log = klog(process)
  const stop = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, resolve)
  })
  await log('I', 'main.go:109', 'connected to apiserver: https://10.96.0.1:443')
  const { files } = process.machine
  const conflist = {
    cniVersion: '0.3.1',
    name: 'kindnet',
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        ipam: { type: 'host-local', dataDir: '/run/cni-ipam-state', routes: [{ dst: '0.0.0.0/0' }] },
        mtu: 1500,
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  }
  const path = '/etc/cni/net.d/10-kindnet.conflist'
  if (!files.exists(path)) files.writeSync(path, Buffer.from(`${JSON.stringify(conflist, null, 2)}\n`))
  await log('I', 'main.go:182', `handling current node ${process.machine.hostname}`)
  await process.waitFor(stop)
  return 0
}
