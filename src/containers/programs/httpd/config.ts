import { readContent } from '../../files/nodes.ts'
import { resolvePath } from '../../files/tree.ts'
import type { Process } from '../../processes/process.ts'
import { glob } from '../../shell/pattern.ts'

/** A line of Apache's configuration; a section has the lines inside it. */
export interface HttpdDirective {
  name: string
  args: string[]
  file: string
  line: number
  section?: HttpdDirective[]
}

/** What httpd says of a wrong configuration. */
export class HttpdConfigError extends Error {
  override readonly name = 'HttpdConfigError'
}

const ROOT = '/usr/local/apache2'

/** Directives that are known; those that the server beside this file does not read are accepted without effect. */
const KNOWN = new Set(
  `acceptfilter accessfilename adddefaultcharset addencoding addhandler addicon addlanguage addoutputfilterbytype addtype alias
aliasmatch allow allowoverride authname authtype authuserfile browsermatch customlog define deny directoryindex documentroot
enablemmap enablesendfile errordocument errorlog expiresactive expiresbytype extendedstatus fallbackresource filesmatch group
header hostnamelookups include includeoptional indexoptions keepalive keepalivetimeout languagepriority limitrequestbody listen
loadmodule logformat loglevel maxconnectionsperchild maxkeepaliverequests maxrequestworkers mutex options order pidfile
redirect redirectmatch redirectpermanent redirecttemp requestheader require rewritecond rewriteengine rewriterule satisfy
scriptalias serveradmin serveralias serverlimit servername serverroot serversignature servertokens setenv setenvif sslcertificatefile
sslengine startservers threadsperchild timeout traceenable typesconfig undefine unsetenv usecanonicalname user`.split(
    /\s+/,
  ),
)
/** Directives of modules that must be loaded first: the official image loads none of these. */
const BY_MODULE: Record<string, string> = {
  proxypass: 'proxy_module',
  proxypassreverse: 'proxy_module',
  proxypreservehost: 'proxy_module',
  proxyrequests: 'proxy_module',
}

/** Reads httpd.conf with all that it includes, and checks it. Throws HttpdConfigError with Apache's text. */
export async function loadHttpd(process: Process, file: string): Promise<HttpdDirective[]> {
  const directives = await read(process, file)
  const modules = new Set(all(directives, 'LoadModule').map(({ args }) => args[0]))
  check(process, directives, modules)
  return directives
}

async function read(process: Process, path: string): Promise<HttpdDirective[]> {
  const { files } = process.machine
  const node = files.find(path)
  if (node?.kind !== 'file')
    throw new HttpdConfigError(`httpd: Could not open configuration file ${path}: No such file or directory`)
  const text = Buffer.from(await readContent(node.content)).toString()
  const root: HttpdDirective[] = []
  const open: { name: string; lines: HttpdDirective[]; line: number }[] = [{ name: '', lines: root, line: 0 }]
  for (const [index, raw] of text.replace(/\\\n/g, ' ').split('\n').entries()) {
    const words = [...raw.trim().matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
      ([, quoted, plain]) => quoted ?? plain!,
    )
    const line = index + 1
    if (words.length === 0 || words[0]!.startsWith('#')) continue
    const lines = open.at(-1)!.lines
    const closed = /^<\/(\w+)>$/.exec(words[0]!)?.[1]
    if (closed !== undefined) {
      const { name } = open.at(-1)!
      if (name.toLowerCase() !== closed.toLowerCase())
        throw syntaxError(
          { file: path, line },
          name === ''
            ? `</${closed}> without matching <${closed}> section`
            : `Expected </${name}> but saw </${closed}>`,
        )
      open.pop()
      continue
    }
    const section = /^<(\w+)/.exec(words[0]!)?.[1]
    if (section !== undefined) {
      const inside: HttpdDirective[] = []
      const args = words
        .slice(1)
        .map((word) => word.replace(/>$/, ''))
        .filter(Boolean)
      lines.push({ name: section, args, file: path, line, section: inside })
      open.push({ name: section, lines: inside, line })
      continue
    }
    const directive = { name: words[0]!, args: words.slice(1), file: path, line }
    if (/^include(optional)?$/i.test(directive.name)) {
      const target = resolvePath(ROOT, directive.args[0] ?? '')
      const paths = /[*?[]/.test(target) ? glob(files, '/', [{ text: target, quoted: false }]) : [target]
      for (const one of paths) if (files.find(one)) lines.push(...(await read(process, one)))
    } else lines.push(directive)
  }
  const { name, line } = open.at(-1)!
  if (name !== '')
    throw new HttpdConfigError(`httpd: Syntax error on line ${line} of ${path}: <${name}> was not closed.`)
  return root
}

const syntaxError = ({ file, line }: { file: string; line: number }, why: string) =>
  new HttpdConfigError(`AH00526: Syntax error on line ${line} of ${file}:\n${why}`)

function check(
  process: Process,
  directives: HttpdDirective[],
  modules: ReadonlySet<string | undefined>,
): void {
  for (const directive of directives) {
    const { name, args, section } = directive
    if (section) {
      check(process, section, modules)
      continue
    }
    const known = name.toLowerCase()
    const module = BY_MODULE[known]
    if (!KNOWN.has(known) && !(module && modules.has(module)))
      throw syntaxError(
        directive,
        `Invalid command '${name}', perhaps misspelled or defined by a module not included in the server configuration`,
      )
    if (known === 'documentroot' && process.machine.files.find(args[0] ?? '')?.kind !== 'directory')
      throw syntaxError(directive, `DocumentRoot '${args[0]}' is not a directory, or is not readable`)
    if (known === 'listen' && !/^(?:\S+:)?\d+$/.test(args[0] ?? ''))
      throw syntaxError(directive, 'Port must be specified')
  }
}

/** The directives of a name, also those in `<IfModule>` and `<IfDefine>`. */
export function all(directives: readonly HttpdDirective[], name: string): HttpdDirective[] {
  return directives.flatMap((directive) => {
    if (directive.section && /^if/i.test(directive.name)) return all(directive.section, name)
    return directive.name.toLowerCase() === name.toLowerCase() ? [directive] : []
  })
}

/** The first argument of the last directive of a name. */
export const last = (directives: readonly HttpdDirective[], name: string): string | undefined =>
  all(directives, name).at(-1)?.args[0]
