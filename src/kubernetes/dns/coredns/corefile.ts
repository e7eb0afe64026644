/** A directive of a server block, with the lines of its own block. */
export interface Directive {
  name: string
  args: string[]
  /** Each line: its words. */
  body: string[][]
  line: number
}

export interface ServerBlock {
  /** Zones without the last dot; `''` is the root. */
  zones: string[]
  port: number
  /** As they are shown when the server starts: `.:53`. */
  labels: string[]
  directives: Directive[]
}

/** What CoreDNS says of a Corefile that it cannot read. */
export class CorefileError extends Error {
  override readonly name = 'CorefileError'
}

const DNS_PORT = 53

interface Token {
  text: string
  line: number
}

/**
 * Reads a Corefile, in the syntax of Caddyfiles: keys, braces, a directive a line, `#` comments, quotes, `{$VARIABLES}`.
 * Throws CorefileError in the words of caddy's parser (coredns/caddy, caddyfile/parse.go).
 */
export function parseCorefile(
  text: string,
  path: string,
  known: ReadonlySet<string>,
  env: ReadonlyMap<string, string> = new Map(),
): ServerBlock[] {
  const tokens = tokenize(text).map((token) => ({
    ...token,
    text: token.text.replace(/\{[$%](\w+)[}%]\}?/g, (_, name: string) => env.get(name) ?? ''),
  }))
  let at = 0
  const fail = (line: number, message: string): never => {
    throw new CorefileError(`${path}:${line} - Error during parsing: ${message}`)
  }
  const lastLine = tokens.at(-1)?.line ?? 1
  const next = (): Token => tokens[at++] ?? fail(lastLine, 'Unexpected EOF')
  const blocks: ServerBlock[] = []
  while (at < tokens.length) {
    const keys: string[] = []
    for (let token = next(); token.text !== '{'; token = next()) {
      keys.push(...token.text.split(',').filter(Boolean))
      if (at === tokens.length) fail(token.line, 'Unexpected EOF')
    }
    const directives: Directive[] = []
    for (let token = next(); token.text !== '}'; token = next()) {
      if (!known.has(token.text)) fail(token.line, `Unknown directive '${token.text}'`)
      const directive: Directive = { name: token.text, args: [], body: [], line: token.line }
      while (tokens[at]?.line === token.line && tokens[at]!.text !== '{') {
        if (tokens[at]!.text === '}') break
        directive.args.push(next().text)
      }
      if (tokens[at]?.line === token.line && tokens[at]!.text === '{') {
        next()
        directive.body = bodyOf(next)
      }
      directives.push(directive)
    }
    blocks.push({ ...addressOf(keys), directives })
  }
  return blocks
}

/** The lines of a directive's block, after its opening brace; blocks within are part of their line. */
function bodyOf(next: () => Token): string[][] {
  const lines: string[][] = []
  let line = -1
  let depth = 0
  for (let token = next(); depth > 0 || token.text !== '}'; token = next()) {
    if (token.text === '{') depth++
    else if (token.text === '}') depth--
    if (token.line === line) lines.at(-1)!.push(token.text)
    else lines.push([token.text])
    line = token.line
  }
  return lines
}

function addressOf(keys: string[]): Pick<ServerBlock, 'zones' | 'port' | 'labels'> {
  let port = DNS_PORT
  const zones = keys.map((key) => {
    const [, zone = '', own] = /^(?:dns:\/\/)?(.*?)(?::(\d+))?$/.exec(key)!
    if (own) port = Number(own)
    return zone.toLowerCase().replace(/\.$/, '')
  })
  return { zones, port, labels: zones.map((zone) => `${zone}.:${port}`) }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let line = 1
  const pattern = /\n|#[^\n]*|"((?:[^"\\]|\\.)*)"|[^\s"#][^\s]*|[^\S\n]+/g
  for (const match of text.matchAll(pattern)) {
    const [word, quoted] = match
    if (word === '\n') line++
    else if (quoted !== undefined) {
      tokens.push({ text: quoted.replaceAll('\\"', '"'), line })
      line += word.split('\n').length - 1
    } else if (!word.startsWith('#') && word.trim()) tokens.push({ text: word, line })
  }
  return tokens
}
