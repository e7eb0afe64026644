import type { Ids } from '#world/ids.ts'
import { type FieldError, forbiddenField, invalidValue } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { Strategy, StrategyContext } from '../storage/strategy.ts'
import { addressText, cidrRange, inRange } from './addresses.ts'

const NODE_PORTS = { first: 30000, last: 32767 }

const hasClusterIp = (spec: Obj) => spec.type !== 'ExternalName'
const needsNodePorts = (spec: Obj) =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)

interface Taken {
  addresses: Set<string>
  /** `TCP/30080`. */
  nodePorts: Set<string>
}

function takenByOthers(object: Obj, context: StrategyContext): Taken {
  const taken: Taken = { addresses: new Set(), nodePorts: new Set() }
  for (const { metadata, spec } of context.list('services')) {
    if (metadata.uid === object.metadata.uid) continue
    if (spec.clusterIP) taken.addresses.add(spec.clusterIP)
    for (const port of spec.ports ?? [])
      if (port.nodePort) taken.nodePorts.add(`${port.protocol}/${port.nodePort}`)
    if (spec.healthCheckNodePort) taken.nodePorts.add(`TCP/${spec.healthCheckNodePort}`)
  }
  return taken
}

function takeClusterIp(spec: Obj, taken: Taken, context: StrategyContext): FieldError[] {
  const cidr = context.cluster.serviceCidr
  if (!spec.clusterIP) {
    const free = randomAddress(cidr, taken.addresses, context.world.ids)
    if (!free) {
      const why = 'failed to allocate a serviceIP: range is full'
      return [invalidValue('spec.clusterIPs', spec.clusterIPs ?? null, why)]
    }
    spec.clusterIP = free
  } else if (spec.clusterIP !== 'None') {
    const given = spec.clusterIP
    const refuse = (why: string) => [
      invalidValue('spec.clusterIPs', [given], `failed to allocate IP ${given}: ${why}`),
    ]
    if (!inRange(cidr, given)) {
      return refuse(`the provided IP (${given}) is not in the valid range. The range of valid IPs is ${cidr}`)
    }
    if (taken.addresses.has(given)) return refuse('provided IP is already allocated')
  }
  spec.clusterIPs = [spec.clusterIP]
  spec.ipFamilies ??= ['IPv4']
  spec.ipFamilyPolicy ??= 'SingleStack'
  return []
}

/** Addresses are given from the upper part of the range; the lower is left for those who ask for one (KEP-3070). */
function randomAddress(cidr: string, taken: Set<string>, ids: Ids): string | undefined {
  const { base, size } = cidrRange(cidr)
  const reserved = Math.min(Math.max(16, Math.floor(size / 16)), 256)
  const upper = size - reserved - 1
  const start = ids.number(Math.max(1, upper))
  for (let step = 0; step < upper; step++) {
    const address = addressText(base + reserved + ((start + step) % upper))
    if (!taken.has(address)) return address
  }
  for (let offset = 1; offset < Math.min(reserved, size - 1); offset++) {
    const address = addressText(base + offset)
    if (!taken.has(address)) return address
  }
  return undefined
}

function takeNodePorts(spec: Obj, taken: Taken, context: StrategyContext): FieldError[] {
  const errors: FieldError[] = []
  const own = new Set<string>()
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const field = `spec.ports[${index}].nodePort`
    if (port.nodePort) {
      const key = `${port.protocol}/${port.nodePort}`
      if (port.nodePort < NODE_PORTS.first || port.nodePort > NODE_PORTS.last) {
        errors.push(
          invalidValue(
            field,
            port.nodePort,
            `provided port is not in the valid range. The range of valid ports is ${NODE_PORTS.first}-${NODE_PORTS.last}`,
          ),
        )
      } else if (taken.nodePorts.has(key) || own.has(key)) {
        errors.push(invalidValue(field, port.nodePort, 'provided port is already allocated'))
      }
      own.add(key)
    }
  }
  for (const port of spec.ports ?? []) {
    if (port.nodePort || !needsNodePorts(spec)) continue
    port.nodePort = freeNodePort(port.protocol, taken.nodePorts, own, context.world.ids)
    own.add(`${port.protocol}/${port.nodePort}`)
  }
  return errors
}

function freeNodePort(protocol: string, taken: Set<string>, own: Set<string>, ids: Ids): number {
  const count = NODE_PORTS.last - NODE_PORTS.first + 1
  const start = ids.number(count)
  for (let step = 0; step < count; step++) {
    const port = NODE_PORTS.first + ((start + step) % count)
    if (!taken.has(`${protocol}/${port}`) && !own.has(`${protocol}/${port}`)) return port
  }
  return 0
}

/** Takes over what the client left out of an update, as the real strategy's "patchAllocatedValues" does. */
function keepAllocated(object: Obj, old: Obj): void {
  const { spec } = object
  if (hasClusterIp(spec) && hasClusterIp(old.spec)) {
    spec.clusterIP ||= old.spec.clusterIP
    if (spec.clusterIP === old.spec.clusterIP) spec.clusterIPs = old.spec.clusterIPs
    spec.ipFamilies ??= old.spec.ipFamilies
    spec.ipFamilyPolicy ??= old.spec.ipFamilyPolicy
  }
  if (!hasClusterIp(spec) && (!spec.clusterIP || spec.clusterIP === old.spec.clusterIP)) {
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) delete spec[field]
  }
  const before = new Map(
    (old.spec.ports ?? []).map((port: Obj) => [`${port.protocol}/${port.port}`, port.nodePort]),
  )
  for (const port of spec.ports ?? []) {
    const nodePort = before.get(`${port.protocol}/${port.port}`)
    if (needsNodePorts(spec)) {
      if (!port.nodePort && nodePort) port.nodePort = nodePort
    } else if (port.nodePort === nodePort) delete port.nodePort
  }
}

export const serviceStrategy: Strategy = {
  create: (object) => {
    object.status = { loadBalancer: {} }
    if (object.spec && !object.spec.clusterIP && object.spec.clusterIPs?.[0]) {
      object.spec.clusterIP = object.spec.clusterIPs[0]
    }
  },
  update: (object, old) => keepAllocated(object, old),
  subresources: {
    status: ({ status }) => {
      for (const ingress of status.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP'
      return []
    },
  },
  validate: (object, old) => {
    const errors: FieldError[] = []
    const { spec } = object
    if (old && hasClusterIp(spec) && hasClusterIp(old.spec) && spec.clusterIP !== old.spec.clusterIP) {
      errors.push(invalidValue('spec.clusterIPs[0]', [spec.clusterIP], 'may not change once set'))
    }
    if (spec?.type === 'ClusterIP') {
      for (const [index, port] of (spec.ports ?? []).entries()) {
        if (port.nodePort)
          errors.push(
            forbiddenField(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'"),
          )
      }
    }
    return errors
  },
  allocate: (object, _old, context) => {
    const { spec } = object
    const taken = takenByOthers(object, context)
    return [
      ...(hasClusterIp(spec) ? takeClusterIp(spec, taken, context) : []),
      ...takeNodePorts(spec, taken, context),
    ]
  },
}
