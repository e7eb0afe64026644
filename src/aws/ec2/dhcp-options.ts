import type * as sdk from '@aws-sdk/client-ec2'
import type { Handler, RequestContext } from '../wire/service.ts'
import { parseAddress } from './cidr.ts'
import { dependencyViolation, invalidParameterValue, missingParameter, required } from './errors.ts'
import { select } from './filters.ts'
import type { DhcpOptionsRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { dhcpOptions, vpcs } from './tables.ts'
import { tagsFor, toTags } from './tags.ts'

/** What a set may hold, in the order in which it is shown: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateDhcpOptions.html */
const KEYS = [
  'domain-name',
  'domain-name-servers',
  'ipv6-address-preferred-lease-time',
  'netbios-name-servers',
  'netbios-node-type',
  'ntp-servers',
]

/** How many servers of a kind a set may name. */
const MOST_SERVERS = 4

const toOptions = (scope: Scope, options: DhcpOptionsRecord): sdk.DhcpOptions => ({
  DhcpOptionsId: options.id,
  OwnerId: scope.accountId,
  Tags: toTags(options.tags),
  DhcpConfigurations: options.configurations.map(({ key, values }) => ({
    Key: key,
    Values: values.map((Value) => ({ Value })),
  })),
})

function createDhcpOptions(input: sdk.CreateDhcpOptionsCommandInput, context: RequestContext) {
  const given = input.DhcpConfigurations ?? []
  if (given.length === 0) throw missingParameter('dhcpConfiguration')
  const configurations = given.map(({ Key: key = '', Values: values = [] }) => checked(key, values))
  const options = dhcpOptions.put(context, {
    id: dhcpOptions.newId(context),
    tags: tagsFor(input.TagSpecifications, 'dhcp-options'),
    configurations: configurations.sort((a, b) => KEYS.indexOf(a.key) - KEYS.indexOf(b.key)),
  })
  return { DhcpOptions: toOptions(context, options) }
}

/** Throws InvalidParameterValue for what is no option, or no value of it (texts from knowledge). */
function checked(key: string, values: string[]): DhcpOptionsRecord['configurations'][number] {
  const wrong = (value: string) =>
    invalidParameterValue(`Value (${value}) for parameter ${key} is invalid. ${WHY[key] ?? ''}`.trim())
  if (!KEYS.includes(key))
    throw invalidParameterValue(`Value (${key}) for parameter name is invalid. Unknown DHCP option`)
  const list = values.flatMap((value) => value.split(',')).map((value) => value.trim())
  if (list.length === 0) throw missingParameter('value')
  if (key.endsWith('-servers')) {
    if (list.length > MOST_SERVERS)
      throw invalidParameterValue(
        `Value (${list.join(', ')}) for parameter ${key} is invalid. Too many servers`,
      )
    for (const value of list) if (!isServer(key, value)) throw wrong(value)
  }
  if (key === 'netbios-node-type' && !/^[1248]$/.test(list[0]!)) throw wrong(list[0]!)
  return { key, values: key === 'domain-name' ? values : list }
}

const WHY: Record<string, string> = {
  'netbios-node-type': 'Must be 1, 2, 4, or 8',
}

const isServer = (key: string, value: string) =>
  parseAddress(value) !== undefined ||
  (key === 'domain-name-servers' && value === 'AmazonProvidedDNS') ||
  (key !== 'netbios-name-servers' && /^[0-9a-f:]+:[0-9a-f:]*$/i.test(value))

function describeDhcpOptions(input: sdk.DescribeDhcpOptionsCommandInput, context: RequestContext) {
  const { page, NextToken } = select(dhcpOptions.list(context, input.DhcpOptionsIds), input, {
    'dhcp-options-id': (options) => options.id,
    key: (options) => options.configurations.map(({ key }) => key),
    value: (options) => options.configurations.flatMap(({ values }) => values),
    'owner-id': () => context.accountId,
  })
  return { DhcpOptions: page.map((options) => toOptions(context, options)), NextToken }
}

/** `default` takes the options away: the VPC's machines are told of no names. */
function associateDhcpOptions(input: sdk.AssociateDhcpOptionsCommandInput, context: RequestContext) {
  const vpc = vpcs.get(context, required(input.VpcId, 'vpcId'))
  const id = required(input.DhcpOptionsId, 'dhcpOptionsId')
  if (id !== 'default') dhcpOptions.get(context, id)
  vpcs.patch(context, vpc.id, { dhcpOptionsId: id })
  return {}
}

function deleteDhcpOptions(input: sdk.DeleteDhcpOptionsCommandInput, context: RequestContext) {
  const { id } = dhcpOptions.get(context, required(input.DhcpOptionsId, 'dhcpOptionsId'))
  if (vpcs.list(context).some(({ dhcpOptionsId }) => dhcpOptionsId === id))
    throw dependencyViolation(`The dhcpOptions '${id}' has dependencies and cannot be deleted.`)
  dhcpOptions.delete(context, id)
  return {}
}

export const dhcpOptionsHandlers: Record<string, Handler> = {
  CreateDhcpOptions: createDhcpOptions,
  DescribeDhcpOptions: describeDhcpOptions,
  AssociateDhcpOptions: associateDhcpOptions,
  DeleteDhcpOptions: deleteDhcpOptions,
}
