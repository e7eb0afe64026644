import type { Scope } from '../../ec2/index.ts'
import { zonesOf } from '../../ec2/regions.ts'
import type { StackRecord } from '../records.ts'
import { resources, stacks } from '../tables.ts'
import { Evaluator, NO_VALUE } from '../template/evaluate.ts'
import { isList, splitList } from '../template/parameters.ts'
import { parseTemplate, type Template } from '../template/parse.ts'

/** A stack's template, ready to be resolved against what the stack has made so far. */
export interface Reading {
  template: Template
  evaluator: Evaluator
  /** Logical ids of the resources whose condition holds. */
  wanted: string[]
  /** Exports of other stacks that were used so far. */
  imports: Set<string>
}

/** `unknown` stands for references to what is not made yet; without it they are errors. */
export function readStack(scope: Scope, stack: StackRecord, unknown?: string): Reading {
  const template = parseTemplate(stack.wanted.template)
  const imports = new Set<string>()
  const evaluator = new Evaluator({
    values: valuesOf(scope, stack, template),
    mappings: template.Mappings,
    conditions: template.Conditions,
    reference(logicalId) {
      const record = resources.find(scope, stack.arn, logicalId)
      if (record?.physicalId === undefined) return logicalId in template.Resources ? unknown : undefined
      return record.physicalId
    },
    attribute: (logicalId, name) =>
      attributeOf(resources.find(scope, stack.arn, logicalId)?.attributes, name) ?? unknown,
    imported(name) {
      imports.add(name)
      return exportsOf(scope).find((one) => one.name === name)?.value
    },
    zones: (region) => zonesOf(region).map(({ name }) => name),
  })
  const wanted = Object.entries(template.Resources)
    .filter(([, { Condition }]) => Condition === undefined || evaluator.condition(Condition))
    .map(([id]) => id)
  return { template, evaluator, wanted, imports }
}

/** An attribute by its name, which may lead into an object. */
function attributeOf(attributes: Record<string, unknown> | undefined, name: string): unknown {
  if (attributes === undefined) return undefined
  if (name in attributes) return attributes[name]
  let value: unknown = attributes
  for (const part of name.split('.')) value = (value as Record<string, unknown> | undefined)?.[part]
  return value
}

function valuesOf({ accountId, region }: Scope, stack: StackRecord, { Parameters }: Template) {
  const given = Object.entries(stack.wanted.parameters).map(([name, value]) => [
    name,
    isList(Parameters[name]?.Type ?? '') ? splitList(value) : value,
  ])
  return {
    ...Object.fromEntries(given),
    ...stack.stored?.values,
    'AWS::AccountId': accountId,
    'AWS::NoValue': NO_VALUE,
    'AWS::NotificationARNs': stack.notificationArns,
    'AWS::Partition': 'aws',
    'AWS::Region': region,
    'AWS::StackId': stack.arn,
    'AWS::StackName': stack.name,
    'AWS::URLSuffix': 'amazonaws.com',
  }
}

export interface Export {
  name: string
  value: string
  stackArn: string
  stackName: string
}

/** The exports of a region's stacks. */
export function exportsOf(scope: Scope): Export[] {
  return stacks
    .live(scope)
    .flatMap(({ outputs, arn, name: stackName }) =>
      outputs.flatMap(({ exportName, value }) =>
        exportName === undefined ? [] : [{ name: exportName, value, stackArn: arn, stackName }],
      ),
    )
}
