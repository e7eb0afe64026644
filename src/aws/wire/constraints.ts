import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What a value must satisfy: lengths (or range, for numbers), pattern, enum, and what is inside it. */
export interface Constraint {
  min?: number
  max?: number
  pattern?: string
  enum?: string[]
  required?: string[]
  /** Shape names of a structure's members that carry constraints. */
  members?: Record<string, string>
  /** Shape name of a list's items. */
  item?: string
  key?: string
  value?: string
}

/** The constraints of one service: the input shape of each operation, and the shapes by name. */
export interface ServiceConstraints {
  operations: Record<string, string>
  shapes: Record<string, Constraint>
}

/** By the service's folder in botocore's data. */
export type Constraints = Record<string, ServiceConstraints>

/** A shape of botocore's `service-2.json`, as far as it is read here. */
interface BotocoreShape {
  type: string
  required?: string[]
  members?: Record<string, { shape: string }>
  member?: { shape: string }
  key?: { shape: string }
  value?: { shape: string }
  min?: number
  max?: number
  pattern?: string
  enum?: string[]
}

interface BotocoreModel {
  operations: Record<string, { input?: { shape: string } }>
  shapes: Record<string, BotocoreShape>
}

export interface BuildConstraintsOptions {
  /** botocore's `data` folder, as the AWS CLI carries it. */
  dataFolder: string
  outFile: string
  /** Folder names in it: `eks`, `elbv2`. */
  services: string[]
}

/** Derives the constraint table from botocore's models; what constrains nothing is left out. */
export async function buildConstraints({
  dataFolder,
  outFile,
  services,
}: BuildConstraintsOptions): Promise<void> {
  const table: Constraints = {}
  for (const service of services) {
    const folder = join(dataFolder, service)
    const version = (await readdir(folder)).sort().at(-1)!
    table[service] = deriveConstraints(
      JSON.parse(await readFile(join(folder, version, 'service-2.json'), 'utf8')),
    )
  }
  await mkdir(dirname(outFile), { recursive: true })
  await writeFile(outFile, JSON.stringify(table))
}

/** Reads a table that `buildConstraints` wrote. */
export async function loadConstraints(file: string): Promise<Constraints> {
  return JSON.parse(await readFile(file, 'utf8'))
}

/** The constraints that the inputs of a service's operations carry. */
export function deriveConstraints(model: BotocoreModel): ServiceConstraints {
  const constrained = constrainedShapes(model.shapes)
  const result: ServiceConstraints = { operations: {}, shapes: {} }
  const keep = (name: string): string | undefined => {
    if (!constrained.has(name)) return undefined
    if (result.shapes[name]) return name
    const shape = model.shapes[name]!
    const constraint: Constraint = {}
    result.shapes[name] = constraint
    const { min, max, pattern } = shape
    if (min !== undefined) constraint.min = min
    if (max !== undefined) constraint.max = max
    if (pattern !== undefined) constraint.pattern = pattern
    if (shape.enum) constraint.enum = shape.enum
    if (shape.required?.length) constraint.required = shape.required
    const members = Object.entries(shape.members ?? {})
      .map(([member, { shape: target }]) => [member, keep(target)] as const)
      .filter((entry): entry is [string, string] => entry[1] !== undefined)
    if (members.length > 0) constraint.members = Object.fromEntries(members)
    const item = shape.member && keep(shape.member.shape)
    if (item) constraint.item = item
    const key = shape.key && keep(shape.key.shape)
    if (key) constraint.key = key
    const value = shape.value && keep(shape.value.shape)
    if (value) constraint.value = value
    return name
  }
  for (const [operation, { input }] of Object.entries(model.operations)) {
    const name = input && keep(input.shape)
    if (name) result.operations[operation] = name
  }
  return result
}

/** Names of the shapes with a constraint anywhere inside; found by going up from those that carry one. */
function constrainedShapes(shapes: Record<string, BotocoreShape>): Set<string> {
  const users = new Map<string, string[]>()
  const found: string[] = []
  for (const [name, shape] of Object.entries(shapes)) {
    const { min, max, pattern, required } = shape
    const own =
      min !== undefined || max !== undefined || pattern !== undefined || shape.enum || required?.length
    if (own) found.push(name)
    const targets = [...Object.values(shape.members ?? {}), shape.member, shape.key, shape.value]
    for (const target of targets)
      if (target) users.set(target.shape, [...(users.get(target.shape) ?? []), name])
  }
  const result = new Set<string>()
  while (found.length > 0) {
    const name = found.pop()!
    if (result.has(name)) continue
    result.add(name)
    found.push(...(users.get(name) ?? []))
  }
  return result
}
