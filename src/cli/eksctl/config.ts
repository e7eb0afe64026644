import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { EksctlError } from './log.ts'

const text = z.string()
const size = z.number().int().min(0)
const strings = z.record(text, text)

/** What both kinds of node groups have. */
const nodeGroupBase = z.strictObject({
  name: text,
  ami: text.optional(),
  amiFamily: z.literal('AmazonLinux2023').optional(),
  instanceType: text.optional(),
  desiredCapacity: size.optional(),
  minSize: size.optional(),
  maxSize: z.number().int().min(1).optional(),
  volumeSize: z.number().int().min(1).optional(),
  volumeType: text.optional(),
  privateNetworking: z.boolean().optional(),
  subnets: z.array(text).optional(),
  labels: strings.optional(),
  tags: strings.optional(),
  taints: z.array(z.strictObject({ key: text, value: text.optional(), effect: text })).optional(),
  iam: z.strictObject({ instanceRoleARN: text.optional() }).optional(),
})

const managedNodeGroup = nodeGroupBase.extend({
  instanceTypes: z.array(text).optional(),
  spot: z.boolean().optional(),
  updateConfig: z
    .strictObject({ maxUnavailable: size.optional(), maxUnavailablePercentage: size.optional() })
    .optional(),
})

const attachment = z.strictObject({ namespace: text.optional(), name: text })

const serviceAccount = z.strictObject({
  metadata: attachment,
  attachPolicyARNs: z.array(text).optional(),
  roleName: text.optional(),
  roleOnly: z.boolean().optional(),
})

const subnetMap = z.record(text, z.strictObject({ id: text }))

/** The part of eksctl's ClusterConfig that is understood here; a field outside it is refused by name. */
const clusterConfig = z.strictObject({
  apiVersion: z.literal('eksctl.io/v1alpha5'),
  kind: z.literal('ClusterConfig'),
  metadata: z.strictObject({
    name: text,
    region: text.optional(),
    version: z.union([text, z.number()]).transform(String).optional(),
    tags: strings.optional(),
  }),
  availabilityZones: z.array(text).optional(),
  managedNodeGroups: z.array(managedNodeGroup).optional(),
  nodeGroups: z.array(nodeGroupBase).optional(),
  fargateProfiles: z
    .array(
      z.strictObject({
        name: text,
        podExecutionRoleARN: text.optional(),
        subnets: z.array(text).optional(),
        selectors: z.array(z.strictObject({ namespace: text, labels: strings.optional() })),
      }),
    )
    .optional(),
  vpc: z
    .strictObject({
      id: text.optional(),
      cidr: text.optional(),
      subnets: z.strictObject({ public: subnetMap.optional(), private: subnetMap.optional() }).optional(),
      nat: z.strictObject({ gateway: z.enum(['Single', 'Disable', 'HighlyAvailable']) }).optional(),
      clusterEndpoints: z
        .strictObject({ publicAccess: z.boolean().optional(), privateAccess: z.boolean().optional() })
        .optional(),
      publicAccessCIDRs: z.array(text).optional(),
    })
    .optional(),
  iam: z
    .strictObject({
      withOIDC: z.boolean().optional(),
      serviceRoleARN: text.optional(),
      serviceAccounts: z.array(serviceAccount).optional(),
    })
    .optional(),
  iamIdentityMappings: z
    .array(z.strictObject({ arn: text, username: text.optional(), groups: z.array(text).optional() }))
    .optional(),
  addons: z
    .array(
      z.strictObject({
        name: text,
        version: text.optional(),
        serviceAccountRoleARN: text.optional(),
        configurationValues: text.optional(),
        resolveConflicts: z.enum(['none', 'overwrite', 'preserve']).optional(),
      }),
    )
    .optional(),
  addonsConfig: z.strictObject({ disableDefaultAddons: z.boolean().optional() }).optional(),
  accessConfig: z
    .strictObject({
      authenticationMode: z.enum(['API', 'API_AND_CONFIG_MAP', 'CONFIG_MAP']).optional(),
      bootstrapClusterCreatorAdminPermissions: z.boolean().optional(),
    })
    .optional(),
  cloudWatch: z
    .strictObject({
      clusterLogging: z.strictObject({ enableTypes: z.array(text) }).optional(),
    })
    .optional(),
  autoModeConfig: z
    .strictObject({
      enabled: z.boolean(),
      nodePools: z.array(z.enum(['general-purpose', 'system'])).optional(),
      nodeRoleARN: text.optional(),
    })
    .optional(),
  secretsEncryption: z.strictObject({ keyARN: text }).optional(),
  kubernetesNetworkConfig: z.strictObject({ serviceIPv4CIDR: text.optional() }).optional(),
})

export type ClusterConfig = z.infer<typeof clusterConfig>
export type NodeGroupConfig = z.infer<typeof managedNodeGroup>
export type SelfManagedConfig = z.infer<typeof nodeGroupBase>
export type FargateProfileConfig = NonNullable<ClusterConfig['fargateProfiles']>[number]
export type AddonConfig = NonNullable<ClusterConfig['addons']>[number]
export type ServiceAccountConfig = z.infer<typeof serviceAccount>

/** Reads a ClusterConfig file (`-` is standard input). Throws EksctlError naming the field that is wrong. */
export async function readClusterConfig(file: string): Promise<ClusterConfig> {
  let content: string
  try {
    content = await readFile(file === '-' ? '/dev/stdin' : file, 'utf8')
  } catch {
    throw new EksctlError(`reading config file "${file}": open ${file}: no such file or directory`)
  }
  const result = clusterConfig.safeParse(parse(content))
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]!
  throw new EksctlError(
    `loading config file "${file}": ${path.length > 0 ? `${path.join('.')}: ` : ''}${message} (Drydock's eksctl understands a part of the schema)`,
  )
}
