import {
  type AddressRecord,
  type InstanceRecord,
  type NatGatewayRecord,
  type NetworkInterfaceRecord,
  type Scope,
  type SnapshotRecord,
  scopeOfKey,
  type VolumeRecord,
  type VpcEndpointRecord,
} from '#aws/ec2/index.ts'
import { definitionByArn, type TaskRecord } from '#aws/ecs/index.ts'
import { type FileSystemRecord, storedBytes } from '#aws/efs/index.ts'
import { AUTO_CLUSTER_TAG } from '#aws/eks/auto-machines.ts'
import { versionInfo } from '#aws/eks/data/versions.ts'
import type { ClusterRecord, NodeRecord } from '#aws/eks/index.ts'
import { awsKey } from '#aws/keys.ts'
import type { KeyRecord } from '#aws/kms/index.ts'
import { autoModePrice, instancePrice, PRICES, type Price, type PriceName } from '#aws/pricing/index.ts'
import type { World } from '#world/world.ts'

const GIB = 2 ** 30

/** One price that a resource costs, and how much of its unit the resource is. */
export interface Charge {
  price: Price
  quantity: number
}

/** What a record of the store costs while it is as it is. */
export interface Metered {
  /** `eks`, `ec2`: the service that bills it. */
  service: string
  /** `cluster`, `instance` */
  type: string
  name: string
  accountId: string
  region: string
  charges: Charge[]
}

/** Fargate bills a task from the download of its image until it ends. */
const FROM_PULL_TO_END = new Set(['PENDING', 'ACTIVATING', 'RUNNING', 'DEACTIVATING', 'STOPPING'])

const charge = (name: PriceName, quantity = 1): Charge => ({ price: PRICES[name], quantity })

type Meter = (record: never, scope: Scope) => { type: string; name: string; charges: Charge[] }

/** What is billed, by its folder in an account: `<service>/<type>`. */
const METERS: Record<string, Meter> = {
  'ec2/instances': ({ id, type, state, publicIp, tags }: InstanceRecord) => {
    const price = instancePrice(type)
    // A machine that is stopped costs nothing but its volumes.
    const running = state === 'running' || state === 'pending'
    const fee = tags[AUTO_CLUSTER_TAG] === undefined ? undefined : autoModePrice(type)
    return {
      type: `instance ${type}`,
      name: id,
      charges:
        running && price
          ? [
              { price, quantity: 1 },
              ...(fee ? [{ price: fee, quantity: 1 }] : []),
              ...(publicIp ? [charge('public-ipv4')] : []),
            ]
          : [],
    }
  },
  'ec2/volumes': ({ id, type, sizeGiB, iops = 0, throughput = 0 }: VolumeRecord) => ({
    type: `volume ${type}`,
    name: id,
    charges: [
      ...(`ebs.${type}` in PRICES ? [charge(`ebs.${type}` as PriceName, sizeGiB)] : []),
      ...(type.startsWith('io') ? [charge('ebs.piops', iops)] : []),
      ...(type === 'gp3' && iops > 3000 ? [charge('ebs.gp3.iops', iops - 3000)] : []),
      ...(type === 'gp3' && throughput > 125 ? [charge('ebs.gp3.throughput', throughput - 125)] : []),
    ],
  }),
  'ec2/snapshots': ({ id, sizeGiB }: SnapshotRecord) => ({
    type: 'snapshot',
    name: id,
    charges: [charge('ebs.snapshot', sizeGiB)],
  }),
  'ec2/nat-gateways': ({ id, state, publicIp }: NatGatewayRecord) => ({
    type: 'NAT gateway',
    name: id,
    charges:
      state === 'available' || state === 'pending'
        ? [charge('nat-gateway'), ...(publicIp ? [charge('public-ipv4')] : [])]
        : [],
  }),
  'ec2/network-interfaces': ({ id, publicIp, attachment, interfaceType }: NetworkInterfaceRecord) => ({
    type: 'public address',
    name: id,
    // Of tasks and load balancers; that of a machine or a NAT gateway is in that one's bill.
    charges:
      publicIp && !attachment?.instanceId && interfaceType !== 'nat_gateway' ? [charge('public-ipv4')] : [],
  }),
  'ec2/elastic-ips': ({ id, associationId, networkInterfaceId }: AddressRecord) => ({
    type: 'Elastic IP address',
    name: id,
    // On a machine or a NAT gateway it is in that one's bill.
    charges: associationId || networkInterfaceId ? [] : [charge('public-ipv4.idle')],
  }),
  'ec2/vpc-endpoints': ({ id, type, subnetIds }: VpcEndpointRecord) => ({
    type: 'VPC endpoint',
    name: id,
    charges: type === 'Interface' ? [charge('vpc-endpoint', subnetIds.length)] : [],
  }),
  'eks/clusters': ({ name, version }: ClusterRecord, { world }) => {
    const end = versionInfo(version)?.endOfStandardSupport
    const extended = end !== undefined && world.clock.now() >= Date.parse(end)
    return {
      type: 'cluster',
      name,
      charges: [charge('eks.cluster'), ...(extended ? [charge('eks.extended-support')] : [])],
    }
  },
  'eks/nodes': ({ name, fargateSize }: NodeRecord) => ({
    type: 'Fargate pod',
    name,
    charges: fargateSize
      ? [charge('fargate.vcpu', fargateSize.cpu / 1000), charge('fargate.memory', fargateSize.memory / 1024)]
      : [],
  }),
  'ecs/tasks': ({ id, definitionArn, launchType, lastStatus, cpu, memory }: TaskRecord, scope) => {
    const arm = definitionByArn(scope, definitionArn)?.rest.runtimePlatform?.cpuArchitecture === 'ARM64'
    const kind = arm ? 'fargate.arm' : 'fargate'
    const billed = launchType === 'FARGATE' && FROM_PULL_TO_END.has(lastStatus)
    return {
      type: 'Fargate task',
      name: id,
      charges: billed
        ? [charge(`${kind}.vcpu`, Number(cpu) / 1024), charge(`${kind}.memory`, Number(memory) / 1024)]
        : [],
    }
  },
  'elbv2/load-balancers': ({ name, type }: { name: string; type: 'application' | 'network' }) => ({
    type: `load balancer (${type})`,
    name,
    charges: [charge(`elb.${type}`)],
  }),
  'elb/load-balancers': ({ name }: { name: string }) => ({
    type: 'load balancer (classic)',
    name,
    charges: [charge('elb.classic')],
  }),
  'efs/file-systems': ({ id, zone, throughputMode, provisionedMibps = 0 }: FileSystemRecord, scope) => ({
    type: 'file system',
    name: id,
    charges: [
      charge(zone ? 'efs.one-zone' : 'efs.standard', storedBytes(scope, id) / GIB),
      ...(throughputMode === 'provisioned' ? [charge('efs.throughput', provisionedMibps)] : []),
    ],
  }),
  'ecr/repositories': ({ name }: { name: string }, scope) => ({
    type: 'repository',
    name,
    charges: [charge('ecr.storage', repositoryBytes(scope, name) / GIB)],
  }),
  'kms/keys': ({ id, manager, state }: KeyRecord) => ({
    type: 'key',
    name: id,
    // AWS's own keys are free, and a key that waits for its deletion is.
    charges: manager === 'CUSTOMER' && state !== 'PendingDeletion' ? [charge('kms.key')] : [],
  }),
  'secretsmanager/secrets': ({ name, deleted }: { name: string; deleted?: number }) => ({
    type: 'secret',
    name,
    charges: deleted === undefined ? [charge('secret')] : [],
  }),
}

/** The bytes of a repository's layers and manifests, each once. */
function repositoryBytes({ world, accountId, region }: Scope, name: string): number {
  const prefix = `registry/${accountId}.dkr.ecr.${region}.amazonaws.com/${name}/`
  const sizes = ['_blobs/', '_manifests/'].flatMap((folder) =>
    world.store.values<{ size: number }>(prefix + folder),
  )
  return sizes.reduce((sum, { size }) => sum + size, 0)
}

const KEY = /^aws\/\d+\/[^/]+\/([^/]+)\/([^/]+)\/(.+)$/
const EFS_DATA = /^efs-data\/(\d+)\/([^/]+)\/([^/]+)\//
const ECR_DATA = /^registry\/(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/(.+)\/_(?:blobs|manifests)\//

/** Whose bill a change in the store may alter: a key of the store, if anybody's. */
export function billedKey(key: string): string | undefined {
  const [, service, folder] = KEY.exec(key) ?? []
  if (service) return `${service}/${folder}` in METERS ? key : undefined
  const [, owner, place, fileSystemId] = EFS_DATA.exec(key) ?? []
  if (fileSystemId) return awsKey(owner!, place!, 'efs', 'file-systems', fileSystemId)
  const [, accountId, region, repository] = ECR_DATA.exec(key) ?? []
  return repository && awsKey(accountId!, region!, 'ecr', 'repositories', encodeURIComponent(repository))
}

/** What the record behind a key costs now; undefined: it is gone, or nobody bills it. */
export function meter(world: World, key: string): Metered | undefined {
  const record = world.store.get(key)?.value
  const [, service = '', folder] = KEY.exec(key) ?? []
  const read = METERS[`${service}/${folder}`]
  if (record === undefined || !read) return undefined
  const scope = scopeOfKey(world, key)
  const { accountId, region } = scope
  return { service, accountId, region, ...read(record as never, scope) }
}
