import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { EksctlError } from './log.ts'

const managedNodeGroup = z.object({
  name: z.string(),
  instanceType: z.string().optional(),
  instanceTypes: z.array(z.string()).optional(),
  desiredCapacity: z.number().int().min(0).optional(),
  minSize: z.number().int().min(0).optional(),
  maxSize: z.number().int().min(1).optional(),
  volumeSize: z.number().int().min(1).optional(),
  privateNetworking: z.boolean().optional(),
  spot: z.boolean().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  taints: z.array(z.object({ key: z.string(), value: z.string().optional(), effect: z.string() })).optional(),
})

/** The part of eksctl's ClusterConfig that is understood here; a field outside it is refused by name. */
const clusterConfig = z.strictObject({
  apiVersion: z.literal('eksctl.io/v1alpha5'),
  kind: z.literal('ClusterConfig'),
  metadata: z.strictObject({
    name: z.string(),
    region: z.string().optional(),
    version: z.union([z.string(), z.number()]).transform(String).optional(),
    tags: z.record(z.string(), z.string()).optional(),
  }),
  availabilityZones: z.array(z.string()).optional(),
  managedNodeGroups: z.array(managedNodeGroup.strict()).optional(),
  vpc: z
    .strictObject({
      cidr: z.string().optional(),
      nat: z.strictObject({ gateway: z.enum(['Single', 'Disable', 'HighlyAvailable']) }).optional(),
    })
    .optional(),
  addons: z.array(z.strictObject({ name: z.string(), version: z.string().optional() })).optional(),
  accessConfig: z
    .strictObject({ authenticationMode: z.enum(['API', 'API_AND_CONFIG_MAP', 'CONFIG_MAP']) })
    .optional(),
})

export type ClusterConfig = z.infer<typeof clusterConfig>
export type NodeGroupConfig = z.infer<typeof managedNodeGroup>

/** Reads a ClusterConfig file (`-` is standard input). Throws EksctlError naming the field that is wrong. */
export async function readClusterConfig(file: string): Promise<ClusterConfig> {
  let text: string
  try {
    text = await readFile(file === '-' ? '/dev/stdin' : file, 'utf8')
  } catch {
    throw new EksctlError(`reading config file "${file}": open ${file}: no such file or directory`)
  }
  const result = clusterConfig.safeParse(parse(text))
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]!
  throw new EksctlError(
    `loading config file "${file}": ${path.length > 0 ? `${path.join('.')}: ` : ''}${message} (Drydock's eksctl understands a part of the schema)`,
  )
}
