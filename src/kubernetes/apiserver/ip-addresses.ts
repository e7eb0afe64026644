import type { Controller } from '#world/controller.ts'
import type { Obj } from './json.ts'
import { kindOf } from './kinds/registry.ts'
import type { Objects } from './storage/objects.ts'

const MANAGED_BY = 'ipaddress.kubernetes.io/managed-by'
const MANAGER = 'ipallocator.k8s.io'

/**
 * Shows each address that a Service has been given as an IPAddress, and the range that they come from as ready. Reconcile keys are
 * Services' `<namespace>/<name>`. Models pkg/registry/core/service/ipallocator and pkg/controller/servicecidrs.
 */
export function ipAddresses(objects: Objects): Controller {
  const kind = kindOf('ipaddresses.networking.k8s.io')
  const services = kindOf('services')
  const { context } = objects

  /** The addresses of each Service as they were last seen: what is left of one that is gone. */
  const known = new Map<string, string[]>()

  return {
    name: 'ipaddresses',
    sources: [
      {
        prefix: objects.prefix(services),
        keys: ({ entry }) => {
          const { namespace, name } = (entry.value as Obj).metadata
          return [`${namespace}/${name}`]
        },
      },
    ],
    reconcile(key) {
      const [namespace = '', name = ''] = key.split('/')
      const spec: Obj = (objects.get(services, namespace, name)?.value as Obj | undefined)?.spec ?? {}
      const wanted: string[] = (spec.clusterIPs ?? []).filter((address: string) => address !== 'None')
      const parentRef = { group: '', resource: 'services', namespace, name }
      const isOurs = (address: string) => {
        const present = context.get('ipaddresses.networking.k8s.io', '', address)
        return present?.spec.parentRef.name === name && present.spec.parentRef.namespace === namespace
      }
      for (const address of known.get(key) ?? [])
        if (!wanted.includes(address) && isOurs(address)) objects.delete(kind, '', address)
      for (const address of wanted) {
        if (objects.get(kind, '', address)) continue
        objects.create(kind, '', {
          metadata: {
            name: address,
            labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv4', [MANAGED_BY]: MANAGER },
          },
          spec: { parentRef },
        })
      }
      if (wanted.length > 0) known.set(key, wanted)
      else known.delete(key)
    },
  }
}
