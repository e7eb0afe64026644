import { describe, expect, it } from 'vitest'
import { conditionContext, conditionHolds, substitute } from '../../../src/aws/iam/policy/condition.ts'
import { evaluate, type PolicySet } from '../../../src/aws/iam/policy/evaluate.ts'
import { arnMatch, globMatch } from '../../../src/aws/iam/policy/glob.ts'
import { validatePolicy } from '../../../src/aws/iam/policy/validate.ts'
import type { Principal } from '../../../src/aws/wire/service.ts'

const ALICE: Principal = {
  arn: 'arn:aws:iam::111122223333:user/alice',
  accountId: '111122223333',
  userId: 'AIDA1',
  type: 'user',
}
const SESSION: Principal = {
  arn: 'arn:aws:sts::111122223333:assumed-role/app/s',
  accountId: '111122223333',
  userId: 'AROA1:s',
  type: 'assumed-role',
  roleArn: 'arn:aws:iam::111122223333:role/app',
}
const CLUSTER = 'arn:aws:eks:us-east-1:111122223333:cluster/one'

const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements })
const allow = (Action: string | string[], Resource: string | string[] = '*', more: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
})
const deny = (Action: string, Resource = '*', more: object = {}) => ({
  Effect: 'Deny',
  Action,
  Resource,
  ...more,
})

function ask(
  set: PolicySet,
  options: {
    action?: string
    resource?: string
    by?: Principal
    conditions?: Record<string, string | string[]>
  } = {},
) {
  const { action = 'eks:DescribeCluster', resource = CLUSTER, by = ALICE, conditions = {} } = options
  return evaluate(by, action, resource, () => conditions, set)
}

describe('evaluation', () => {
  it('denies what nothing allows, and says so as AWS does', () => {
    expect(ask({ identity: [] })).toEqual({
      allowed: false,
      reason: 'because no identity-based policy allows the eks:DescribeCluster action',
    })
  })

  it('matches actions without regard to case and resources with it', () => {
    expect(ask({ identity: [policy(allow('EKS:describe*'))] }).allowed).toBe(true)
    expect(ask({ identity: [policy(allow('eks:*', CLUSTER.toUpperCase()))] }).allowed).toBe(false)
  })

  it('lets an explicit deny win over every allow', () => {
    const set = { identity: [policy(allow('*')), policy(deny('eks:*', CLUSTER))] }
    expect(ask(set)).toEqual({ allowed: false, reason: 'with an explicit deny in an identity-based policy' })
    expect(ask(set, { resource: CLUSTER.replace('one', 'two') }).allowed).toBe(true)
  })

  it('reads NotAction and NotResource', () => {
    const set = { identity: [policy({ Effect: 'Allow', NotAction: 'iam:*', NotResource: CLUSTER })] }
    expect(ask(set, { resource: 'arn:aws:eks:us-east-1:111122223333:cluster/two' }).allowed).toBe(true)
    expect(ask(set).allowed).toBe(false)
    expect(ask(set, { action: 'iam:GetUser', resource: '*' }).allowed).toBe(false)
  })

  it('needs boundary and session policy to agree', () => {
    const all = policy(allow('*'))
    const onlyEcr = policy(allow('ecr:*'))
    expect(ask({ identity: [all], boundary: onlyEcr }).reason).toBe(
      'because no permissions boundary allows the eks:DescribeCluster action',
    )
    expect(ask({ identity: [all], session: [onlyEcr] }, { by: SESSION }).reason).toBe(
      'because no session policy allows the eks:DescribeCluster action',
    )
    expect(ask({ identity: [all], boundary: all, session: [all] }, { by: SESSION }).allowed).toBe(true)
  })

  it('takes a resource policy that names the caller inside the account, and needs both across accounts', () => {
    const document = policy({ Effect: 'Allow', Principal: { AWS: ALICE.arn }, Action: 'eks:*' })
    expect(ask({ identity: [], resource: { document, accountId: '111122223333' } }).allowed).toBe(true)
    const foreign = { document, accountId: '444455556666' }
    expect(ask({ identity: [], resource: foreign }).allowed).toBe(false)
    expect(ask({ identity: [policy(allow('*'))], resource: foreign }).allowed).toBe(true)
    const silent = {
      document: policy({ Effect: 'Allow', Principal: { AWS: '999988887777' }, Action: 'eks:*' }),
      accountId: '444455556666',
    }
    expect(ask({ identity: [policy(allow('*'))], resource: silent }).reason).toBe(
      'because no resource-based policy allows the eks:DescribeCluster action',
    )
  })

  it('never allows more when a statement of denial is added (1,000 random policies)', () => {
    let seed = 1
    const random = (limit: number) => {
      seed = (seed * 48271) % 2147483647
      return seed % limit
    }
    const actions = ['eks:*', 'eks:Describe*', '*', 'ecr:*', 'eks:DescribeCluster']
    const resources = ['*', CLUSTER, 'arn:aws:eks:*:*:cluster/*', 'arn:aws:ecr:*:*:*']
    const statement = (effect: string) => ({
      Effect: effect,
      Action: actions[random(5)],
      Resource: resources[random(4)],
    })
    for (let round = 0; round < 1000; round++) {
      const base = Array.from({ length: 1 + random(3) }, () => statement(random(4) ? 'Allow' : 'Deny'))
      const before = ask({ identity: [policy(...base)] }).allowed
      const after = ask({ identity: [policy(...base, statement('Deny'))] }).allowed
      expect(after && !before).toBe(false)
      const shuffled = ask({ identity: base.reverse().map((one) => policy(one)) }).allowed
      expect(shuffled).toBe(before)
    }
  })
})

describe('conditions', () => {
  const context = conditionContext(() => ({
    'aws:SourceIp': '203.0.113.7',
    'aws:username': 'alice',
    'aws:TagKeys': ['team', 'cost'],
    'aws:CurrentTime': '2026-11-21T08:00:00Z',
    'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/team/app',
  }))
  const holds = (operator: string, key: string, ...values: string[]) =>
    conditionHolds({ operator, key: key.toLowerCase(), values }, context)

  it.each([
    ['StringEquals', 'aws:username', ['bob', 'alice'], true],
    ['StringNotEquals', 'aws:username', ['bob', 'alice'], false],
    ['StringNotEquals', 'aws:absent', ['x'], true],
    ['StringEquals', 'aws:absent', ['x'], false],
    ['StringEqualsIfExists', 'aws:absent', ['x'], true],
    ['StringLike', 'aws:username', ['al*'], true],
    ['StringEquals', 'aws:username', ['${aws:username}'], true],
    ['StringEqualsIgnoreCase', 'aws:username', ['ALICE'], true],
    ['IpAddress', 'aws:SourceIp', ['203.0.113.0/24'], true],
    ['NotIpAddress', 'aws:SourceIp', ['10.0.0.0/8'], true],
    ['IpAddress', 'aws:SourceIp', ['2001:db8::/32'], false],
    ['DateGreaterThan', 'aws:CurrentTime', ['2026-01-01T00:00:00Z'], true],
    ['DateLessThan', 'aws:CurrentTime', ['2026-01-01T00:00:00Z'], false],
    ['Null', 'aws:absent', ['true'], true],
    ['Null', 'aws:username', ['true'], false],
    ['ForAllValues:StringEquals', 'aws:TagKeys', ['team', 'cost', 'more'], true],
    ['ForAllValues:StringEquals', 'aws:TagKeys', ['team'], false],
    ['ForAnyValue:StringEquals', 'aws:TagKeys', ['team'], true],
    ['ForAnyValue:StringEquals', 'aws:absent', ['team'], false],
    ['ArnLike', 'aws:PrincipalArn', ['arn:aws:iam::*:role/team/*'], true],
    ['ArnLike', 'aws:PrincipalArn', ['arn:*:role/team/app'], false],
    ['NoSuchOperator', 'aws:username', ['alice'], false],
  ])('%s %s %j is %s', (operator, key, values, expected) => {
    expect(holds(operator, key, ...values)).toBe(expected)
  })

  it('fills in variables, defaults and literals', () => {
    expect(substitute("home/${aws:username}/${aws:none, 'x'}/${*}", context)).toBe('home/alice/x/*')
  })
})

describe('globs', () => {
  it('does not blow up on a hostile pattern', () => {
    // Tried out star by star, this would not end.
    expect(globMatch(`${'a*'.repeat(60)}b`, 'a'.repeat(5000))).toBe(false)
  })

  it('keeps the stars of ARN operators inside their part', () => {
    expect(arnMatch('arn:aws:eks:*:111122223333:cluster/*', CLUSTER)).toBe(true)
    expect(arnMatch('arn:aws:eks:*:cluster/*', CLUSTER)).toBe(false)
  })
})

describe('validation', () => {
  it.each([
    ['{', 'identity', 'This policy contains invalid Json'],
    [
      policy({ Effect: 'Allow', Action: 'eks', Resource: '*' }),
      'identity',
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [policy({ Effect: 'Allow', Action: 'eks:*' }), 'identity', 'Policy statement must contain resources.'],
    [policy({ Effect: 'Allow', Resource: '*' }), 'identity', 'Policy statement must contain actions.'],
    [
      policy({ Effect: 'Allow', Action: 'eks:*', Resource: 'one' }),
      'identity',
      'Resource one must be in ARN format or "*".',
    ],
    [
      policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*', Principal: '*' }),
      'trust',
      'Has prohibited field Resource',
    ],
    [policy({ Effect: 'Allow', Action: 'sts:AssumeRole' }), 'trust', 'Missing required field Principal'],
    [
      policy({ Effect: 'Allow', Action: 'eks:*', Principal: '*' }),
      'trust',
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
  ] as const)('refuses %s as %s policy', (text, kind, message) => {
    expect(() => validatePolicy(text, kind)).toThrow(
      expect.objectContaining({ code: 'MalformedPolicyDocument', message }),
    )
  })
})
