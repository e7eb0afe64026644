import { quotas } from './data/quotas.ts'
import { invalidParameter } from './errors.ts'

/** A rule of a lifecycle policy (https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html). */
export interface LifecycleRule {
  rulePriority: number
  description?: string
  selection: {
    tagStatus: 'tagged' | 'untagged' | 'any'
    tagPatternList?: string[]
    tagPrefixList?: string[]
    storageClass?: 'standard' | 'archive'
    countType: 'imageCountMoreThan' | 'sinceImagePushed' | 'sinceImagePulled' | 'sinceImageTransitioned'
    countUnit?: 'days'
    countNumber: number
  }
  action: { type: 'expire' } | { type: 'transition'; targetStorageClass: 'archive' }
}

const failure = (reason: string) =>
  invalidParameter('LifecyclePolicyText', `Lifecycle policy validation failure: ${reason}`)

/** Reads a policy; its rules by priority. Throws InvalidParameterException with ECR's text. */
export function parseLifecyclePolicy(text: string): LifecycleRule[] {
  let policy: unknown
  try {
    policy = JSON.parse(text)
  } catch {
    throw failure('Could not map policyString into LifecyclePolicy.')
  }
  if (typeof policy !== 'object' || policy === null || Array.isArray(policy))
    throw failure('Could not map policyString into LifecyclePolicy.')
  properties(policy, ['rules'], [])
  const { rules } = policy as { rules: unknown }
  if (!Array.isArray(rules)) throw primitive(rules, 'array')
  if (rules.length === 0)
    throw failure('array is too short: must have at least 1 elements but instance has 0 elements')
  if (rules.length > quotas.lifecycleRules)
    throw failure(
      `array is too long: must have at most ${quotas.lifecycleRules} elements but instance has ${rules.length} elements`,
    )
  for (const rule of rules) checkRule(rule)
  checkTogether(rules)
  return (rules as LifecycleRule[]).toSorted((a, b) => a.rulePriority - b.rulePriority)
}

const primitive = (value: unknown, allowed: string) => {
  const type = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value
  return failure(
    `instance type (${type}) does not match any allowed primitive type (allowed: ["${allowed}"])`,
  )
}

/** Throws when an object lacks a property that it must have, or has one that it may not. */
function properties(value: object, required: string[], optional: string[]): void {
  const missing = required.filter((name) => !(name in value)).sort()
  if (missing.length > 0) throw failure(`object has missing required properties (${JSON.stringify(missing)})`)
  const unknown = Object.keys(value)
    .filter((name) => ![...required, ...optional].includes(name))
    .sort()
  if (unknown.length > 0) {
    throw failure(
      `object instance has properties which are not allowed by the schema: ${JSON.stringify(unknown)}`,
    )
  }
}

function oneOf(value: unknown, allowed: string[]): void {
  if (allowed.includes(value as string)) return
  throw failure(
    `instance value (${JSON.stringify(value)}) not found in enum (possible values: ${JSON.stringify(allowed)})`,
  )
}

function positive(value: unknown): void {
  if (!Number.isInteger(value)) throw primitive(value, 'integer')
  if ((value as number) < 1)
    throw failure(`numeric instance is lower than the required minimum (minimum: 1, found: ${value})`)
}

const COUNT_TYPES = ['imageCountMoreThan', 'sinceImagePulled', 'sinceImagePushed', 'sinceImageTransitioned']

function checkRule(rule: LifecycleRule): void {
  if (typeof rule !== 'object' || rule === null) throw primitive(rule, 'object')
  properties(rule, ['rulePriority', 'selection', 'action'], ['description'])
  positive(rule.rulePriority)
  const { selection, action } = rule
  properties(action, ['type'], ['targetStorageClass'])
  oneOf(action.type, ['expire', 'transition'])
  if (action.type === 'transition') oneOf(action.targetStorageClass, ['archive'])
  properties(
    selection,
    ['tagStatus', 'countType', 'countNumber'],
    ['countUnit', 'storageClass', 'tagPatternList', 'tagPrefixList'],
  )
  oneOf(selection.tagStatus, ['any', 'tagged', 'untagged'])
  oneOf(selection.countType, COUNT_TYPES)
  positive(selection.countNumber)
  if (selection.storageClass !== undefined) oneOf(selection.storageClass, ['archive', 'standard'])
  checkSelection(selection, action.type)
}

function checkSelection(
  {
    tagStatus,
    tagPatternList,
    tagPrefixList,
    storageClass,
    countType,
    countUnit,
  }: LifecycleRule['selection'],
  action: string,
): void {
  const since = countType !== 'imageCountMoreThan'
  if (since) oneOf(countUnit, ['days'])
  else if (countUnit !== undefined)
    throw failure('countUnit can only be specified when countType is based on image age.')
  if (tagStatus === 'tagged') {
    if (!tagPatternList?.length && !tagPrefixList?.length)
      throw failure('Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED.')
    if (tagPatternList?.length && tagPrefixList?.length)
      throw failure('Only one of tagPrefixList or tagPatternList can be specified.')
    if (tagPatternList?.some((pattern) => pattern.split('*').length > 5))
      throw failure('A tagPatternList value can contain at most 4 wildcards.')
  } else if (tagPatternList !== undefined || tagPrefixList !== undefined)
    throw failure(
      `Must not specify tagPrefixList or tagPatternList when tagStatus=${tagStatus.toUpperCase()}.`,
    )
  if (countType === 'sinceImageTransitioned' && storageClass !== 'archive')
    throw failure('storageClass must be archive when countType is sinceImageTransitioned.')
  if (countType !== 'sinceImageTransitioned' && storageClass === 'archive')
    throw failure('countType must be sinceImageTransitioned when storageClass is archive.')
  if (action === 'transition' && storageClass === 'archive')
    throw failure('Images in the archive storage class can only be expired.')
  if (action === 'expire' && countType === 'sinceImagePulled')
    throw failure('countType sinceImagePulled can only be used with the transition action.')
}

/** What rules may not do beside each other. */
function checkTogether(rules: LifecycleRule[]): void {
  if (new Set(rules.map(({ rulePriority }) => rulePriority)).size < rules.length)
    throw failure('Rule priorities must be unique.')
  for (const storage of ['standard', 'archive']) {
    const those = rules.filter(({ selection }) => (selection.storageClass ?? 'standard') === storage)
    const untagged = those.filter(({ selection }) => selection.tagStatus === 'untagged')
    if (new Set(untagged.map(({ action }) => action.type)).size < untagged.length)
      throw failure('Only one rule can select Untagged images per storage class')
    const any = those.filter(({ selection }) => selection.tagStatus === 'any')
    const highest = Math.max(
      ...those.filter((rule) => !any.includes(rule)).map(({ rulePriority }) => rulePriority),
    )
    if (any.some(({ rulePriority }) => rulePriority < highest))
      throw failure('Rule for tagStatus=ANY must have the lowest priority per storage class')
    if (new Set(any.map(({ action }) => action.type)).size < any.length)
      throw failure('Only one rule can select Any images per storage class')
  }
}
