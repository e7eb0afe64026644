import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Cluster } from '@aws-sdk/client-eks'
import { addCluster } from './kubeconfig.ts'
import { EksctlError } from './log.ts'

const run = promisify(execFile)

interface List<T> {
  items: T[]
}

/** Runs kubectl against one cluster, with a kubeconfig of its own; gives its standard output. */
export async function kubectl(cluster: Cluster, args: string[], input?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'eksctl-'))
  try {
    const file = join(folder, 'config')
    await addCluster(file, cluster, 'eksctl')
    const running = run('kubectl', ['--kubeconfig', file, ...args], { maxBuffer: 64 * 1024 * 1024 })
    running.child.stdin?.end(input ?? '')
    const { stdout } = await running
    return stdout
  } catch (error) {
    const { code, stderr = '' } = error as { code?: string; stderr?: string }
    if (code === 'ENOENT') throw new EksctlError('kubectl is not on the PATH; install it and try again')
    // Discovery repeats itself before the line that counts, which is the last.
    throw new EksctlError(`asking the cluster: ${stderr.trim().split('\n').at(-1)}`)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Makes or changes an object of a cluster. */
export async function applyObject(cluster: Cluster, object: object): Promise<void> {
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify(object))
}

interface Node {
  metadata: { name: string }
  status?: { conditions?: { type: string; status: string }[] }
}

/** The nodes of a node group, and which of them are ready. */
export async function nodesOf(
  cluster: Cluster,
  nodegroup: string,
): Promise<{ name: string; ready: boolean }[]> {
  const selector = `alpha.eksctl.io/nodegroup-name=${nodegroup}`
  const text = await kubectl(cluster, ['get', 'nodes', '-l', selector, '-o', 'json'])
  return (JSON.parse(text) as List<Node>).items.map(({ metadata, status }) => ({
    name: metadata.name,
    ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
  }))
}

/** Deletes the Services of type LoadBalancer and waits until their load balancers are gone. */
export async function deleteLoadBalancers(cluster: Cluster): Promise<void> {
  const text = await kubectl(cluster, ['get', 'services', '--all-namespaces', '-o', 'json'])
  const { items } = JSON.parse(text) as List<{
    metadata: { name: string; namespace: string }
    spec?: { type?: string }
  }>
  for (const { metadata, spec } of items) {
    if (spec?.type !== 'LoadBalancer') continue
    await kubectl(cluster, ['delete', 'service', metadata.name, '-n', metadata.namespace, '--wait=true'])
  }
}
