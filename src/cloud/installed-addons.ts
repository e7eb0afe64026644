import { parse } from 'yaml'
import type { AddonRecord, AddonWatch, ClusterRecord, Issue } from '#aws/eks/index.ts'
import { addonRecords } from '#aws/eks/tables.ts'
import { type KubernetesObject, StatusError } from '#kubernetes/api.ts'
import { type AddonObject, eksAddon, isKnownAddon } from '#kubernetes/eks-addons.ts'
import type { World } from '#world/world.ts'
import type { Clusters, RunningCluster } from './clusters.ts'
import { EKS_MANAGER, EKS_REGISTRY } from './system-addons.ts'

const ADDON_KEY = /^aws\/\d+\/[a-z0-9-]+\/eks\/addons\/([^/]+)\//

/** What was last put into a cluster for an add-on, so that what somebody deletes there stays deleted until the next update. */
interface Installed {
  /** The creation or update that it was put there by. */
  operation: string
  version: string
  issues?: Issue[]
}

const folder = (clusterUid: string) => `cluster-addons/${clusterUid}/`

/** Brings the objects of the add-ons that EKS has on record into the clusters, and takes them out with it. */
export class InstalledAddons implements AddonWatch {
  readonly #world: World
  readonly #clusters: Clusters
  #controller: { stop(): void; enqueue(key: string): void } | undefined

  constructor(world: World, clusters: Clusters) {
    this.#world = world
    this.#clusters = clusters
    clusters.onRunning(({ record }) => this.#controller?.enqueue(record.name))
  }

  start(): void {
    this.#controller = this.#world.controllers.start({
      name: 'eks-addons',
      sources: [
        {
          prefix: 'aws/',
          keys: ({ key }) => {
            const cluster = ADDON_KEY.exec(key)?.[1]
            return cluster ? [decodeURIComponent(cluster)] : []
          },
        },
      ],
      reconcile: (name) => {
        for (const cluster of this.#clusters.named(name)) this.#reconcile(cluster)
      },
    })
  }

  stop(): void {
    this.#controller?.stop()
  }

  #reconcile(cluster: RunningCluster): void {
    const { store } = this.#world
    const { record, scope } = cluster
    const wanted = addonRecords.list(scope, record.name).filter(({ status }) => status !== 'DELETING')
    for (const addon of wanted) {
      const key = `${folder(record.uid)}${addon.name}`
      const operation = operationOf(addon)
      const installed = store.get<Installed>(key)?.value
      const settled = addon.status !== 'CREATING' && addon.status !== 'UPDATING'
      if (installed && (settled || installed.operation === operation)) continue
      const issues = install(cluster, addon)
      store.put<Installed>(key, { operation, version: addon.version, ...(issues.length > 0 && { issues }) })
    }
    for (const { key, value } of store.list<Installed>(folder(record.uid)).entries) {
      const name = key.slice(folder(record.uid).length)
      if (wanted.some((addon) => addon.name === name)) continue
      if (!addonRecords.find(scope, record.name, name)?.preserve) uninstall(cluster, name, value.version)
      store.delete(key)
    }
  }

  outcome({ uid }: ClusterRecord, addon: AddonRecord): Issue[] | undefined {
    const installed = this.#world.store.get<Installed>(`${folder(uid)}${addon.name}`)?.value
    return installed?.operation === operationOf(addon) ? (installed.issues ?? []) : undefined
  }

  removed({ uid }: ClusterRecord, { name }: AddonRecord): boolean {
    return this.#world.store.get(`${folder(uid)}${name}`) === undefined
  }
}

const operationOf = ({ updateId, uid }: AddonRecord) => updateId ?? uid

function objectsOf({ record }: RunningCluster, name: string, version: string, values?: string) {
  if (!isKnownAddon(name)) return []
  const dnsAddress = record.serviceIpv4Cidr.replace(/\.\d+\/\d+$/, '.10')
  const configuration = values ? readValues(values) : {}
  return eksAddon(name, {
    version,
    registry: EKS_REGISTRY,
    dnsAddress,
    endpoint: record.endpoint,
    configuration,
  })
}

/** `configurationValues`, JSON or YAML; EKS would have refused what is neither. */
function readValues(text: string): object {
  try {
    const values: unknown = parse(text)
    return typeof values === 'object' && values !== null ? values : {}
  } catch {
    return {}
  }
}

type Wanted = Pick<AddonRecord, 'name' | 'version' | 'configurationValues' | 'serviceAccountRoleArn'>

/** The objects of an add-on as its record wants them. */
export const addonObjects = (cluster: RunningCluster, wanted: Wanted): AddonObject[] =>
  objectsOf(cluster, wanted.name, wanted.version, wanted.configurationValues).map(({ resource, object }) => ({
    resource,
    object: withRole(resource, object, wanted.serviceAccountRoleArn),
  }))

/** Service accounts that an add-on's own role is meant for. */
const WITH_ROLE = new Set(['aws-node', 'ebs-csi-controller-sa', 'efs-csi-controller-sa'])

/** EKS writes the role of an add-on on its service account. */
function withRole(resource: string, object: KubernetesObject, roleArn: string | undefined): KubernetesObject {
  const { metadata } = object
  if (!roleArn || resource !== 'serviceaccounts' || !WITH_ROLE.has(metadata.name)) return object
  const annotations = { ...metadata.annotations, 'eks.amazonaws.com/role-arn': roleArn }
  return { ...object, metadata: { ...metadata, annotations } }
}

/**
 * Applies the objects of an add-on as the field manager `eks`, with its way of resolving conflicts; gives the conflicts that it must
 * not resolve, before which nothing is changed. Rules and text: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html
 * and issues of aws/amazon-vpc-cni-k8s and eksctl that quote it (read 2026-11).
 */
function install(cluster: RunningCluster, addon: AddonRecord): Issue[] {
  const { resolveConflicts = 'NONE' } = addon
  const { client } = cluster.kubernetes
  const objects = addonObjects(cluster, addon)
  const conflicts: string[] = []
  const apply = ({ resource, object }: AddonObject, how: 'refuse' | 'take' | 'leave', dryRun: boolean) => {
    try {
      client.apply(resource, object, { fieldManager: EKS_MANAGER, conflicts: how, dryRun })
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Conflict') throw error
      const causes = (error.details?.causes ?? []) as { field: string }[]
      const group = resource.split('.').slice(1).join('.')
      const kind = group === '' ? object.kind : `${object.kind}.${group}`
      conflicts.push(...causes.map(({ field }) => `${kind} ${object.metadata.name} - ${field}`))
    }
  }
  if (resolveConflicts === 'NONE') for (const one of objects) apply(one, 'refuse', true)
  if (conflicts.length > 0) {
    const message = `Conflicts found when trying to apply. Will not continue due to resolve conflicts mode. Conflicts:\n${conflicts.join('\n')}`
    return [{ code: 'ConfigurationConflict', message, resourceIds: [] }]
  }
  for (const one of objects) apply(one, resolveConflicts === 'PRESERVE' ? 'leave' : 'take', false)
  return []
}

function uninstall(cluster: RunningCluster, name: string, version: string): void {
  const { client } = cluster.kubernetes
  for (const { resource, object } of objectsOf(cluster, name, version)) {
    const { namespace = '', name: objectName } = object.metadata
    if (client.get(resource, namespace, objectName)) client.delete(resource, namespace, objectName)
  }
}

/** Forgets a cluster that is gone. */
export function forgetInstalledAddons(world: World, clusterUid: string): void {
  const { entries } = world.store.list(folder(clusterUid))
  world.store.commit(entries.map(({ key }) => ({ key, value: undefined })))
}
