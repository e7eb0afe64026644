import { describe, expect, it } from 'vitest'
import { evaluate, type PolicySet } from '../../../src/aws/iam/policy/evaluate.ts'
import type { Principal } from '../../../src/aws/wire/service.ts'

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html: each rule as a property of random policies.

const ACCOUNT = '111122223333'
const OTHER = '444455556666'
const CASES = 3000

/** Numbers that look random and are the same every time (mulberry32). */
function random(seed: number) {
  let state = seed
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
const next = random(20_261_128)
const pick = <T>(list: readonly T[]): T => list[next(list.length)]!
const chance = (percent: number) => next(100) < percent

const ACTIONS = ['s3:GetObject', 's3:PutObject', 'ec2:RunInstances', 'eks:DescribeCluster'] as const
const ACTION_PATTERNS = [
  ...ACTIONS,
  's3:*',
  's3:Get*',
  '*',
  'S3:getobject',
  'ec2:Run?nstances',
  'eks:List*',
] as const
const RESOURCES = [
  'arn:aws:s3:::a/x',
  'arn:aws:s3:::b/y',
  'arn:aws:ec2:us-east-1:111122223333:instance/i-1',
] as const
const RESOURCE_PATTERNS = [
  ...RESOURCES,
  '*',
  'arn:aws:s3:::a/*',
  'arn:aws:s3:::*',
  'arn:aws:s3:::${aws:username}/*',
] as const
const CONDITIONS = { 'aws:username': 'a', 'aws:RequestedRegion': 'us-east-1', 'aws:SourceIp': '203.0.113.10' }

interface Statement {
  Effect: 'Allow' | 'Deny'
  [element: string]: unknown
}

const condition = () =>
  pick([
    { StringEquals: { 'aws:username': 'a' } },
    { StringNotEquals: { 'aws:username': 'a' } },
    { StringEquals: { 'aws:PrincipalTag/none': 'x' } },
    { StringEqualsIfExists: { 'aws:PrincipalTag/none': 'x' } },
    { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } },
    { StringLike: { 'aws:RequestedRegion': 'eu-*' } },
    { Null: { 'aws:username': 'false' } },
  ])
/** What each of these conditions says of the request. */
const HOLDS = new Map(
  [true, false, false, true, true, false, true].map((holds, index) => [index, holds] as const),
)
const INDEX = [
  '{"StringEquals":{"aws:username":"a"}}',
  '{"StringNotEquals":{"aws:username":"a"}}',
  '{"StringEquals":{"aws:PrincipalTag/none":"x"}}',
  '{"StringEqualsIfExists":{"aws:PrincipalTag/none":"x"}}',
  '{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}',
  '{"StringLike":{"aws:RequestedRegion":"eu-*"}}',
  '{"Null":{"aws:username":"false"}}',
]

function statement(effect?: Statement['Effect']): Statement {
  const some = <T>(list: readonly T[]) => Array.from({ length: 1 + next(2) }, () => pick(list))
  return {
    Effect: effect ?? (chance(70) ? 'Allow' : 'Deny'),
    [chance(85) ? 'Action' : 'NotAction']: some(ACTION_PATTERNS),
    [chance(85) ? 'Resource' : 'NotResource']: some(RESOURCE_PATTERNS),
    ...(chance(30) && { Condition: condition() }),
  }
}

const policy = (...statements: Statement[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })
const anyPolicy = () => Array.from({ length: 1 + next(3) }, () => statement())

/** The words of the documentation, one statement at a time: an oracle that shares no code with the evaluator. */
function matches(one: Statement, action: string, resource: string): boolean {
  const glob = (pattern: string, text: string, flags = '') =>
    new RegExp(
      `^${pattern
        .replace('${aws:username}', 'a')
        .replace(/[.+^${}()|[\]\\/]/g, '\\$&')
        .replace(/\*/g, '.*')
        .replace(/\?/g, '.')}$`,
      flags,
    ).test(text)
  const listed = (patterns: unknown, text: string, flags?: string) =>
    (patterns as string[]).some((pattern) => glob(pattern, text, flags))
  const byAction = one.Action ? listed(one.Action, action, 'i') : !listed(one.NotAction, action, 'i')
  const byResource = one.Resource ? listed(one.Resource, resource) : !listed(one.NotResource, resource)
  const holds = one.Condition === undefined || HOLDS.get(INDEX.indexOf(JSON.stringify(one.Condition)))!
  return byAction && byResource && holds
}
const says = (statements: Statement[], action: string, resource: string) => {
  const fitting = statements.filter((one) => matches(one, action, resource))
  if (fitting.some(({ Effect }) => Effect === 'Deny')) return 'deny'
  return fitting.length > 0 ? 'allow' : 'none'
}

const user: Principal = {
  arn: `arn:aws:iam::${ACCOUNT}:user/a`,
  accountId: ACCOUNT,
  userId: 'AIDAA',
  type: 'user',
}
const role: Principal = {
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/r/s`,
  accountId: ACCOUNT,
  userId: 'AROAA:s',
  type: 'assumed-role',
  roleArn: `arn:aws:iam::${ACCOUNT}:role/r`,
}

const allowed = (principal: Principal, action: string, resource: string, set: PolicySet) =>
  evaluate(principal, action, resource, () => CONDITIONS, set).allowed

/** Runs a property on many random questions, telling the failing one. */
function always(
  property: (question: { action: string; resource: string; statements: Statement[] }) => boolean,
) {
  for (let index = 0; index < CASES; index++) {
    const question = { action: pick(ACTIONS), resource: pick(RESOURCES), statements: anyPolicy() }
    if (!property(question)) expect.fail(`case ${index}: ${JSON.stringify(question)}`)
  }
}

describe('the policy evaluator', () => {
  it('allows what the documented words allow: some statement, and none that denies', () => {
    let yes = 0
    always(({ action, resource, statements }) => {
      const wanted = says(statements, action, resource) === 'allow'
      yes += Number(wanted)
      return allowed(user, action, resource, { identity: [policy(...statements)] }) === wanted
    })
    expect(yes).toBeGreaterThan(CASES / 10)
    expect(yes).toBeLessThan((CASES * 9) / 10)
  })

  it('does not care into how many policies the statements are spread', () => {
    always(({ action, resource, statements }) => {
      const apart = statements.map((one) => policy(one))
      const together = [policy(...statements)]
      return (
        allowed(user, action, resource, { identity: apart }) ===
        allowed(user, action, resource, { identity: together })
      )
    })
  })

  it('lets an explicit deny win, in whatever policy it stands', () => {
    const deny = policy({ Effect: 'Deny', Action: '*', Resource: '*' })
    const all = policy({ Effect: 'Allow', Action: '*', Resource: '*' })
    const resource = {
      document: JSON.stringify({ Statement: { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' } }),
      accountId: ACCOUNT,
    }
    always(({ action, resource: about, statements }) => {
      const identity = [policy(...statements), all]
      const sets: PolicySet[] = [
        { identity: [...identity, deny] },
        { identity, boundary: deny },
        { identity, session: [all, deny] },
        { identity, resource },
      ]
      return sets.every((set) => !allowed(role, action, about, set))
    })
  })

  it('allows no more when a statement that denies is added, and no less when one that allows is', () => {
    always(({ action, resource, statements }) => {
      const before = allowed(user, action, resource, { identity: [policy(...statements)] })
      const denied = allowed(user, action, resource, { identity: [policy(...statements, statement('Deny'))] })
      const widened = allowed(user, action, resource, {
        identity: [policy(...statements, statement('Allow'))],
      })
      return (before || !denied) && (!before || widened)
    })
  })

  it('never gains from a permissions boundary or a session policy: both must allow too', () => {
    always(({ action, resource, statements }) => {
      const limit = anyPolicy()
      const identity = [policy(...statements)]
      const bare = allowed(role, action, resource, { identity })
      const inLimit = says(limit, action, resource) === 'allow'
      return (
        allowed(role, action, resource, { identity, boundary: policy(...limit) }) === (bare && inLimit) &&
        allowed(role, action, resource, { identity, session: [policy(...limit)] }) === (bare && inLimit)
      )
    })
  })

  it('takes either side’s consent inside an account, and needs both across accounts', () => {
    always(({ action, resource, statements }) => {
      const own = anyPolicy()
      const document = JSON.stringify({
        Version: '2012-10-17',
        Statement: own.map((one) => ({ ...one, Principal: { AWS: user.arn } })),
      })
      const identity = [policy(...statements)]
      const [mine, theirs] = [says(statements, action, resource), says(own, action, resource)]
      const denied = mine === 'deny' || theirs === 'deny'
      const inside = allowed(user, action, resource, { identity, resource: { document, accountId: ACCOUNT } })
      const across = allowed(user, action, resource, { identity, resource: { document, accountId: OTHER } })
      return (
        inside === (!denied && (mine === 'allow' || theirs === 'allow')) &&
        across === (!denied && mine === 'allow' && theirs === 'allow')
      )
    })
  })

  it('leaves the root user unbound by identity-based policies, but not by those of a resource', () => {
    const root: Principal = {
      arn: `arn:aws:iam::${ACCOUNT}:root`,
      accountId: ACCOUNT,
      userId: ACCOUNT,
      type: 'root',
    }
    const closed = {
      document: JSON.stringify({ Statement: { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' } }),
      accountId: ACCOUNT,
    }
    always(
      ({ action, resource }) =>
        allowed(root, action, resource, { identity: [] }) &&
        !allowed(root, action, resource, { identity: [], resource: closed }),
    )
  })
})
