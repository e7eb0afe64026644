import { MalformedInput, readText } from './scalars.ts'
import type { ListShape, MapShape, Shape, StructShape } from './shape.ts'

/** How a Query dialect names members. */
export type QueryDialect = 'query' | 'ec2'

/** A form's keys as a tree: `Tag.1.Key` is three nodes deep. */
export interface QueryNode {
  value?: string
  children?: Map<string, QueryNode>
}

/** Parses form-encoded text (a body or a query string). */
export function parseForm(text: string): QueryNode {
  const root: QueryNode = {}
  for (const [key, value] of new URLSearchParams(text)) {
    let node = root
    for (const part of key.split('.')) {
      node.children ??= new Map()
      let next = node.children.get(part)
      if (!next) {
        next = {}
        node.children.set(part, next)
      }
      node = next
    }
    node.value = value
  }
  return root
}

/** Reads a form's tree into the SDK's input. Throws MalformedInput. */
export function readQuery(shape: Shape, node: QueryNode, dialect: QueryDialect, path = ''): unknown {
  switch (shape.kind) {
    case 'struct':
      return readStruct(shape, node, dialect, path)
    case 'list':
      return readList(shape, shape.flattened, node, dialect, path)
    case 'map':
      return readMap(shape, shape.flattened, node, dialect, path)
    case 'unit':
      return {}
    default:
      return node.value === undefined ? undefined : readText(shape, node.value, path)
  }
}

function readStruct(shape: StructShape, node: QueryNode, dialect: QueryDialect, path: string): unknown {
  const result: Record<string, unknown> = {}
  for (const member of shape.members) {
    const key = dialect === 'ec2' ? member.ec2Name : member.xmlName
    const child = node.children?.get(key)
    if (!child) continue
    const at = path ? `${path}.${key}` : key
    const { shape: inner } = member
    const value =
      inner.kind === 'list'
        ? readList(inner, member.flattened || inner.flattened, child, dialect, at)
        : inner.kind === 'map'
          ? readMap(inner, member.flattened || inner.flattened, child, dialect, at)
          : readQuery(inner, child, dialect, at)
    if (value !== undefined) result[member.name] = value
  }
  return result
}

function readList(
  shape: ListShape,
  flattened: boolean,
  node: QueryNode,
  dialect: QueryDialect,
  path: string,
): unknown[] {
  const flat = dialect === 'ec2' || flattened
  const items = flat ? node : (node.children?.get(shape.itemName) ?? node.children?.get('member'))
  return numbered(items, path).map((item, index) =>
    readQuery(shape.member, item, dialect, `${path}.${index + 1}`),
  )
}

function readMap(
  shape: MapShape,
  flattened: boolean,
  node: QueryNode,
  dialect: QueryDialect,
  path: string,
): unknown {
  const result: Record<string, unknown> = Object.create(null)
  for (const entry of numbered(flattened ? node : node.children?.get('entry'), path)) {
    const key = entry.children?.get(shape.keyName)?.value
    const value = entry.children?.get(shape.valueName)
    if (key !== undefined && value) result[key] = readQuery(shape.value, value, dialect, `${path}.${key}`)
  }
  return { ...result }
}

/** The children named by numbers, in their order. Gaps are closed, as AWS does. */
function numbered(node: QueryNode | undefined, path: string): QueryNode[] {
  if (!node?.children) return []
  return [...node.children]
    .map(([key, child]) => {
      if (!/^\d{1,9}$/.test(key)) throw new MalformedInput(`The parameter ${path}.${key} is not recognized`)
      return [Number(key), child] as const
    })
    .sort(([a], [b]) => a - b)
    .map(([, child]) => child)
}
