import type { Scope } from '../ec2/index.ts'
import { pageOf } from '../table.ts'
import { invalidInput, namespaceNotFound, serviceNotFound } from './errors.ts'
import type { NamespaceRecord, ServiceRecord, Tags } from './records.ts'
import { namespaces, services } from './tables.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
export const newId = ({ world }: Scope, prefix: string) => `${prefix}-${world.ids.text(16, ALPHABET)}`

export const mapArn = ({ region, accountId }: Pick<Scope, 'region' | 'accountId'>, rest: string) =>
  `arn:aws:servicediscovery:${region}:${accountId}:${rest}`

/** The id of an id or an ARN. */
export const idOf = (named: string): string => named.split('/').at(-1)!

/** Throws NamespaceNotFound. */
export function namespaceOf(scope: Scope, named: string): NamespaceRecord {
  const record = namespaces.find(scope, idOf(named))
  if (!record) throw namespaceNotFound(named)
  return record
}

/** Throws ServiceNotFound. */
export function serviceOf(scope: Scope, named: string): ServiceRecord {
  const record = services.find(scope, idOf(named))
  if (!record) throw serviceNotFound(named)
  return record
}

export const tagsOf = (tags: { Key: string | undefined; Value: string | undefined }[] | undefined): Tags =>
  Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key!, Value ?? '']))

/** One page of a list, in the service's own members. */
export function page<T>(
  all: T[],
  { MaxResults = 100, NextToken }: { MaxResults?: number; NextToken?: string },
) {
  const { items, next } = pageOf(all, MaxResults, NextToken, () => invalidInput('Invalid NextToken'))
  return { items, rest: next === undefined ? {} : { NextToken: next } }
}

/** Whether a value is what a filter asks for. Throws InvalidInput for a condition that the filter does not take. */
export function filterFits(
  value: string,
  { Values = [], Condition = 'EQ' }: { Values: string[] | undefined; Condition?: string },
): boolean {
  if (Condition === 'EQ' || Condition === 'IN') return Values.includes(value)
  if (Condition === 'BEGINS_WITH') return Values.some((one) => value.startsWith(one))
  throw invalidInput(`Invalid filter condition ${Condition}`)
}
