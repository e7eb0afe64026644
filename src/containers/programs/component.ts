import { createHash } from 'node:crypto'
import type { Process, Program } from '../processes/process.ts'

/** What cluster components say when they start; their work is the cluster's own affair. */
const LINES: Record<string, string[]> = {
  'kube-proxy': ['"Using iptables Proxier"', '"Starting service config controller"'],
  'metrics-server': ['"Generated self-signed cert"', '"Serving securely on [::]:10251"'],
  'aws-load-balancer-controller': [
    '{"level":"info","msg":"version","GitVersion":"v2.14.1"}',
    '{"level":"info","logger":"setup","msg":"starting podInfo repo"}',
    '{"level":"info","logger":"controller-runtime.metrics","msg":"Serving metrics server","bindAddress":":8080","secure":false}',
  ],
  'aws-vpc-cni': [
    'Installed /host/opt/cni/bin/aws-cni',
    'Starting IPAM daemon in the background ... ',
    'Checking for IPAM connectivity ... ',
  ],
}

/** Options without which a component does not start. */
const REQUIRED: Record<string, { option: string; complaint: string }> = {
  'aws-load-balancer-controller': {
    option: '--cluster-name',
    complaint:
      '{"level":"error","logger":"setup","msg":"unable to load controller config","error":"kubernetes cluster name must be specified"}',
  },
}

/** What CoreDNS says when it starts (coremain/run.go, plugin/reload). */
async function corednsLines(process: Process, version: string): Promise<string[]> {
  const path = process.argv[process.argv.indexOf('-conf') + 1] ?? 'Corefile'
  const bytes = await process.files.read(path).catch(() => undefined)
  const corefile = bytes && Buffer.from(bytes).toString()
  const hash = corefile && createHash('sha512').update(corefile).digest('hex')
  const watched = corefile !== undefined && /^\s*reload\b/m.test(corefile)
  return [
    'maxprocs: Leaving GOMAXPROCS=8: CPU quota undefined',
    '.:53',
    ...(watched ? [`[INFO] plugin/reload: Running configuration SHA512 = ${hash}`] : []),
    `CoreDNS-${version}`,
    'linux/amd64, go1.25.2, ',
  ]
}

/** Runs until it is told to stop. */
export function component(name: string, version: string): Program {
  return async (process) => {
    const stop = new Promise<number>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve(0))
    })
    if (name === 'aws-vpc-cni-init') return 0
    const misses = REQUIRED[name]
    if (misses && !process.argv.some((word) => word.startsWith(`${misses.option}=`))) {
      await process.complain(`${misses.complaint}\n`)
      return 1
    }
    const lines = name === 'coredns' ? await corednsLines(process, version) : LINES[name]
    for (const line of lines ?? []) await process.print(`${line}\n`)
    return process.waitFor(stop)
  }
}
