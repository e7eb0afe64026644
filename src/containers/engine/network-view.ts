import type { NetworkView } from '../runtime.ts'
import type { ContainerRecord } from './container-record.ts'
import { macAddress, type Networks, prefixLength } from './networks.ts'
import { hostAddress, parseSubnet } from './subnets.ts'

/**
 * The interfaces of a container, one for each of its networks in the order that it was put into them, with a default route
 * over the first that leads out; undefined: it has those of the engine's machine.
 */
export function networkView({ endpoints }: ContainerRecord, networks: Networks): NetworkView | undefined {
  if (endpoints.host) return undefined
  const view: NetworkView = { interfaces: [], routes: [] }
  for (const endpoint of Object.values(endpoints)) {
    const network = networks.find(endpoint.networkId)
    const subnet = network && parseSubnet(network.subnet)
    if (!subnet || endpoint.address === '') continue
    const name = `eth${view.interfaces.length}`
    view.interfaces.push({
      name,
      index: view.interfaces.length + 2,
      // The machine has its loopback, its own interface and the bridges before the ends of containers.
      peerIndex: 5 + (Number.parseInt(endpoint.id.slice(0, 4), 16) % 200),
      macAddress: macAddress(endpoint),
      address: endpoint.address,
      prefixLength: prefixLength(network),
      broadcast: hostAddress(subnet, subnet.size - 1),
      mtu: Number(network.options['com.docker.network.driver.mtu'] ?? 1500),
      queueLength: 0,
      linkLocal: false,
    })
    const { gateway, internal } = network
    if (gateway && !internal && !view.routes.some(({ destination }) => destination === 'default'))
      view.routes.unshift({ destination: 'default', gateway, device: name })
    view.routes.push({ destination: subnet.text, device: name, source: endpoint.address, kernel: true })
  }
  return view
}
