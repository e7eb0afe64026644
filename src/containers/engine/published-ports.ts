import type { Duplex } from 'node:stream'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import { EngineError } from './api.ts'
import type { ContainerRecord } from './container-record.ts'

/** Where published ports listen on the world's network: the lab's `localhost` leads there. */
export const HOST_ADDRESS = '127.0.0.1'

/** Ports that are given out for `-P` and `-p 80`. */
const FIRST_FREE_PORT = 32768

/**
 * Opens a container's published ports; with `-P` also those that its image exposes. Each that is open is given to `opened`.
 * Throws EngineError with the engine's text for a port that is taken.
 */
export function publishPorts(
  record: ContainerRecord,
  exposed: Record<string, object>,
  network: VirtualNetwork,
  opened: (listener: { close(): void }) => void,
): ContainerRecord['ports'] {
  if (!canPublish(record)) return []
  return wantedBindings(record, exposed).map(({ port, HostIp, HostPort }) => {
    const containerPort = Number.parseInt(port, 10)
    const protocol = port.split('/')[1] ?? 'tcp'
    const hostIp = HostIp ?? ''
    const accept = (socket: Duplex) => forward(socket, record.address, containerPort, network)
    const [first = '', last] = (HostPort ?? '').split('-')
    for (let hostPort = Number(first) || FIRST_FREE_PORT; ; hostPort++) {
      try {
        // The simulated network carries TCP only; other protocols' ports are taken down and lead nowhere.
        if (protocol === 'tcp') opened(network.listen(HOST_ADDRESS, hostPort, accept))
        return { containerPort, protocol, hostIp, hostPort }
      } catch {
        if (Number(first) && hostPort >= Number(last ?? first)) {
          throw new EngineError(
            500,
            `failed to set up container networking: driver failed programming external connectivity on endpoint ${record.name} (${record.id}): Bind for ${hostIp || '0.0.0.0'}:${HostPort} failed: port is already allocated`,
          )
        }
      }
    }
  })
}

/** On the machine's own network there is nothing to publish, without one nothing to lead to. */
export const canPublish = ({ endpoints }: Pick<ContainerRecord, 'endpoints'>): boolean =>
  Object.keys(endpoints).some((name) => name !== 'host' && name !== 'none')

interface Binding {
  /** `80/tcp` */
  port: string
  HostIp?: string
  HostPort?: string
}

function wantedBindings({ config, hostConfig }: ContainerRecord, exposed: Record<string, object>): Binding[] {
  const bindings = Object.entries(hostConfig.PortBindings ?? {}).flatMap(([port, list]) =>
    (list && list.length > 0 ? list : [{}]).map((binding): Binding => ({ port, ...binding })),
  )
  if (hostConfig.PublishAllPorts) {
    bindings.push(...Object.keys({ ...exposed, ...config.ExposedPorts }).map((port) => ({ port })))
  }
  return bindings
}

function forward(socket: Duplex, address: string, port: number, network: VirtualNetwork): void {
  try {
    const inside = network.connect({ address, port }, { address: '172.17.0.1', port: 40000 })
    socket.pipe(inside).pipe(socket)
    socket.on('error', () => inside.destroy())
    inside.on('error', () => socket.destroy())
  } catch {
    socket.destroy()
  }
}
