import { writeText } from './scalars.ts'
import type { ListShape, MapShape, Shape, StructShape } from './shape.ts'

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
}

/** Text fit for XML content and attributes; characters that XML cannot carry are dropped. */
export function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
      .replace(/[&<>"\r]/g, (char) => ESCAPES[char]!)
  )
}

/** One element with text in it. */
export function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`
}

/** The members of a structure as XML, without an element around them. */
export function writeXmlMembers(shape: Shape, value: unknown): string {
  return shape.kind === 'struct' && value ? writeMembers(shape, value as Record<string, unknown>) : ''
}

function writeMembers(shape: StructShape, value: Record<string, unknown>): string {
  let xml = ''
  for (const member of shape.members) {
    const item = value[member.name]
    if (item !== undefined && item !== null)
      xml += writeNamed(member.xmlName, member.shape, item, member.flattened)
  }
  return xml
}

function writeNamed(name: string, shape: Shape, value: unknown, flattened = false): string {
  switch (shape.kind) {
    case 'struct':
      return `<${name}>${writeMembers(shape, value as Record<string, unknown>)}</${name}>`
    case 'list':
      return writeList(name, shape, value as unknown[], flattened || shape.flattened)
    case 'map':
      return writeMap(name, shape, value as Record<string, unknown>, flattened || shape.flattened)
    default:
      return element(name, writeText(shape, value, 'date-time'))
  }
}

function writeList(name: string, shape: ListShape, items: unknown[], flattened: boolean): string {
  let xml = ''
  for (const item of items) {
    if (item !== undefined && item !== null)
      xml += writeNamed(flattened ? name : shape.itemName, shape.member, item)
  }
  return flattened ? xml : `<${name}>${xml}</${name}>`
}

function writeMap(name: string, shape: MapShape, map: Record<string, unknown>, flattened: boolean): string {
  const entry = flattened ? name : 'entry'
  let xml = ''
  for (const [key, value] of Object.entries(map)) {
    if (value === undefined || value === null) continue
    xml += `<${entry}>${element(shape.keyName, key)}${writeNamed(shape.valueName, shape.value, value)}</${entry}>`
  }
  return flattened ? xml : `<${name}>${xml}</${name}>`
}
