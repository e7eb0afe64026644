import type { Program } from '../processes/process.ts'

/** What cluster components say when they start; their work is the cluster's own affair. */
const LINES: Record<string, string[]> = {
  'metrics-server': ['"Generated self-signed cert"', '"Serving securely on [::]:10251"'],
  'aws-load-balancer-controller': [
    '{"level":"info","msg":"version","GitVersion":"v2.14.1"}',
    '{"level":"info","logger":"setup","msg":"starting podInfo repo"}',
    '{"level":"info","logger":"controller-runtime.metrics","msg":"Serving metrics server","bindAddress":":8080","secure":false}',
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

/** Runs until it is told to stop. */
export function component(name: string): Program {
  return async (process) => {
    const stop = new Promise<number>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve(0))
    })
    const misses = REQUIRED[name]
    if (misses && !process.argv.some((word) => word.startsWith(`${misses.option}=`))) {
      await process.complain(`${misses.complaint}\n`)
      return 1
    }
    for (const line of LINES[name] ?? []) await process.print(`${line}\n`)
    return process.waitFor(stop)
  }
}
