import { FLOW_FIELDS, fieldsOf } from '#aws/ec2/data/flow-fields.ts'
import type { FlowLogRecord, InsideEnd, Path, Scope } from '#aws/ec2/index.ts'
import type { Peer, Protocol } from '#network/virtual-network.ts'

const PROTOCOL_NUMBERS = { TCP: 6, UDP: 17 } as const
/** SYN, and SYN with ACK. */
const OPENS = 2
const ANSWERS = 18

/** A connection that somebody tried to make; an end that is not in a VPC has no interface. */
export interface Attempt {
  from: { peer: Peer; end?: InsideEnd | undefined }
  to: { peer: Peer; end?: InsideEnd | undefined }
  protocol: Protocol
  path: Path
}

/** One direction of a connection, as a network interface sees it. */
export interface Flow {
  end: InsideEnd
  from: Peer
  to: Peer
  protocol: Protocol
  egress: boolean
  /** The answering direction. */
  reply: boolean
  accepted: boolean
}

/** What the interfaces of both ends see of a connection: nothing of what was dropped before, and nothing within a machine. */
export function flowsOf({ from, to, protocol, path }: Attempt): Flow[] {
  const [near, far] = [from.end, to.end]
  if (near && far && machineOf(near) === machineOf(far)) return []
  const request = { from: from.peer, to: to.peer, protocol, reply: false }
  const reply = { from: to.peer, to: from.peer, protocol, reply: true }
  const way = [
    near && { end: near, egress: true, ...request },
    far && { end: far, egress: false, ...request },
    far && { end: far, egress: true, ...reply },
    near && { end: near, egress: false, ...reply },
  ].filter((one) => one !== undefined)
  if (path.open) return way.map((one) => ({ ...one, accepted: true }))
  const { dropped } = path
  const at = way.findIndex(
    ({ end, egress }) => end.eni.id === dropped?.interfaceId && egress === dropped.egress,
  )
  // What no interface of the two has dropped has left the first one, and been lost on its way.
  if (at === -1) return near ? [{ ...way[0]!, accepted: true }] : []
  return way.slice(0, at + 1).map((one, index) => ({ ...one, accepted: index < at }))
}

const machineOf = ({ eni }: InsideEnd) => eni.attachment?.instanceId ?? eni.id

/** A record of a flow log. What the simulation does not count (packets, bytes) is `-`, as a field that could not be computed. */
export function lineOf(
  { accountId, region }: Scope,
  { format }: FlowLogRecord,
  { flow, start, end }: { flow: Flow; start: number; end: number },
  zoneId: string | undefined,
): string {
  const fields = fieldsOf(format)
  const { eni } = flow.end
  const values: Record<string, string | number | undefined> = {
    version: Math.max(2, ...fields.map((name) => FLOW_FIELDS[name] ?? 2)),
    'account-id': accountId,
    'interface-id': eni.id,
    srcaddr: flow.from.address,
    dstaddr: flow.to.address,
    srcport: flow.from.port,
    dstport: flow.to.port,
    protocol: PROTOCOL_NUMBERS[flow.protocol],
    start: Math.floor(start / 1000),
    end: Math.floor(end / 1000),
    action: flow.accepted ? 'ACCEPT' : 'REJECT',
    'log-status': 'OK',
    'vpc-id': eni.vpcId,
    'subnet-id': eni.subnetId,
    'instance-id': eni.attachment?.instanceId,
    'tcp-flags': flow.protocol === 'UDP' ? 0 : flow.reply ? ANSWERS : OPENS,
    type: 'IPv4',
    'pkt-srcaddr': flow.from.address,
    'pkt-dstaddr': flow.to.address,
    region,
    'az-id': zoneId,
    'flow-direction': flow.egress ? 'egress' : 'ingress',
  }
  return format.replace(/\$\{([^}]*)\}/g, (_, name: string) => String(values[name] ?? '-'))
}
