import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { overlaps, parseCidr } from './cidr.ts'
import { wholeSecond } from './dates.ts'
import { required } from './errors.ts'
import { select } from './filters.ts'
import type { PeeringRecord, PeeringSide, VpcRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { peerings, vpcs } from './tables.ts'
import { tagsFor, toTags } from './tags.ts'

const MESSAGES: Record<PeeringRecord['status'], string> = {
  'pending-acceptance': 'Pending Acceptance by ',
  active: 'Active',
  rejected: 'Rejected by ',
  deleted: 'Deleted by ',
  expired: 'Expired',
  failed: 'Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range',
}

/** A request expires after seven days: https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html */
const ACCEPTED_WITHIN = 7 * 86_400_000

function toSide(side: PeeringSide, withBlocks: boolean): sdk.VpcPeeringConnectionVpcInfo {
  const blocks = withBlocks && {
    CidrBlock: side.cidrs[0],
    CidrBlockSet: side.cidrs.map((CidrBlock) => ({ CidrBlock })),
    PeeringOptions: {
      AllowDnsResolutionFromRemoteVpc: false,
      AllowEgressFromLocalClassicLinkToRemoteVpc: false,
      AllowEgressFromLocalVpcToRemoteClassicLink: false,
    },
  }
  return { OwnerId: side.accountId, Region: side.region, VpcId: side.vpcId, ...(blocks || {}) }
}

function toPeering(record: PeeringRecord): sdk.VpcPeeringConnection {
  const { status, requester, accepter } = record
  const message = MESSAGES[status]
  return {
    VpcPeeringConnectionId: record.id,
    RequesterVpcInfo: toSide(requester, true),
    AccepterVpcInfo: toSide(accepter, status !== 'pending-acceptance'),
    ExpirationTime: status === 'pending-acceptance' ? wholeSecond(record.since + ACCEPTED_WITHIN) : undefined,
    Status: { Code: status, Message: message.endsWith(' ') ? `${message}${accepter.accountId}` : message },
    Tags: toTags(record.tags),
  }
}

/** Both sides see the connection; each keeps tags of its own. */
function putBoth(scope: Scope, record: PeeringRecord): PeeringRecord {
  for (const { accountId, region } of [record.requester, record.accepter]) {
    const side = { world: scope.world, accountId, region }
    const own = accountId === scope.accountId && region === scope.region
    const tags = own ? record.tags : (peerings.find(side, record.id)?.tags ?? {})
    peerings.put(side, { ...record, tags })
  }
  return record
}

const sideOf = (scope: Scope, vpc: VpcRecord): PeeringSide => ({
  accountId: scope.accountId,
  region: scope.region,
  vpcId: vpc.id,
  cidrs: vpc.associations.map(({ cidr }) => cidr),
})

export function createVpcPeeringConnection(
  input: sdk.CreateVpcPeeringConnectionCommandInput,
  context: RequestContext,
) {
  const vpc = vpcs.get(context, required(input.VpcId, 'vpcId'))
  const peerId = required(input.PeerVpcId, 'peerVpcId')
  const peerScope: Scope = {
    world: context.world,
    accountId: input.PeerOwnerId ?? context.accountId,
    region: input.PeerRegion ?? context.region,
  }
  const peer = vpcs.find(peerScope, peerId)
  const requester = sideOf(context, vpc)
  const accepter = peer
    ? sideOf(peerScope, peer)
    : { ...peerScope, world: undefined, vpcId: peerId, cidrs: [] }
  const overlap = requester.cidrs.some((mine) =>
    accepter.cidrs.some((other) => overlaps(parseCidr(mine)!, parseCidr(other)!)),
  )
  const { world: _, ...accepterSide } = accepter as PeeringSide & { world?: unknown }
  const record = putBoth(context, {
    id: peerings.newId(context),
    tags: tagsFor(input.TagSpecifications, 'vpc-peering-connection'),
    requester,
    accepter: accepterSide,
    status: !peer || overlap || peer.id === vpc.id ? 'failed' : 'pending-acceptance',
    since: context.world.clock.now(),
  })
  const shown = toPeering(record)
  return {
    VpcPeeringConnection: {
      ...shown,
      Status: { Code: 'initiating-request', Message: `Initiating Request to ${accepter.accountId}` },
    },
  }
}

export function describeVpcPeeringConnections(
  input: sdk.DescribeVpcPeeringConnectionsCommandInput,
  context: RequestContext,
) {
  const { page, NextToken } = select(peerings.list(context, input.VpcPeeringConnectionIds), input, {
    'accepter-vpc-info.cidr-block': ({ accepter }) => accepter.cidrs,
    'accepter-vpc-info.owner-id': ({ accepter }) => accepter.accountId,
    'accepter-vpc-info.vpc-id': ({ accepter }) => accepter.vpcId,
    'expiration-time': (record) => toPeering(record).ExpirationTime?.toISOString(),
    'requester-vpc-info.cidr-block': ({ requester }) => requester.cidrs,
    'requester-vpc-info.owner-id': ({ requester }) => requester.accountId,
    'requester-vpc-info.vpc-id': ({ requester }) => requester.vpcId,
    'status-code': ({ status }) => status,
    'status-message': (record) => toPeering(record).Status?.Message,
    'vpc-peering-connection-id': ({ id }) => id,
  })
  return { VpcPeeringConnections: page.map(toPeering), NextToken }
}

const wrongState = (record: PeeringRecord, verb: string) =>
  new AwsError(
    'InvalidStateTransition',
    `Invalid state transition for ${record.id}, attempted to transition from ${record.status} to ${verb}`,
  )

/** What the accepter alone may decide. Throws OperationNotPermitted and InvalidStateTransition. */
function decide(
  input: { VpcPeeringConnectionId?: string },
  context: RequestContext,
  status: 'active' | 'rejected',
): PeeringRecord {
  const record = peerings.get(context, required(input.VpcPeeringConnectionId, 'vpcPeeringConnectionId'))
  const { accepter } = record
  if (accepter.accountId !== context.accountId || accepter.region !== context.region) {
    throw new AwsError(
      'OperationNotPermitted',
      `User ${context.accountId} cannot ${status === 'active' ? 'accept' : 'reject'} peering ${record.id}`,
    )
  }
  if (record.status !== 'pending-acceptance') throw wrongState(record, status)
  return putBoth(context, { ...record, status, since: context.world.clock.now() })
}

export function acceptVpcPeeringConnection(
  input: sdk.AcceptVpcPeeringConnectionCommandInput,
  context: RequestContext,
) {
  const shown = toPeering(decide(input, context, 'active'))
  return { VpcPeeringConnection: { ...shown, Status: { Code: 'provisioning', Message: 'Provisioning' } } }
}

export function rejectVpcPeeringConnection(
  input: sdk.RejectVpcPeeringConnectionCommandInput,
  context: RequestContext,
) {
  decide(input, context, 'rejected')
  return { Return: true }
}

export function deleteVpcPeeringConnection(
  input: sdk.DeleteVpcPeeringConnectionCommandInput,
  context: RequestContext,
) {
  const record = peerings.get(context, required(input.VpcPeeringConnectionId, 'vpcPeeringConnectionId'))
  if (record.status !== 'active' && record.status !== 'pending-acceptance')
    throw wrongState(record, 'deleted')
  putBoth(context, { ...record, status: 'deleted', since: context.world.clock.now() })
  return { Return: true }
}
