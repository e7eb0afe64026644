import type { AddonRecord } from '#aws/eks/index.ts'
import { addonRecords } from '#aws/eks/tables.ts'
import { eksAddon, isKnownAddon } from '#kubernetes/eks-addons.ts'
import type { World } from '#world/world.ts'
import type { Clusters, RunningCluster } from './clusters.ts'
import { EKS_REGISTRY } from './system-addons.ts'

const ADDON_KEY = /^aws\/\d+\/[a-z0-9-]+\/eks\/addons\/([^/]+)\//

/** What was put into a cluster for an add-on, so that what somebody deletes there stays deleted until the next version. */
interface Installed {
  version: string
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
      if (store.get<Installed>(key)?.value.version === addon.version) continue
      install(cluster, addon)
      store.put<Installed>(key, { version: addon.version })
    }
    for (const { key, value } of store.list<Installed>(folder(record.uid)).entries) {
      const name = key.slice(folder(record.uid).length)
      if (wanted.some((addon) => addon.name === name)) continue
      uninstall(cluster, name, value.version)
      store.delete(key)
    }
  }
}

function objectsOf({ record }: RunningCluster, name: string, version: string) {
  if (!isKnownAddon(name)) return []
  const dnsAddress = record.serviceIpv4Cidr.replace(/\.\d+\/\d+$/, '.10')
  return eksAddon(name, { version, registry: EKS_REGISTRY, dnsAddress })
}

/** Makes what is missing, and brings what runs to the add-on's version. */
function install(cluster: RunningCluster, { name, version }: AddonRecord): void {
  const { client } = cluster.kubernetes
  for (const { resource, object } of objectsOf(cluster, name, version)) {
    const { namespace = '', name: objectName } = object.metadata
    const found = client.get(resource, namespace, objectName)
    if (!found) client.create(resource, object)
    else if (resource === 'deployments.apps' || resource === 'daemonsets.apps') {
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
