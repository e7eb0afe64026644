import { contentSize, type FileNode, file } from '../files/nodes.ts'
import { ZEROS } from '../files/pieces.ts'
import type { Files } from './recipe.ts'
import type { LayerSize } from './sizes.ts'

/**
 * The files of a layer with zeros at the end of those that its size names, until they are as large as the real ones together.
 * Zeros take no room, neither in memory nor on the disk.
 */
export function filled(files: Files, { plain, into }: LayerSize): Files {
  let left = plain - Object.values(files).reduce((sum, node) => sum + bytesIn(node), 0)
  if (left <= 0) return files
  const result = { ...files }
  const weights = into.map((_, index) => 1 / Math.sqrt(index + 1))
  let weight = weights.reduce((sum, one) => sum + one, 0)
  for (const [index, path] of into.entries()) {
    const bytes = Math.round((left * weights[index]!) / weight)
    left -= bytes
    weight -= weights[index]!
    result[path] = larger(result[path], bytes, path)
  }
  return result
}

const bytesIn = (node: Files[string]): number => (node.kind === 'file' ? contentSize(node.content) : 0)

function larger(node: Files[string] | undefined, bytes: number, path: string): FileNode {
  if (node && (node.kind !== 'file' || !(node.content instanceof Uint8Array)))
    throw new TypeError(`${path} cannot be filled up`)
  const begin = node ? [node.content as Uint8Array] : []
  const whole = Math.floor(bytes / ZEROS.length)
  const pieces = [
    ...begin,
    ...Array.from({ length: whole }, () => ZEROS),
    ZEROS.subarray(0, bytes - whole * ZEROS.length),
  ]
  const kept = begin.reduce((sum, { length }) => sum + length, 0)
  return { ...(node ?? file('')), content: { pieces, count: pieces.length, size: kept + bytes, kept } }
}
