import { parse } from 'yaml'
import type { AddonRecord } from '#aws/eks/index.ts'
import { addonRecords } from '#aws/eks/tables.ts'
import type { KubernetesObject } from '#kubernetes/api.ts'
import { eksAddon, isKnownAddon } from '#kubernetes/eks-addons.ts'
import type { World } from '#world/world.ts'
import type { Clusters, RunningCluster } from './clusters.ts'
import { EKS_REGISTRY } from './system-addons.ts'

const ADDON_KEY = /^aws\/\d+\/[a-z0-9-]+\/eks\/addons\/([^/]+)\//

/** What was put into a cluster for an add-on, so that what somebody deletes there stays deleted until the next version. */
interface Installed {
  version: string
  configuration?: string
  role?: string
}

const folder = (clusterUid: string) => `cluster-addons/${clusterUid}/`

/** Brings the objects of the add-ons that EKS has on record into the clusters, and takes them out with it. */
export class InstalledAddons {
  readonly #world: World
  readonly #accountId: string
  readonly #clusters: Clusters
  #controller: { stop(): void; enqueue(key: string): void } | undefined

  constructor(world: World, accountId: string, clusters: Clusters) {
    this.#world = world
    this.#accountId = accountId
    this.#clusters = clusters
    clusters.onRunning(({ record }) => this.#controller?.enqueue(record.name))
  }

  start(): void {
    this.#controller = this.#world.controllers.start({
      name: 'eks-addons',
      sources: [
        {
          prefix: `aws/${this.#accountId}/`,
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
      const installed = store.get<Installed>(key)?.value
      const { version, configurationValues: configuration, serviceAccountRoleArn: role } = addon
      if (
        installed?.version === version &&
        installed.configuration === configuration &&
        installed.role === role
      )
        continue
      install(cluster, addon)
      store.put<Installed>(key, { version, ...(configuration && { configuration }), ...(role && { role }) })
    }
    for (const { key, value } of store.list<Installed>(folder(record.uid)).entries) {
      const name = key.slice(folder(record.uid).length)
      if (wanted.some((addon) => addon.name === name)) continue
      uninstall(cluster, name, value.version)
      store.delete(key)
    }
  }
}

function objectsOf({ record }: RunningCluster, name: string, version: string, values?: string) {
  if (!isKnownAddon(name)) return []
  const dnsAddress = record.serviceIpv4Cidr.replace(/\.\d+\/\d+$/, '.10')
  const configuration = values ? readValues(values) : {}
  return eksAddon(name, { version, registry: EKS_REGISTRY, dnsAddress, configuration })
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

/** What an update of an add-on changes. */
const UPDATED = new Set(['deployments.apps', 'daemonsets.apps', 'serviceaccounts'])
/** Service accounts that an add-on's own role is meant for. */
const WITH_ROLE = new Set(['aws-node', 'ebs-csi-controller-sa', 'efs-csi-controller-sa'])

/** EKS writes the role of an add-on on its service account. */
function withRole(resource: string, object: KubernetesObject, roleArn: string | undefined): KubernetesObject {
  const { metadata } = object
  if (!roleArn || resource !== 'serviceaccounts' || !WITH_ROLE.has(metadata.name)) return object
  const annotations = { ...metadata.annotations, 'eks.amazonaws.com/role-arn': roleArn }
  return { ...object, metadata: { ...metadata, annotations } }
}

/** Makes what is missing, and brings what runs to the add-on's version. */
function install(cluster: RunningCluster, addon: AddonRecord): void {
  const { name, version, configurationValues } = addon
  const { client } = cluster.kubernetes
  for (const { resource, object: plain } of objectsOf(cluster, name, version, configurationValues)) {
    const object = withRole(resource, plain, addon.serviceAccountRoleArn)
    const { namespace = '', name: objectName } = object.metadata
    const found = client.get(resource, namespace, objectName)
    if (!found) client.create(resource, object)
    else if (UPDATED.has(resource)) {
      client.update(resource, { ...object, metadata: { ...found.metadata, ...object.metadata } })
    }
  }
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
