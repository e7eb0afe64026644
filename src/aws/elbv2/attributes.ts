import type * as sdk from '@aws-sdk/client-elastic-load-balancing-v2'
import { AwsError, type Handler } from '../wire/service.ts'
import { LOAD_BALANCER_ATTRIBUTES, ONLY_VALUES, TARGET_GROUP_ATTRIBUTES } from './data/attributes.ts'
import type { LoadBalancerRecord, TargetGroupRecord } from './records.ts'
import { loadBalancers, targetGroups } from './tables.ts'

interface Attribute {
  Key?: string
  Value?: string
}

const output = (defaults: Record<string, string>, set: Record<string, string>): Attribute[] =>
  Object.entries({ ...defaults, ...set }).map(([Key, Value]) => ({ Key, Value }))

/** The attributes that were set, checked. Throws for unknown keys and for what is not simulated. */
function merged(
  defaults: Record<string, string>,
  set: Record<string, string>,
  changes: Attribute[] | undefined,
  noun: string,
): Record<string, string> {
  const next = { ...set }
  for (const { Key = '', Value = '' } of changes ?? []) {
    if (!(Key in defaults))
      throw new AwsError('ValidationError', `${noun} attribute key '${Key}' is not recognized`)
    const boolean = defaults[Key] === 'true' || defaults[Key] === 'false'
    const numeric = /_seconds$/.test(Key)
    if ((boolean && !/^(true|false)$/.test(Value)) || (numeric && !/^\d+$/.test(Value)))
      throw new AwsError('ValidationError', `${noun} attribute value '${Value}' is invalid for key '${Key}'`)
    const only = ONLY_VALUES[Key]
    if (only && !only.includes(Value))
      throw new AwsError(
        'NotImplemented',
        `Drydock does not simulate ${Key}=${Value}; nothing was changed. FIDELITY.md lists what is simulated.`,
        { status: 501 },
      )
    next[Key] = Value
  }
  return next
}

const ofBalancer = ({ type }: LoadBalancerRecord) => LOAD_BALANCER_ATTRIBUTES[type]!
const ofGroup = ({ protocol, targetType }: TargetGroupRecord) => {
  const defaults = TARGET_GROUP_ATTRIBUTES[protocol]!
  // Addresses as TCP targets do not see the client's address by default.
  return protocol === 'TCP' && targetType === 'ip'
    ? { ...defaults, 'preserve_client_ip.enabled': 'false' }
    : defaults
}

/** An attribute of a target group as it stands. */
export function groupAttribute(group: TargetGroupRecord, key: string): string {
  return group.attributes[key] ?? ofGroup(group)[key] ?? ''
}

export const attributeHandlers: Record<string, Handler> = {
  DescribeLoadBalancerAttributes: (input: sdk.DescribeLoadBalancerAttributesCommandInput, context) => {
    const record = loadBalancers.get(context, input.LoadBalancerArn!)
    return { Attributes: output(ofBalancer(record), record.attributes) }
  },

  ModifyLoadBalancerAttributes: (input: sdk.ModifyLoadBalancerAttributesCommandInput, context) => {
    const record = loadBalancers.get(context, input.LoadBalancerArn!)
    const attributes = merged(ofBalancer(record), record.attributes, input.Attributes, 'Load balancer')
    loadBalancers.put(context, { ...record, attributes })
    return { Attributes: output(ofBalancer(record), attributes) }
  },

  DescribeTargetGroupAttributes: (input: sdk.DescribeTargetGroupAttributesCommandInput, context) => {
    const record = targetGroups.get(context, input.TargetGroupArn!)
    return { Attributes: output(ofGroup(record), record.attributes) }
  },

  ModifyTargetGroupAttributes: (input: sdk.ModifyTargetGroupAttributesCommandInput, context) => {
    const record = targetGroups.get(context, input.TargetGroupArn!)
    const attributes = merged(ofGroup(record), record.attributes, input.Attributes, 'Target group')
    targetGroups.put(context, { ...record, attributes })
    return { Attributes: output(ofGroup(record), attributes) }
  },
}
