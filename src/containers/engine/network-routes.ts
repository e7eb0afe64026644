import { badRequest, parseFilters, type Route, readJson, sendJson, sendNothing } from './api.ts'
import type { ContainerRecord } from './container-record.ts'
import { hasLabel, pruneFilter } from './labels.ts'
import { hasNames, macAddress, type NetworkRecord, prefixLength } from './networks.ts'
import type { EngineParts } from './parts.ts'

/** A network as the API shows it. */
function view(network: NetworkRecord, attached: readonly ContainerRecord[]) {
  const { subnet, gateway, range, reserved } = network
  return {
    Name: network.name,
    Id: network.id,
    Created: new Date(network.createdAt).toISOString().replace('Z', '000000Z'),
    Scope: 'local',
    Driver: network.driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: {
      Driver: 'default',
      Options: hasNames(network.name) ? {} : null,
      Config: subnet
        ? [
            {
              Subnet: subnet,
              ...(range ? { IPRange: range } : {}),
              Gateway: gateway,
              ...(reserved ? { AuxiliaryAddresses: reserved } : {}),
            },
          ]
        : null,
    },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(
      attached.map((record) => {
        const endpoint = record.endpoints[network.name]!
        return [
          record.id,
          {
            Name: record.name,
            EndpointID: endpoint.id,
            MacAddress: endpoint.address ? macAddress(endpoint) : '',
            IPv4Address: endpoint.address ? `${endpoint.address}/${prefixLength(network)}` : '',
            IPv6Address: '',
          },
        ]
      }),
    ),
    Options: network.options,
    Labels: network.labels,
  }
}

type Test = (network: NetworkRecord, value: string) => boolean

const FILTERS: Record<string, Test> = {
  driver: ({ driver }, value) => driver === value,
  id: ({ id }, value) => id.startsWith(value),
  label: ({ labels }, value) => hasLabel(labels, value),
  name: ({ name }, value) => name.includes(value),
  scope: (_network, value) => value === 'local',
  type: ({ name }, value) => (value === 'custom') === hasNames(name),
}

/** Networks: create, list, inspect, connect, disconnect, remove, prune. */
export function networkRoutes({ world, store, networks, containers, events }: EngineParts): Route[] {
  const named = (network: NetworkRecord) => ({ name: network.name, type: network.driver })
  const remove = (name: string) => {
    const network = networks.remove(name, store.all())
    events.emit('network', 'destroy', network.id, named(network))
    return network
  }
  return [
    [
      'GET',
      /^\/networks$/,
      (call) => {
        const { dangling, ...filters } = parseFilters(call.query.get('filters'))
        for (const name of Object.keys(filters))
          if (!FILTERS[name]) throw badRequest(`invalid filter '${name}'`)
        const unused = (network: NetworkRecord) =>
          hasNames(network.name) && networks.attached(network, store.all()).length === 0
        const list = networks
          .all()
          .filter((network) => !dangling || (dangling[0] === 'true') === unused(network))
          .filter((network) =>
            Object.entries(filters).every(([name, values]) =>
              name === 'label'
                ? values.every((value) => FILTERS.label!(network, value))
                : values.some((value) => FILTERS[name]!(network, value)),
            ),
          )
        sendJson(
          call,
          200,
          list.map((network) => view(network, [])),
        )
      },
    ],
    [
      'POST',
      /^\/networks\/create$/,
      async (call) => {
        const network = networks.create(await readJson(call))
        await world.store.flushed()
        events.emit('network', 'create', network.id, named(network))
        sendJson(call, 201, { Id: network.id, Warning: '' })
      },
    ],
    [
      'POST',
      /^\/networks\/prune$/,
      async (call) => {
        const goes = pruneFilter(parseFilters(call.query.get('filters')), world.clock.now())
        const unused = networks
          .all()
          .filter((network) => hasNames(network.name) && networks.attached(network, store.all()).length === 0)
          .filter(goes)
        for (const { id } of unused) remove(id)
        await world.store.flushed()
        sendJson(call, 200, { NetworksDeleted: unused.length > 0 ? unused.map(({ name }) => name) : null })
      },
    ],
    [
      'GET',
      /^\/networks\/([^/]+)$/,
      (call) => {
        const network = networks.require(call.params[0]!)
        sendJson(call, 200, view(network, networks.attached(network, store.all())))
      },
    ],
    [
      'POST',
      /^\/networks\/([^/]+)\/connect$/,
      async (call) => {
        const { Container, EndpointConfig } = await readJson(call)
        containers.connect(call.params[0]!, Container ?? '', EndpointConfig)
        await world.store.flushed()
        sendNothing(call, 200)
      },
    ],
    [
      'POST',
      /^\/networks\/([^/]+)\/disconnect$/,
      async (call) => {
        const { Container, Force } = await readJson(call)
        containers.disconnect(call.params[0]!, Container ?? '', Force ?? false)
        await world.store.flushed()
        sendNothing(call, 200)
      },
    ],
    [
      'DELETE',
      /^\/networks\/([^/]+)$/,
      async (call) => {
        remove(call.params[0]!)
        await world.store.flushed()
        sendNothing(call)
      },
    ],
  ]
}
