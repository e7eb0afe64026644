import data from './data/managed-policies.json' with { type: 'json' }
import type { PolicyRecord } from './records.ts'

/** An AWS-managed policy as the data file gives it. */
interface ManagedPolicy {
  name: string
  path?: string
  version: string
  created: string
  description: string
  statements: unknown[]
}

const policies = new Map(
  (data.policies as ManagedPolicy[]).map((policy) => {
    const record = toRecord(policy)
    return [record.arn, record] as const
  }),
)

/** The AWS-managed policy of this ARN, if it is one of those known here. */
export function managedPolicy(arn: string): PolicyRecord | undefined {
  return policies.get(arn)
}

/** All AWS-managed policies known here, by ARN. */
export function managedPolicies(): PolicyRecord[] {
  return [...policies.values()]
}

function toRecord({
  name,
  path = '/',
  version,
  created,
  description,
  statements,
}: ManagedPolicy): PolicyRecord {
  const time = Date.parse(created)
  const document = JSON.stringify({ Version: '2012-10-17', Statement: statements }, undefined, 4)
  return {
    name,
    path,
    id: managedId(name),
    arn: `arn:aws:iam::aws:policy${path}${name}`,
    created: time,
    updated: time,
    description,
    versions: [{ id: version, document, created: time }],
    defaultVersion: version,
    nextVersion: Number(version.slice(1)) + 1,
    tags: [],
  }
}

/** Stable made-up ids: AWS's own ones mean nothing to anybody. */
function managedId(name: string): string {
  const text = Buffer.from(name)
    .toString('hex')
    .toUpperCase()
    .replace(/[^A-Z2-7]/g, 'X')
  return `ANPA${text.padEnd(17, 'Q').slice(0, 17)}`
}
