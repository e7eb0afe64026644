import { readContent } from '../../files/nodes.ts'
import { resolvePath } from '../../files/tree.ts'
import type { Process } from '../../processes/process.ts'
import { glob } from '../../shell/pattern.ts'
import { type Directive, find, findAll, NginxConfigError, parseNginxConfig } from './config.ts'
import { DIRECTIVES } from './directives.ts'

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
export function check(
  config: readonly Directive[],
  process: Process,
  upstreams = upstreamNames(config),
  data = false,
): void {
  for (const { name, args, block, file, line } of config) {
    const at = `in ${file}:${line}`
    if (!data && !DIRECTIVES.has(name)) throw new NginxConfigError(`unknown directive "${name}" ${at}`)
    if (name === 'proxy_pass' && !args[0]?.includes('$')) {
      const host = /^https?:\/\/([^/:]+)/.exec(args[0] ?? '')?.[1]
      if (!host) throw new NginxConfigError(`invalid URL prefix ${at}`)
      if (!upstreams.has(host) && !process.machine.resolveName(host)) {
        throw new NginxConfigError(`host not found in upstream "${host}" ${at}`)
      }
    }
    if (name === 'listen' && !/^(?:\[.*\]|[^:]+)?:?\d*$|^unix:/.test(args[0] ?? '')) {
      throw new NginxConfigError(`invalid parameter "${args[0]}" ${at}`)
    }
    if (block) check(block, process, upstreams, DATA_BLOCKS.has(name))
  }
}

const upstreamNames = (config: readonly Directive[]) =>
  new Set(findAll(find(config, 'http')?.block, 'upstream').map(({ args }) => args[0]))
