import type { AwsServer } from '#aws/wire/server.ts'
import type { Principal } from '#aws/wire/service.ts'
import { turn } from '#world/turns.ts'
import type { ConsoleResource } from '../api.ts'
import { cliCommand } from './command.ts'
import type { ConsoleService, ReadCall, ResourceType, Template } from './resource-type.ts'
import { filled, valuesAt } from './template.ts'

/** Performs a read call of a service as the account's administrator. */
export type Read = (
  service: string,
  operation: string,
  input: Record<string, unknown>,
) => Promise<Record<string, unknown>>

/** Reads as the administrator, leaving no trace in CloudTrail. */
export function administratorReads(
  aws: Pick<AwsServer, 'invoke'>,
  principal: Principal,
  region: string,
): Read {
  return async (service, operation, input) =>
    (await aws.invoke({
      service,
      operation,
      input,
      principal,
      region,
      calledVia: 'console.amazonaws.com',
      unrecorded: true,
    })) as Record<string, unknown>
}

/** A type with the names that its place in the catalogue gives it. */
export interface PlacedType extends ResourceType {
  /** `ec2/instances` */
  fullId: string
  api: string
}

export interface Inventory {
  resources: ConsoleResource[]
  /** Whether there are more than these. */
  more: boolean
}

/** So many resources of a type are shown, unless it says otherwise. */
const SHOWN = 1_000

export function placed(service: ConsoleService): PlacedType[] {
  return service.types.map((type) => ({
    ...type,
    fullId: `${service.id}/${type.id}`,
    api: type.service ?? service.service ?? service.id,
  }))
}

/** The resources of a type, under each of its parents. A call that a service refuses gives none. */
export async function readType(
  type: PlacedType,
  parents: ConsoleResource[] | undefined,
  read: Read,
): Promise<Inventory> {
  const resources: ConsoleResource[] = []
  for (const parent of parents ?? [undefined]) {
    const inputs = type.list.inputs ?? [type.list.input ?? {}]
    for (const template of inputs) {
      const call = { ...type.list, input: template }
      for await (const item of pages(call, type, parent, read)) {
        if (resources.length === (type.most ?? SHOWN)) return { resources, more: true }
        const resource = await describe(type, item, parent, read)
        if (resource) resources.push(resource)
      }
    }
  }
  return { resources, more: false }
}

/** The command that lists a type; one of a child names no parent's resource. */
export function listCommand({ api, list, parent }: PlacedType): string {
  return cliCommand(api, list.operation, parent ? {} : (list.inputs?.[0] ?? list.input ?? {}))
}

/** What an operation lists, page by page. */
async function* pages(
  call: ReadCall,
  { api }: PlacedType,
  parent: ConsoleResource | undefined,
  read: Read,
): AsyncGenerator<unknown> {
  const input = inputOf(call.input, { parent: parent?.attributes })
  let token: Record<string, unknown> | undefined = {}
  while (token) {
    await turn()
    const output: Record<string, unknown> | undefined = await answer(
      read(api, call.operation, { ...input, ...token }),
    )
    if (!output) return
    yield* valuesAt(output, call.path)
    token = nextPage(output)
  }
}

/** How the services call the token of the next page, and what they take it by. */
const TOKENS = [
  ['nextToken', 'nextToken'],
  ['NextToken', 'NextToken'],
  ['NextMarker', 'Marker'],
  ['Marker', 'Marker'],
] as const

function nextPage(output: Record<string, unknown>): Record<string, unknown> | undefined {
  for (const [given, taken] of TOKENS) if (output[given]) return { [taken]: output[given] }
  return undefined
}

async function describe(
  type: PlacedType,
  item: unknown,
  parent: ConsoleResource | undefined,
  read: Read,
): Promise<ConsoleResource | undefined> {
  const known = { item, parent: parent?.attributes }
  let attributes = item
  if (type.describe) {
    await turn()
    const output = await answer(read(type.api, type.describe.operation, inputOf(type.describe.input, known)))
    // Gone since it was listed.
    if (!output) return undefined
    attributes = valuesAt(output, type.describe.path)[0]
  }
  if (typeof attributes !== 'object' || attributes === null) return undefined
  const own = plain(attributes) as Record<string, unknown>
  const key = String(valuesAt(own, type.key)[0])
  const { operation, input } = type.describe ?? type.list
  const shown = inputOf(type.show ?? input, { ...own, ...known })
  return {
    id: `${parent ? `${parent.id}/` : ''}${encodeURIComponent(key)}`,
    name: nameOf(type, own, key),
    attributes: own,
    command: cliCommand(type.api, operation, shown),
  }
}

/** What tells an ARN's resource from others of its kind: `service-deployment/demo/web/8191` → `8191`. */
const lastPart = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1)

function nameOf(type: ResourceType, attributes: Record<string, unknown>, key: string): string {
  if (type.name) return valuesAt(attributes, type.name).join(', ') || key
  const tags = valuesAt(attributes, 'Tags') as { Key?: string; Value?: string }[]
  return tags.find(({ Key }) => Key === 'Name')?.Value || (key.startsWith('arn:') ? lastPart(key) : key)
}

function inputOf(
  template: Record<string, Template> | undefined,
  from: Record<string, unknown>,
): Record<string, unknown> {
  return filled(template ?? {}, from) as Record<string, unknown>
}

/** As JSON has it: dates as texts, no bytes, nothing undefined. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return undefined
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([member, inner]) => {
      const made = plain(inner)
      return made === undefined ? [] : [[member, made]]
    }),
  )
}

/** A refused call says that there is nothing to see: the resource is going, or the simulation lacks the operation. */
async function answer(call: Promise<Record<string, unknown>>): Promise<Record<string, unknown> | undefined> {
  return call.catch(() => undefined)
}
