import { AwsError } from '../../wire/service.ts'
import { isOperator } from './condition.ts'

/** What a policy is for; each kind has elements that it must or must not have. */
export type PolicyKind = 'identity' | 'session' | 'trust' | 'resource'

/** Characters besides white space that a policy may hold. */
const LIMITS: Partial<Record<PolicyKind, number>> = { trust: 2048 }

// biome-ignore lint/suspicious/noExplicitAny: a policy as its author wrote it.
type Raw = any

/** Throws MalformedPolicyDocument with IAM's text when a policy is not well formed. */
export function validatePolicy(text: string, kind: PolicyKind): void {
  let document: Raw
  try {
    document = JSON.parse(text)
  } catch {
    throw malformed('This policy contains invalid Json')
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw malformed('Syntax errors in policy.')
  for (const key of Object.keys(document))
    if (!['Version', 'Id', 'Statement'].includes(key)) throw malformed('Syntax errors in policy.')
  if (
    document.Version !== undefined &&
    document.Version !== '2012-10-17' &&
    document.Version !== '2008-10-17'
  )
    throw malformed('The policy must contain a valid version string')
  if (document.Statement === undefined) throw malformed('Missing required field Statement')
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement]
  if (statements.length === 0) throw malformed('Missing required field Statement cannot be empty!')
  const sids = new Set<string>()
  for (const statement of statements) {
    checkStatement(statement, kind)
    const { Sid: sid } = statement
    if (sid === undefined || sid === '') continue
    if (sids.has(sid)) throw malformed('Statement IDs (SID) in a single policy must be unique.')
    sids.add(sid)
  }
  const limit = LIMITS[kind]
  if (limit !== undefined && text.replace(/\s/g, '').length > limit)
    throw new AwsError('LimitExceeded', `Cannot exceed quota for ACLSizePerRole: ${limit}`, { status: 409 })
}

const ELEMENTS = new Set([
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
])

function checkStatement(statement: Raw, kind: PolicyKind): void {
  if (typeof statement !== 'object' || statement === null || Array.isArray(statement))
    throw malformed('Syntax errors in policy.')
  for (const key of Object.keys(statement))
    if (!ELEMENTS.has(key)) throw malformed('Syntax errors in policy.')
  if (statement.Sid !== undefined && kind !== 'resource' && !/^[0-9A-Za-z]*$/.test(statement.Sid))
    throw malformed(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    )
  if (statement.Effect === undefined) throw malformed('Missing required field Effect')
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny')
    throw malformed(`Invalid effect: ${statement.Effect}`)
  checkPrincipal(statement, kind)
  checkActions(statement, kind)
  checkResources(statement, kind)
  checkConditions(statement.Condition)
}

function checkPrincipal(statement: Raw, kind: PolicyKind): void {
  const principal = statement.Principal ?? statement.NotPrincipal
  if (kind === 'identity' || kind === 'session') {
    if (principal !== undefined) throw malformed('Policy document should not specify a principal.')
    return
  }
  if (principal === undefined) throw malformed('Missing required field Principal')
  if (principal === '*') return
  if (typeof principal !== 'object' || principal === null) throw malformed('Invalid principal in policy')
  for (const [type, values] of Object.entries(principal)) {
    if (!['AWS', 'Service', 'Federated', 'CanonicalUser'].includes(type))
      throw malformed(`Invalid principal in policy: "${type}":"${values}"`)
    for (const value of texts(values)) {
      const valid =
        type === 'AWS'
          ? /^(\*|\d{12}|arn:aws:(iam|sts)::\d{12}:.+|A[A-Z]{3}[A-Z0-9]{12,})$/.test(value)
          : type === 'Service'
            ? /^[a-z0-9.-]+\.(amazonaws\.com|amazon\.com|aws\.internal)$/.test(value)
            : value.length > 0
      if (!valid) throw malformed(`Invalid principal in policy: "${type.toUpperCase()}":"${value}"`)
    }
  }
}

function checkActions(statement: Raw, kind: PolicyKind): void {
  const given = statement.Action ?? statement.NotAction
  if (given === undefined) throw malformed('Policy statement must contain actions.')
  if (statement.Action !== undefined && statement.NotAction !== undefined)
    throw malformed('Syntax errors in policy.')
  const actions = texts(given)
  if (actions.length === 0) throw malformed('Policy statement must contain actions.')
  for (const action of actions) {
    if (action !== '*' && !/^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(action)) {
      throw action.includes(':')
        ? malformed('Syntax errors in policy.')
        : malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.')
    }
    if (kind === 'trust' && !/^(\*|sts:.+)$/i.test(action))
      throw malformed('AssumeRole policy may only specify STS AssumeRole actions.')
  }
}

function checkResources(statement: Raw, kind: PolicyKind): void {
  const given = statement.Resource ?? statement.NotResource
  if (kind === 'trust') {
    if (given !== undefined) throw malformed('Has prohibited field Resource')
    return
  }
  if (given === undefined) {
    if (kind === 'resource') return
    throw malformed('Policy statement must contain resources.')
  }
  for (const resource of texts(given)) {
    if (resource === '*' || /^\$\{/.test(resource)) continue
    if (!resource.startsWith('arn:')) throw malformed(`Resource ${resource} must be in ARN format or "*".`)
    const parts = resource.split(':')
    if (parts.length < 6 && !resource.includes('*')) throw malformed('The policy failed legacy parsing')
    if (parts[1] !== undefined && !/^(aws|aws-cn|aws-us-gov|\*)$/.test(parts[1]))
      throw malformed(`Partition "${parts[1]}" is not valid for resource "${resource}".`)
  }
}

function checkConditions(conditions: Raw): void {
  if (conditions === undefined) return
  if (typeof conditions !== 'object' || conditions === null || Array.isArray(conditions))
    throw malformed('Syntax errors in policy.')
  for (const [operator, keys] of Object.entries(conditions)) {
    if (!isOperator(operator)) throw malformed(`Invalid Condition type : ${operator}.`)
    for (const [key, values] of Object.entries((keys ?? {}) as Raw)) {
      if (!key.includes(':'))
        throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.')
      texts(values)
    }
  }
}

/** One or many texts; numbers and booleans are taken as text, as IAM does. */
function texts(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  for (const item of list)
    if (!['string', 'number', 'boolean'].includes(typeof item)) throw malformed('Syntax errors in policy.')
  return list.map(String)
}

function malformed(message: string): AwsError {
  return new AwsError('MalformedPolicyDocument', message)
}
