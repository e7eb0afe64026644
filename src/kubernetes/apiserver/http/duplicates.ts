/** Largest number of duplicates told. */
const LIMIT = 100

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The index after the string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let index = start + 1
  while (index < text.length) {
    const code = text.charCodeAt(index)
    if (code === BACKSLASH) index++
    else if (code === QUOTE) return index + 1
    index++
  }
  return index
}

interface Level {
  /** Keys seen; undefined in a list. */
  keys: Set<string> | undefined
  /** The key, or the index in a list, where the reader is. */
  at: string | number
}

/** `spec.containers[0].name` */
function pathOf(levels: Level[]): string {
  return levels.reduce(
    (path, { keys, at }) => (keys ? (path ? `${path}.${at}` : String(at)) : `${path}[${at}]`),
    '',
  )
}

/** Fields that stand twice in an object of a JSON text, which `JSON.parse` accepts. The text must be valid. */
export function duplicateFields(text: string): string[] {
  const found: string[] = []
  const levels: Level[] = []
  let expectsKey = false
  for (let index = 0; index < text.length; ) {
    const char = text[index]!
    const level = levels.at(-1)
    if (char === '"') {
      const end = endOfString(text, index)
      if (expectsKey && level?.keys) {
        level.at = JSON.parse(text.slice(index, end))
        if (level.keys.has(level.at as string) && found.length < LIMIT) found.push(pathOf(levels))
        level.keys.add(level.at as string)
        expectsKey = false
      }
      index = end
      continue
    }
    if (char === '{') levels.push({ keys: new Set(), at: '' })
    else if (char === '[') levels.push({ keys: undefined, at: 0 })
    else if (char === '}' || char === ']') levels.pop()
    else if (char === ',' && level && !level.keys) level.at = (level.at as number) + 1
    if (char === '{' || (char === ',' && level?.keys)) expectsKey = true
    else if (char === '[' || char === '}' || char === ']') expectsKey = false
    index++
  }
  return found
}
