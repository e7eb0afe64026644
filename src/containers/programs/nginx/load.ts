import { readContent } from '../../files/nodes.ts'
import { resolvePath } from '../../files/tree.ts'
import type { Process } from '../../processes/process.ts'
import { glob } from '../../shell/pattern.ts'
import { isNetwork } from './addresses.ts'
import { type Directive, find, findAll, NginxConfigError, parseNginxConfig } from './config.ts'
import { checkPlace } from './contexts.ts'
import { DIRECTIVES } from './directives.ts'
import { expression } from './exchange.ts'
import { condition } from './rewrite.ts'
import { checkVariables } from './variables.ts'

/** Blocks whose lines are data and not directives. */
const DATA_BLOCKS = new Set(['types', 'map', 'geo', 'split_clients', 'charset_map'])

/** Reads a configuration file with everything that it includes. Throws NginxConfigError. */
export async function load(process: Process, file: string): Promise<Directive[]> {
  const { files } = process.machine
  const node = files.find(file)
  if (node?.kind !== 'file')
    throw new NginxConfigError(`open() "${file}" failed (2: No such file or directory)`)
  const expand = async (directives: Directive[]): Promise<Directive[]> => {
    const result: Directive[] = []
    for (const directive of directives) {
      if (directive.name !== 'include') {
        result.push(directive.block ? { ...directive, block: await expand(directive.block) } : directive)
        continue
      }
      const path = resolvePath('/etc/nginx', directive.args[0] ?? '')
      const wild = /[*?[]/.test(path)
      const paths = wild ? glob(files, '/', [{ text: path, quoted: false }]) : [path]
      for (const included of paths) {
        const found = files.find(included)
        if (found?.kind !== 'file') {
          throw new NginxConfigError(
            `open() "${included}" failed (2: No such file or directory) in ${directive.file}:${directive.line}`,
          )
        }
        result.push(
          ...(await expand(
            parseNginxConfig(Buffer.from(await readContent(found.content)).toString(), included),
          )),
        )
      }
    }
    return result
  }
  return expand(parseNginxConfig(Buffer.from(await readContent(node.content)).toString(), file))
}

/** The mistakes that nginx refuses to start with. Throws NginxConfigError. */
export function check(config: readonly Directive[], process: Process): void {
  checkBlock(config, process, upstreamNames(config), 'main')
  checkVariables(config)
  checkZones(config)
}

function checkBlock(
  config: readonly Directive[],
  process: Process,
  upstreams: ReadonlySet<string | undefined>,
  context: string,
): void {
  for (const directive of config) {
    const { name, args, block, file, line } = directive
    const at = `in ${file}:${line}`
    if (DATA_BLOCKS.has(context)) continue
    if (!DIRECTIVES.has(name)) throw new NginxConfigError(`unknown directive "${name}" ${at}`)
    checkPlace(directive, context)
    const resolves = (host: string) => {
      if (!upstreams.has(host) && !process.machine.resolveName(host.replace(/:\d+$/, '')))
        throw new NginxConfigError(`host not found in upstream "${host}" ${at}`)
    }
    if (name === 'proxy_pass' && !args[0]?.includes('$')) {
      const host = /^https?:\/\/([^/:]+)/.exec(args[0] ?? '')?.[1]
      if (host) resolves(host)
      else if (context !== 'server') throw new NginxConfigError(`invalid URL prefix ${at}`)
      else resolves(args[0] ?? '')
    }
    if (name === 'server' && context === 'upstream' && !args[0]?.startsWith('unix:')) resolves(args[0] ?? '')
    if (name === 'listen' && !/^(?:\[.*\]|[^:]+)?:?\d*$|^unix:/.test(args[0] ?? '')) {
      throw new NginxConfigError(`invalid parameter "${args[0]}" ${at}`)
    }
    if ((name === 'allow' || name === 'deny') && !/^(?:all|unix:)$/.test(args[0]!) && !isNetwork(args[0]!))
      throw new NginxConfigError(`invalid parameter "${args[0]}" ${at}`)
    if (name === 'set' && !args[0]!.startsWith('$'))
      throw new NginxConfigError(`invalid variable name "${args[0]}" ${at}`)
    const pattern = patternOf(name, args)
    if (pattern !== undefined) {
      try {
        expression(pattern)
      } catch {
        throw new NginxConfigError(`pcre2_compile() failed: invalid pattern in "${pattern}" ${at}`)
      }
    }
    if (block) checkBlock(block, process, upstreams, name)
  }
}

/** The regular expression in a directive. */
function patternOf(name: string, args: readonly string[]): string | undefined {
  if (name === 'rewrite') return args[0]
  if (name === 'location' && args[0]?.startsWith('~')) return args[1]
  if (name !== 'if') return undefined
  const [, operator = '', pattern] = condition(args)
  return operator.includes('~') ? pattern : undefined
}

function checkZones(config: readonly Directive[]): void {
  const http = find(config, 'http')?.block ?? []
  const known = findAll(http, 'limit_req_zone').map(({ args }) => args[1]?.split(':')[0])
  const walk = (directives: readonly Directive[]) => {
    for (const { name, args, block = [] } of directives) {
      const zone = name === 'limit_req' ? args.find((word) => word.startsWith('zone=')) : undefined
      if (zone && !known.includes(zone))
        throw new NginxConfigError(`zero size shared memory zone "${zone.slice(5)}"`)
      walk(block)
    }
  }
  walk(http)
}

const upstreamNames = (config: readonly Directive[]) =>
  new Set(
    ['http', 'stream'].flatMap((name) =>
      findAll(find(config, name)?.block, 'upstream').map(({ args }) => args[0]),
    ),
  )
