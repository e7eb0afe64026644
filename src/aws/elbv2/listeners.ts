import type * as sdk from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { checkActions, checkConditions } from './actions.ts'
import { LIMITS } from './data/limits.ts'
import { securityOf } from './listener-certificates.ts'
import { page } from './paging.ts'
import type { ListenerRecord, LoadBalancerRecord, RuleRecord } from './records.ts'
import { idOf, listeners, loadBalancers, rules } from './tables.ts'
import { tagsOf } from './tags.ts'

const validation = (message: string) => new AwsError('ValidationError', message)

const toListener = (record: ListenerRecord): sdk.Listener => ({
  ListenerArn: record.arn,
  LoadBalancerArn: record.loadBalancerArn,
  Port: record.port,
  Protocol: record.protocol as sdk.ProtocolEnum,
  ...(record.certificates
    ? { Certificates: [{ CertificateArn: record.certificates[0] }], SslPolicy: record.sslPolicy }
    : {}),
  DefaultActions: record.defaultActions,
})

const toRule = (record: RuleRecord): sdk.Rule => ({
  RuleArn: record.arn,
  Priority: String(record.priority),
  Conditions: record.conditions,
  Actions: record.actions,
  IsDefault: false,
})

export const defaultRuleArn = (listener: ListenerRecord) =>
  `${listener.arn.replace(':listener/', ':listener-rule/')}/${listener.arn.slice(-16).split('').reverse().join('')}`

const defaultRule = (listener: ListenerRecord): sdk.Rule => ({
  RuleArn: defaultRuleArn(listener),
  Priority: 'default',
  Conditions: [],
  Actions: listener.defaultActions,
  IsDefault: true,
})

const sorted = (all: RuleRecord[]) => [...all].sort((a, b) => a.priority - b.priority)

/** The rules of a listener by priority, without the default one. */
export function rulesOfListener(scope: Scope, arn: string): RuleRecord[] {
  return sorted(rules.list(scope, arn))
}

function checkProtocol(balancer: LoadBalancerRecord, protocol: string): void {
  const allowed = balancer.type === 'application' ? ['HTTP', 'HTTPS'] : ['TCP', 'UDP', 'TCP_UDP', 'TLS']
  if (!allowed.includes(protocol))
    throw validation(`Listener protocol '${protocol}' must be one of '${allowed.join(', ')}'`)
  if (!['HTTP', 'HTTPS', 'TCP', 'TLS'].includes(protocol))
    throw new AwsError('NotImplemented', `Drydock does not simulate listeners of protocol '${protocol}'.`, {
      status: 501,
    })
}

function checkPort(context: RequestContext, balancer: LoadBalancerRecord, port: number, own?: string): void {
  const taken = listeners.list(context, balancer.arn).some((one) => one.port === port && one.arn !== own)
  if (taken)
    throw new AwsError(
      'DuplicateListener',
      `A listener already exists on this port for this load balancer '${balancer.arn}'`,
    )
}

function checkPriority(
  context: RequestContext,
  listener: ListenerRecord,
  priority: number,
  own?: string,
): void {
  if (priority < 1 || priority > 50_000)
    throw validation(`Priority '${priority}' must be in the range of '1' to '50000'`)
  if (rules.list(context, listener.arn).some((one) => one.priority === priority && one.arn !== own))
    throw new AwsError('PriorityInUse', `Priority '${priority}' is currently in use`)
}

/** A rule that may be changed. Throws RuleNotFound, and OperationNotPermitted for a default rule. */
function changeable(context: RequestContext, arn: string, verb: string): RuleRecord {
  const isDefault = listeners.list(context).some((listener) => defaultRuleArn(listener) === arn)
  if (isDefault) throw new AwsError('OperationNotPermitted', `Default rule '${arn}' cannot be ${verb}`)
  return rules.get(context, arn)
}

export const listenerHandlers: Record<string, Handler> = {
  CreateListener: (input: sdk.CreateListenerCommandInput, context) => {
    const balancer = loadBalancers.get(context, input.LoadBalancerArn!)
    if (input.Protocol === undefined) throw validation('A listener protocol must be specified')
    if (input.Port === undefined) throw validation('A listener port must be specified')
    checkProtocol(balancer, input.Protocol)
    const security = securityOf(context, input.Protocol, input)
    checkPort(context, balancer, input.Port)
    const limit = LIMITS[`listeners-per-${balancer.type}-load-balancer`]!
    if (listeners.list(context, balancer.arn).length >= limit)
      throw new AwsError('TooManyListeners', 'The maximum number of listeners has been reached')
    const record: ListenerRecord = {
      arn: `${balancer.arn.replace(':loadbalancer/', ':listener/')}/${context.world.ids.hex(16)}`,
      loadBalancerArn: balancer.arn,
      port: input.Port,
      protocol: input.Protocol,
      ...security,
      defaultActions: checkActions(context, balancer, input.DefaultActions ?? []),
      attributes: {},
      tags: tagsOf(input.Tags),
    }
    return { Listeners: [toListener(listeners.put(context, record))] }
  },

  DescribeListeners: (input: sdk.DescribeListenersCommandInput, context) => {
    if (!input.LoadBalancerArn && !input.ListenerArns?.length)
      throw validation('You must specify either listener ARNs or a load balancer ARN')
    const all = input.ListenerArns?.length
      ? input.ListenerArns.map((arn) => listeners.get(context, arn))
      : listeners.list(context, loadBalancers.get(context, input.LoadBalancerArn!).arn)
    const { items, ...rest } = page(all, input)
    return { Listeners: items.map(toListener), ...rest }
  },

  ModifyListener: (input: sdk.ModifyListenerCommandInput, context) => {
    const record = listeners.get(context, input.ListenerArn!)
    const balancer = loadBalancers.get(context, record.loadBalancerArn)
    if (input.Protocol !== undefined) checkProtocol(balancer, input.Protocol)
    if (input.Port !== undefined) checkPort(context, balancer, input.Port, record.arn)
    const protocol = input.Protocol ?? record.protocol
    const { certificates: _certificates, sslPolicy: _policy, ...rest } = record
    const next: ListenerRecord = {
      ...rest,
      port: input.Port ?? record.port,
      protocol,
      ...securityOf(context, protocol, input, record),
      defaultActions: input.DefaultActions
        ? checkActions(context, balancer, input.DefaultActions)
        : record.defaultActions,
    }
    return { Listeners: [toListener(listeners.put(context, next))] }
  },

  DeleteListener: (input: sdk.DeleteListenerCommandInput, context) => {
    const { arn } = listeners.get(context, input.ListenerArn!)
    for (const rule of rules.list(context, arn)) rules.delete(context, rule.arn)
    listeners.delete(context, arn)
    return {}
  },

  CreateRule: (input: sdk.CreateRuleCommandInput, context) => {
    const listener = listeners.get(context, input.ListenerArn!)
    const balancer = loadBalancers.get(context, listener.loadBalancerArn)
    if (balancer.type === 'network')
      throw validation('Rules cannot be created for listeners of network load balancers')
    checkPriority(context, listener, input.Priority!)
    if (rules.list(context, balancer.arn).length >= LIMITS['rules-per-application-load-balancer']!)
      throw new AwsError('TooManyRules', 'The maximum number of rules has been reached')
    const record: RuleRecord = {
      arn: `${listener.arn.replace(':listener/', ':listener-rule/')}/${context.world.ids.hex(16)}`,
      listenerArn: listener.arn,
      priority: input.Priority!,
      conditions: checkConditions(input.Conditions ?? []),
      actions: checkActions(context, balancer, input.Actions ?? []),
      tags: tagsOf(input.Tags),
    }
    return { Rules: [toRule(rules.put(context, record))] }
  },

  DescribeRules: (input: sdk.DescribeRulesCommandInput, context) => {
    if (!input.ListenerArn && !input.RuleArns?.length)
      throw validation('You must specify either listener rule ARNs or a listener ARN')
    const all = input.RuleArns?.length
      ? input.RuleArns.map((arn) => {
          const listener = listeners.list(context).find((one) => defaultRuleArn(one) === arn)
          return listener ? defaultRule(listener) : toRule(rules.get(context, arn))
        })
      : everyRule(context, input.ListenerArn!)
    const { items, ...rest } = page(all, input)
    return { Rules: items, ...rest }
  },

  ModifyRule: (input: sdk.ModifyRuleCommandInput, context) => {
    const record = changeable(context, input.RuleArn!, 'modified')
    const { loadBalancerArn } = listeners.get(context, record.listenerArn)
    const balancer = loadBalancers.get(context, loadBalancerArn)
    const next: RuleRecord = {
      ...record,
      conditions: input.Conditions ? checkConditions(input.Conditions) : record.conditions,
      actions: input.Actions ? checkActions(context, balancer, input.Actions) : record.actions,
    }
    return { Rules: [toRule(rules.put(context, next))] }
  },

  SetRulePriorities: (input: sdk.SetRulePrioritiesCommandInput, context) => {
    const changes = (input.RulePriorities ?? []).map(({ RuleArn, Priority }) => {
      if (RuleArn === undefined) throw validation('A rule ARN must be specified')
      if (Priority === undefined) throw validation('A rule priority must be specified')
      return { record: changeable(context, RuleArn, 'modified'), priority: Priority }
    })
    const moved = changes.map(({ record }) => record.arn)
    for (const { record, priority } of changes) {
      const others = rules.list(context, record.listenerArn).filter(({ arn }) => !moved.includes(arn))
      const twice = changes.filter((one) => one.priority === priority).length > 1
      if (twice || others.some((one) => one.priority === priority))
        throw new AwsError('PriorityInUse', `Priority '${priority}' is currently in use`)
    }
    return {
      Rules: changes.map(({ record, priority }) => toRule(rules.put(context, { ...record, priority }))),
    }
  },

  DeleteRule: (input: sdk.DeleteRuleCommandInput, context) => {
    rules.delete(context, changeable(context, input.RuleArn!, 'deleted').arn)
    return {}
  },
}

function everyRule(context: RequestContext, listenerArn: string): sdk.Rule[] {
  const listener = listeners.get(context, listenerArn)
  return [...sorted(rules.list(context, listener.arn)).map(toRule), defaultRule(listener)]
}

/** The load balancer's part of a listener's id. */
export const balancerIdOf = (listenerArn: string): string =>
  idOf(listenerArn).split('/').slice(0, 3).join('/')
