import type { Action, RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Scope } from '../ec2/index.ts'
import { AwsError } from '../wire/service.ts'
import { LIMITS } from './data/limits.ts'
import type { LoadBalancerRecord } from './records.ts'
import { targetGroups } from './tables.ts'
import { balancersByGroup, groupsOf } from './usage.ts'

const validation = (message: string) => new AwsError('ValidationError', message)

/** Actions as they are kept and shown: forwards in both of their spellings. Throws ELB's errors. */
export function checkActions(scope: Scope, balancer: LoadBalancerRecord, actions: Action[]): Action[] {
  const last = actions.at(-1)
  if (!last) throw validation('You must specify at least one action')
  if (actions.length > 1)
    throw new AwsError(
      'NotImplemented',
      'Drydock does not simulate the authenticate actions that may come before the last one.',
      { status: 501 },
    )
  const action = normalize(last)
  if (balancer.type === 'network' && action.Type !== 'forward')
    throw validation(`The action type '${action.Type}' is not valid with network load balancers`)
  const users = balancersByGroup(scope)
  for (const arn of groupsOf([action])) {
    const group = targetGroups.find(scope, arn)
    if (!group) throw new AwsError('TargetGroupNotFound', `Target groups '${arn}' not found`)
    const protocol = balancer.type === 'application' ? 'HTTP' : 'TCP'
    if (group.protocol !== protocol)
      throw new AwsError(
        'InvalidConfigurationRequest',
        `The protocol of target group '${arn}' is not compatible with the load balancer '${balancer.arn}'`,
      )
    if (group.vpcId !== balancer.vpcId)
      throw new AwsError(
        'InvalidConfigurationRequest',
        `Target group '${arn}' does not belong to VPC '${balancer.vpcId}'`,
      )
    if (users.get(arn)?.some((user) => user !== balancer.arn))
      throw new AwsError(
        'TargetGroupAssociationLimit',
        `The following target groups cannot be associated with more than one load balancer: ${arn}`,
      )
  }
  return [action]
}

function normalize(action: Action): Action {
  switch (action.Type) {
    case 'forward':
      return forward(action)
    case 'fixed-response': {
      const config = action.FixedResponseConfig
      if (!config?.StatusCode)
        throw validation('A fixed-response action must specify a fixed-response config')
      if (!/^(2|4|5)\d\d$/.test(config.StatusCode))
        throw validation(`The status code '${config.StatusCode}' must match '2XX, 4XX or 5XX'`)
      return action
    }
    case 'redirect': {
      const config = action.RedirectConfig
      if (!config?.StatusCode) throw validation('A redirect action must specify a redirect config')
      const RedirectConfig = {
        Protocol: '#{protocol}',
        Port: '#{port}',
        Host: '#{host}',
        Path: '/#{path}',
        Query: '#{query}',
        ...config,
      }
      return { ...action, RedirectConfig }
    }
    default:
      throw new AwsError('NotImplemented', `Drydock does not simulate actions of type '${action.Type}'.`, {
        status: 501,
      })
  }
}

function forward(action: Action): Action {
  const groups =
    action.ForwardConfig?.TargetGroups ??
    (action.TargetGroupArn === undefined ? [] : [{ TargetGroupArn: action.TargetGroupArn }])
  if (groups.length === 0) throw validation('A target group ARN must be specified')
  if (groups.length > LIMITS['target-groups-per-action-on-application-load-balancer']!)
    throw new AwsError(
      'TooManyTargetGroups',
      'The maximum number of target groups per action has been reached',
    )
  if (action.ForwardConfig?.TargetGroupStickinessConfig?.Enabled)
    throw new AwsError('NotImplemented', 'Drydock does not simulate sticky target groups.', { status: 501 })
  const TargetGroups = groups.map(({ TargetGroupArn, Weight = 1 }) => ({ TargetGroupArn, Weight }))
  return {
    ...action,
    ...(TargetGroups.length === 1 ? { TargetGroupArn: TargetGroups[0]!.TargetGroupArn } : {}),
    ForwardConfig: { TargetGroups, TargetGroupStickinessConfig: { Enabled: false } },
  }
}

const CONFIGS = {
  'path-pattern': 'PathPatternConfig',
  'host-header': 'HostHeaderConfig',
  'http-request-method': 'HttpRequestMethodConfig',
  'source-ip': 'SourceIpConfig',
} as const

/** Conditions as they are kept and shown: values in both of their spellings. Throws ELB's errors. */
export function checkConditions(conditions: RuleCondition[]): RuleCondition[] {
  if (conditions.length === 0) throw validation('A rule must have at least one condition')
  const checked = conditions.map(normalizeCondition)
  const count = checked.reduce((sum, condition) => sum + valuesOf(condition).length, 0)
  if (count > LIMITS['condition-values-per-alb-rule']!)
    throw validation(`A rule can only have '${LIMITS['condition-values-per-alb-rule']}' condition values`)
  for (const field of ['path-pattern', 'host-header', 'http-request-method', 'source-ip'])
    if (checked.filter((one) => one.Field === field).length > 1)
      throw validation(`Only one condition of type '${field}' can be specified`)
  return checked
}

function normalizeCondition(condition: RuleCondition): RuleCondition {
  const { Field: field = '' } = condition
  if (field === 'http-header') {
    const { HttpHeaderName, Values } = condition.HttpHeaderConfig ?? {}
    if (!HttpHeaderName || !Values?.length) throw validation('A condition value must be specified')
    return { Field: field, HttpHeaderConfig: condition.HttpHeaderConfig }
  }
  if (field === 'query-string') {
    if (!condition.QueryStringConfig?.Values?.length) throw validation('A condition value must be specified')
    return { Field: field, QueryStringConfig: condition.QueryStringConfig }
  }
  const member = CONFIGS[field as keyof typeof CONFIGS]
  if (!member)
    throw validation(
      `Condition field '${field}' must be one of '[${Object.keys(CONFIGS).join(', ')}, http-header, query-string]'`,
    )
  const values = condition[member]?.Values ?? condition.Values ?? []
  if (values.length === 0) throw validation('A condition value must be specified')
  const both = field === 'path-pattern' || field === 'host-header'
  return { Field: field, ...(both ? { Values: values } : {}), [member]: { Values: values } }
}

/** The values of a condition, each as text. */
export function valuesOf(condition: RuleCondition): string[] {
  if (condition.HttpHeaderConfig) return condition.HttpHeaderConfig.Values ?? []
  if (condition.QueryStringConfig)
    return (condition.QueryStringConfig.Values ?? []).map(({ Key, Value }) =>
      Key ? `${Key}=${Value}` : Value!,
    )
  const member = CONFIGS[condition.Field as keyof typeof CONFIGS]
  return condition[member]?.Values ?? []
}
