import { createHash } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { select } from './filters.ts'
import { ec2Arn } from './scope.ts'

/**
 * AWS-managed prefix lists of services with gateway endpoints, with a block that stands for all of theirs.
 * The real lists change; ids differ by region, as here. From knowledge, 2026-11.
 */
const BLOCKS: Record<string, string[]> = {
  s3: ['52.216.0.0/15', '3.5.0.0/19', '54.231.0.0/16'],
  dynamodb: ['3.218.180.0/22', '52.94.0.0/22'],
}

/** Id of the prefix list of a service (`com.amazonaws.us-east-1.s3`); undefined when it has none. */
export function prefixListOf(serviceName: string): string | undefined {
  const service = serviceName.split('.').at(-1) ?? ''
  if (!BLOCKS[service]) return undefined
  return `pl-${createHash('sha256').update(serviceName).digest('hex').slice(0, 8)}`
}

/** The prefix lists of a region. */
const listsOf = (region: string) =>
  Object.entries(BLOCKS).map(([service, cidrs]) => {
    const name = `com.amazonaws.${region}.${service}`
    return { id: prefixListOf(name)!, name, cidrs, tags: {} }
  })

function asked(region: string, ids: string[] | undefined) {
  const all = listsOf(region)
  for (const id of ids ?? []) {
    if (!all.some((list) => list.id === id))
      throw new AwsError('InvalidPrefixListID.NotFound', `The prefix list ID '${id}' does not exist`)
  }
  return ids?.length ? all.filter(({ id }) => ids.includes(id)) : all
}

/** Whether a prefix list of that id exists in the region. */
export const isPrefixList = (region: string, id: string) => listsOf(region).some((list) => list.id === id)

export function describePrefixLists(input: sdk.DescribePrefixListsCommandInput, { region }: RequestContext) {
  const { page, NextToken } = select(asked(region, input.PrefixListIds), input, {
    'prefix-list-id': ({ id }) => id,
    'prefix-list-name': ({ name }) => name,
  })
  return {
    PrefixLists: page.map(({ id, name, cidrs }) => ({
      PrefixListId: id,
      PrefixListName: name,
      Cidrs: cidrs,
    })),
    NextToken,
  }
}

export function describeManagedPrefixLists(
  input: sdk.DescribeManagedPrefixListsCommandInput,
  context: RequestContext,
) {
  const { page, NextToken } = select(asked(context.region, input.PrefixListIds), input, {
    'owner-id': () => 'AWS',
    'prefix-list-id': ({ id }) => id,
    'prefix-list-name': ({ name }) => name,
  })
  return {
    PrefixLists: page.map(({ id, name }) => ({
      PrefixListId: id,
      PrefixListName: name,
      PrefixListArn: ec2Arn({ ...context, accountId: 'aws' }, 'prefix-list', id),
      AddressFamily: 'IPv4',
      State: 'create-complete',
      OwnerId: 'AWS',
      Tags: [],
    })),
    NextToken,
  }
}
