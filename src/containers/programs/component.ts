import type { Program } from '../processes/process.ts'

/** What cluster components say when they start; their work is the cluster's own affair. */
const LINES: Record<string, string[]> = {
  coredns: ['.:53', 'CoreDNS-1.12.4', 'linux/amd64, go1.24.6'],
  'kube-proxy': ['"Using iptables Proxier"', '"Starting service config controller"'],
  'metrics-server': ['"Generated self-signed cert"', '"Serving securely on [::]:10251"'],
  'aws-vpc-cni': [
    'Installed /host/opt/cni/bin/aws-cni',
    'Starting IPAM daemon in the background ... ',
    'Checking for IPAM connectivity ... ',
  ],
}

/** Runs until it is told to stop. */
export function component(name: string): Program {
  return async (process) => {
    const stop = new Promise<number>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve(0))
    })
    if (name === 'aws-vpc-cni-init') return 0
    for (const line of LINES[name] ?? []) await process.print(`${line}\n`)
    return process.waitFor(stop)
  }
}
