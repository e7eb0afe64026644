import { type FlowLogRecord, type InsideEnd, type Scope, scopeOfKey, tables } from '#aws/ec2/index.ts'
import { zonesOf } from '#aws/ec2/regions.ts'
import { roleByArn, roleMay } from '#aws/iam/identity.ts'
import { trusts } from '#aws/iam/policy/evaluate.ts'
import { createLogGroup, createLogStream, groupArn, groups, ingestEvents, streams } from '#aws/logs/index.ts'
import type { Timer } from '#world/clock.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { World } from '#world/world.ts'
import { type Attempt, type Flow, flowsOf, lineOf } from './flow-lines.ts'

const KEY = /^aws\/[^/]+\/[^/]+\/ec2\/flow-logs\//
/** Machines of the Nitro generation, as nearly all are, report each minute, whatever interval is asked for. */
const INTERVAL_MS = 60_000
/** So many different flows are kept of an interval; what comes on top of them is left out. */
const MOST_FLOWS = 5000
const SERVICE = 'vpc-flow-logs.amazonaws.com'

/** A flow and when it was seen first and last, ms since the epoch. */
interface Seen {
  flow: Flow
  start: number
  end: number
}

/** VPC flow logs: what network interfaces let pass and what they drop, as records in CloudWatch Logs. */
export class FlowRecorder {
  readonly #world: World
  /** Flow logs by what they watch: a VPC, a subnet, a network interface. */
  readonly #logs: StoreIndex<FlowLogRecord>
  #seen = new Map<string, Seen>()
  #timer: Timer | undefined

  constructor(world: World) {
    this.#world = world
    this.#logs = new StoreIndex<FlowLogRecord>(world.store, 'aws/', (record, key) =>
      KEY.test(key) ? [record.resourceId] : [],
    )
  }

  close(): void {
    this.#timer?.cancel()
    this.#logs.close()
  }

  /** Notes an attempt at the interfaces that a flow log watches. */
  note(attempt: Attempt): void {
    if (this.#logs.isEmpty) return
    for (const flow of flowsOf(attempt)) if (this.#watching(flow.end).length > 0) this.#keep(flow)
  }

  /** The flow logs that watch an interface. */
  #watching({ eni }: InsideEnd): { record: FlowLogRecord; scope: Scope }[] {
    return [eni.id, eni.subnetId, eni.vpcId].flatMap((id) => {
      const keys = this.#logs.keys(id)
      return this.#logs
        .get(id)
        .map((record, index) => ({ record, scope: scopeOfKey(this.#world, keys[index]!) }))
    })
  }

  #keep(flow: Flow): void {
    const now = this.#world.clock.now()
    const { end, from, to, protocol, egress, accepted } = flow
    const key = [end.eni.id, from.address, from.port, to.address, to.port, protocol, egress, accepted].join(
      ' ',
    )
    const known = this.#seen.get(key)
    if (known) known.end = now
    else if (this.#seen.size < MOST_FLOWS) this.#seen.set(key, { flow, start: now, end: now })
    this.#timer ??= this.#world.clock.setTimer(INTERVAL_MS, () => this.#write())
  }

  #write(): void {
    this.#timer = undefined
    const byInterface = Map.groupBy(this.#seen.values(), ({ flow }) => flow.end.eni.id)
    this.#seen = new Map()
    for (const own of byInterface.values())
      for (const { record, scope } of this.#watching(own[0]!.flow.end)) {
        const { trafficType } = record
        const wanted = own.filter(
          ({ flow }) => trafficType === 'ALL' || (trafficType === 'ACCEPT') === flow.accepted,
        )
        if (wanted.length > 0) this.#deliver(scope, record, wanted)
      }
  }

  /** Writes with the rights of the flow log's role; where these do not suffice, the flow log says so. */
  #deliver(scope: Scope, record: FlowLogRecord, seen: Seen[]): void {
    const { eni } = seen[0]!.flow.end
    const stream = `${eni.id}-${record.trafficType.toLowerCase()}`
    const error = this.#mayWrite(scope, record, stream) ? undefined : 'Access error'
    if (record.error !== error) tables.flowLogs.patch(scope, record.id, { error })
    if (error !== undefined) return
    if (!groups.find(scope, record.group)) createLogGroup(scope, record.group)
    const target = streams.find(scope, record.group, stream) ?? createLogStream(scope, record.group, stream)
    const zoneId = zonesOf(scope.region).find(({ name }) => name === eni.zone)?.id
    const events = seen.map((one) => ({ timestamp: one.start, message: lineOf(scope, record, one, zoneId) }))
    ingestEvents(scope, target, events)
  }

  #mayWrite(scope: Scope, { roleArn, group }: FlowLogRecord, stream: string): boolean {
    const role = roleByArn(this.#world, roleArn)
    if (!role || !trusts(role.trustPolicy, { service: SERVICE }, 'sts:AssumeRole', {})) return false
    const may = (action: string, resource: string) =>
      roleMay(this.#world, roleArn, `logs:${action}`, resource).allowed
    const groupAt = groupArn(scope, group)
    const streamAt = `${groupAt}:log-stream:${stream}`
    if (!groups.find(scope, group) && !may('CreateLogGroup', groupAt)) return false
    if (!streams.find(scope, group, stream) && !may('CreateLogStream', streamAt)) return false
    return may('PutLogEvents', streamAt)
  }
}
