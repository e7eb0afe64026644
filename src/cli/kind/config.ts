import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { KindError } from './log.ts'

const portMapping = z.strictObject({
  containerPort: z.int(),
  hostPort: z.int().optional(),
  listenAddress: z.string().optional(),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional(),
})

const node = z.strictObject({
  role: z.enum(['control-plane', 'worker']).default('control-plane'),
  image: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  extraPortMappings: z.array(portMapping).default([]),
  extraMounts: z.array(z.unknown()).default([]),
  kubeadmConfigPatches: z.array(z.string()).default([]),
})

const cluster = z.strictObject({
  kind: z.literal('Cluster'),
  apiVersion: z.literal('kind.x-k8s.io/v1alpha4'),
  name: z.string().optional(),
  nodes: z.array(node).default([]),
  networking: z
    .strictObject({
      ipFamily: z.string().optional(),
      apiServerPort: z.int().optional(),
      apiServerAddress: z.string().optional(),
      podSubnet: z.string().optional(),
      serviceSubnet: z.string().optional(),
      disableDefaultCNI: z.boolean().optional(),
      kubeProxyMode: z.string().optional(),
      dnsSearch: z.array(z.string()).optional(),
    })
    .default({}),
  featureGates: z.record(z.string(), z.boolean()).default({}),
  runtimeConfig: z.record(z.string(), z.string()).default({}),
  kubeadmConfigPatches: z.array(z.string()).default([]),
  kubeadmConfigPatchesJSON6902: z.array(z.unknown()).default([]),
  containerdConfigPatches: z.array(z.string()).default([]),
})

/** A cluster as kind's configuration describes it (kind.x-k8s.io/v1alpha4). */
export type ClusterConfig = z.infer<typeof cluster>
export type NodeConfig = z.infer<typeof node>

/** Reads a configuration file, `-` standard input; without one it is a cluster of one node. Throws KindError. */
export async function readConfig(path: string | undefined): Promise<ClusterConfig> {
  if (path === undefined) return complete({ kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4' })
  const text = await readFile(path === '-' ? '/dev/stdin' : path, 'utf8').catch(() => {
    throw new KindError(
      `failed to create cluster: error reading file: open ${path}: no such file or directory`,
    )
  })
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    throw new KindError(
      `failed to create cluster: unable to decode config: yaml: ${(error as Error).message.split('\n')[0]}`,
    )
  }
  return complete(value)
}

function complete(value: unknown): ClusterConfig {
  const { data, error } = cluster.safeParse(value)
  if (error) {
    const [issue] = error.issues
    throw new KindError(
      `failed to create cluster: unable to decode config: ${issue!.path.join('.') || 'document'}: ${issue!.message}`,
    )
  }
  const unsimulated = Object.entries({
    extraMounts: data.nodes.some(({ extraMounts }) => extraMounts.length > 0),
    kubeadmConfigPatchesJSON6902: data.kubeadmConfigPatchesJSON6902.length > 0,
    containerdConfigPatches: data.containerdConfigPatches.length > 0,
    'an ipFamily other than ipv4': !['ipv4', undefined].includes(data.networking.ipFamily),
  })
  const refused = unsimulated.filter(([, used]) => used).map(([name]) => name)
  if (refused.length > 0)
    throw new KindError(`drydock: this edition of kind does not simulate ${refused.join(', ')}`)
  if (data.nodes.length === 0) data.nodes.push(node.parse({}))
  if (!data.nodes.some(({ role }) => role === 'control-plane'))
    throw new KindError('failed to create cluster: must have at least one control-plane node')
  return data
}
