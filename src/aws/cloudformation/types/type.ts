import { AwsError } from '../../wire/service.ts'
import type { Properties } from '../records.ts'

/** Makes calls to AWS services as the one for whom the stack works. Input members may begin with a capital or not. */
export interface Calls {
  // biome-ignore lint/suspicious/noExplicitAny: the answers of the services differ; types read what they know.
  (service: string, operation: string, input: Record<string, unknown>): Promise<any>
  accountId: string
  region: string
}

export interface Tag {
  Key: string
  Value: string
}

/** What a resource is made for. */
export interface Order {
  /** The resource's own tags, the stack's and CloudFormation's, own ones winning. */
  tags: Tag[]
  /** The tags without CloudFormation's, for services that take none of `aws:` here. */
  ownTags: Tag[]
  /** A name as CloudFormation makes it: `stack-Logical-1A2B3C4D5E6F`, cut to `limit` characters. */
  name(limit?: number): string
  /** The same for all attempts at one order. */
  token: string
}

export interface Created {
  id: string
  attributes: Record<string, unknown>
}

/** The present state of a resource, with what `Fn::GetAtt` gives. */
export type Reading =
  | { state: 'ready'; attributes?: Record<string, unknown> }
  | { state: 'pending' }
  | { state: 'failed'; reason: string }

/**
 * How CloudFormation handles one type of resource, by calls to its service.
 * Properties: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
 */
export interface ResourceType {
  /** `AWS::EC2::VPC` */
  name: string
  /** Names of the properties; `!` marks required ones, `*` those whose change needs a replacement. */
  properties: string
  /** Gives the physical id, with attributes that can be told only once. */
  create(call: Calls, properties: Properties, order: Order): Promise<string | Created>
  /** Throws the service's error when it is not there. Default: ready. */
  read?(call: Calls, id: string, properties: Properties): Promise<Reading>
  /** What a new resource takes only once it is ready; then its creation is complete. */
  settle?(call: Calls, id: string, properties: Properties): Promise<void>
  /** Without it every change is a replacement. */
  update?(call: Calls, id: string, properties: Properties, before: Properties, order: Order): Promise<void>
  remove(call: Calls, id: string, properties: Properties): Promise<void>
  /** Removal takes its time: it is over when `read` finds nothing. */
  lingers?: boolean
}

export interface PropertyRules {
  all: Set<string>
  required: string[]
  createOnly: Set<string>
}

const parsed = new WeakMap<ResourceType, PropertyRules>()

/** The rules that a type's `properties` text stands for. */
export function propertyRules(type: ResourceType): PropertyRules {
  const known = parsed.get(type)
  if (known) return known
  const words = type.properties.split(/\s+/).filter((word) => word !== '')
  const name = (word: string) => word.replace(/[!*]+$/, '')
  const rules = {
    all: new Set(words.map(name)),
    required: words.filter((word) => word.includes('!')).map(name),
    createOnly: new Set(words.filter((word) => word.includes('*')).map(name)),
  }
  parsed.set(type, rules)
  return rules
}

/** What is wrong with a resource's properties, as the registry's validator words it. */
export function propertyProblem(
  type: ResourceType,
  logicalId: string,
  properties: Properties,
): string | undefined {
  const { all, required } = propertyRules(type)
  const problems = [
    ...Object.keys(properties)
      .filter((name) => !all.has(name))
      .map((name) => `#: extraneous key [${name}] is not permitted`),
    ...required
      .filter((name) => properties[name] === undefined)
      .map((name) => `#: required key [${name}] not found`),
  ]
  if (problems.length === 0) return undefined
  return `Properties validation failed for resource ${logicalId} with message:\n${problems.join('\n')}`
}

/** Whether an error says that the thing is not there. */
export const isMissing = (error: unknown): boolean =>
  error instanceof AwsError && /NotFound|NoSuch|DoesNotExist|ChangeSetNotFound/.test(error.code)

/** Whether a property differs from what it was. */
export const changed = (name: string, now: Properties, before: Properties): boolean =>
  JSON.stringify(now[name]) !== JSON.stringify(before[name])

/** The properties without some. */
export const without = (properties: Properties, ...names: string[]): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)))

/** Tags as maps, which EKS and others take. */
export const tagMap = (tags: Tag[]): Record<string, string> =>
  Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))

/** Documents may be given as objects or as text. */
export const documentText = (document: unknown): string =>
  typeof document === 'string' ? document : JSON.stringify(document)
