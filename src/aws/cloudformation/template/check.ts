import { AwsError } from '../../wire/service.ts'
import type { ResourceType } from '../types/type.ts'
import { formatError, isObject, type Template } from './parse.ts'
import { dependenciesOf, type Reference, referencesOf } from './references.ts'

export const PSEUDO_PARAMETERS = [
  'AWS::AccountId',
  'AWS::NoValue',
  'AWS::NotificationARNs',
  'AWS::Partition',
  'AWS::Region',
  'AWS::StackId',
  'AWS::StackName',
  'AWS::URLSuffix',
]

const LOGICAL_ID = /^[A-Za-z0-9]{1,255}$/
const RESOURCE_MEMBERS = [
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'UpdatePolicy',
  'CreationPolicy',
  'Metadata',
  'Version',
]

const validation = (message: string) => new AwsError('ValidationError', message)

/**
 * Checks what can be told before anything is made: structure, types, references, conditions, cycles.
 * Throws ValidationError, as CloudFormation words it.
 */
export function checkTemplate(template: Template, types: ReadonlyMap<string, ResourceType>): void {
  checkResources(template, types)
  checkReferences(template)
  checkConditions(template)
  const cycle = cycleOf(template)
  if (cycle) throw validation(`Circular dependency between resources: [${cycle.join(', ')}]`)
}

const STACK = 'AWS::CloudFormation::Stack'

function checkResources({ Resources }: Template, types: ReadonlyMap<string, ResourceType>): void {
  for (const [id, resource] of Object.entries(Resources)) {
    if (!LOGICAL_ID.test(id)) throw formatError(`Resource name ${id} is non alphanumeric.`)
    if (!isObject(resource)) throw formatError('Any Resources member must be an object.')
    if (typeof resource.Type !== 'string')
      throw formatError(`[/Resources/${id}] Every Resources object must contain a Type member.`)
    for (const member of Object.keys(resource))
      if (!RESOURCE_MEMBERS.includes(member))
        throw validation(`Invalid template resource property '${member}'`)
    if (resource.Properties !== undefined && !isObject(resource.Properties))
      throw formatError(`[/Resources/${id}/Properties] 'null' values are not allowed in templates`)
  }
  const unknown = [...new Set(Object.values(Resources).map(({ Type }) => Type))].filter(
    (type) => !types.has(type),
  )
  const malformed = unknown.filter((type) => !/^(AWS|Alexa)::\w+::\w+$/.test(type))
  if (malformed.length > 0) throw formatError(`Unrecognized resource types: [${malformed.join(', ')}]`)
  if (unknown.includes(STACK))
    throw validation(
      `Drydock does not simulate nested stacks (${STACK}): their TemplateURL leads to Amazon S3, which there is none of. Write their resources into one template, or make stacks of their own that exchange exports.`,
    )
  if (unknown.length > 0)
    throw validation(
      `Drydock does not simulate these resource types in CloudFormation: [${unknown.join(', ')}]. FIDELITY.md lists those that it does.`,
    )
}

function checkReferences(template: Template): void {
  const { Parameters, Resources, Outputs } = template
  const known = new Set([...Object.keys(Parameters), ...Object.keys(Resources), ...PSEUDO_PARAMETERS])
  const inResources = Object.values(Resources).flatMap(({ Properties, DependsOn }) => [
    ...referencesOf(Properties),
    ...[DependsOn ?? []].flat().map((name): Reference => ({ kind: 'ref', name })),
  ])
  const missing = (list: Reference[]) => [
    ...new Set(list.flatMap((one) => (one.kind === 'ref' && !known.has(one.name) ? [one.name] : []))),
  ]
  const inOutputs = [...referencesOf(Outputs)]
  for (const [list, block] of [
    [inResources, 'Resources'],
    [inOutputs, 'Outputs'],
  ] as const) {
    const names = missing(list)
    if (names.length > 0)
      throw formatError(
        `Unresolved resource dependencies [${names.join(', ')}] in the ${block} block of the template`,
      )
    for (const one of list)
      if (one.kind === 'attribute' && !(one.name in Resources))
        throw validation(`Template error: instance of Fn::GetAtt references undefined resource ${one.name}`)
  }
}

function checkConditions({ Conditions, Resources, Outputs }: Template): void {
  const used: string[] = [
    ...[Conditions, Resources, Outputs].flatMap((part) =>
      [
        ...referencesOf(
          Object.values(part).map((one) => (isObject(one) ? { ...one, Condition: undefined } : one)),
        ),
      ]
        .filter(({ kind }) => kind === 'condition')
        .map(({ name }) => name),
    ),
    ...[...Object.values(Resources), ...Object.values(Outputs)].flatMap(({ Condition }) => Condition ?? []),
  ]
  for (const name of used)
    if (!(name in Conditions))
      throw formatError(`Unresolved condition dependency ${name} in the Resources block of the template`)
}

/** Logical ids that wait for each other, if there are any. */
function cycleOf({ Resources }: Template): string[] | undefined {
  const waiting = new Map(
    Object.entries(Resources).map(([id, resource]) => [
      id,
      dependenciesOf(resource, (name) => name in Resources),
    ]),
  )
  let free: string[]
  do {
    free = [...waiting].filter(([, needs]) => needs.every((need) => !waiting.has(need))).map(([id]) => id)
    for (const id of free) waiting.delete(id)
  } while (free.length > 0)
  return waiting.size > 0 ? [...waiting.keys()] : undefined
}

/** The property by which a type's resource is given a name; elsewhere such a name tells of another resource. */
const OWN_NAMES: Record<string, string> = {
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::User': 'UserName',
  'AWS::IAM::Group': 'GroupName',
  'AWS::IAM::InstanceProfile': 'InstanceProfileName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
}

/** Which capabilities a template asks for, and why. */
export function capabilitiesOf({ Resources }: Template): { capabilities: string[]; reason?: string } {
  const iam = Object.values(Resources).filter(({ Type }) => Type.startsWith('AWS::IAM::'))
  if (iam.length === 0) return { capabilities: [] }
  const named = iam.some(({ Type, Properties = {} }) => (OWN_NAMES[Type] ?? '') in Properties)
  const types = [...new Set(iam.map(({ Type }) => Type))]
  return {
    capabilities: [named ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM'],
    reason: `The following resource(s) require capabilities: [${types.join(', ')}]`,
  }
}
