import { Bash } from 'just-bash'
import { contentSize, streamContent } from '../files/nodes.ts'
import { resolvePath } from '../files/tree.ts'
import { readAll } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'
import { clientAddress, listenHttp } from './http-listener.ts'
import { LibraryFs } from './library-fs.ts'

/** What CPython itself holds in memory, bytes. */
const RUNTIME_BYTES = 9 * 1024 ** 2
const COMMAND = '/usr/bin/python3'
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const TYPES: Record<string, string> = {
  html: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
  json: 'application/json',
  txt: 'text/plain',
  png: 'image/png',
  svg: 'image/svg+xml',
}

/**
 * Python: `-m http.server` is a model; scripts run in a CPython without network in a thread of its own, their output
 * comes when they end.
 */
export function python(version: string): Program {
  return async (process) => {
    const words = process.argv.slice(1)
    while (/^-[uBEIOs]+$/.test(words[0] ?? '')) words.shift()
    const [first, second] = words
    if (first === '--version' || first === '-V') {
      await process.print(`Python ${version}\n`)
      return 0
    }
    process.holdMemory(RUNTIME_BYTES)
    if (first === '-m' && second === 'http.server') return httpServer(process, words.slice(2), version)
    if (first === '-m' && second === 'pip') {
      process.argv = ['pip', ...words.slice(2)]
      const { pip } = await import('./packages/pip.ts')
      return pip(process)
    }
    if (first === undefined && process.tty) {
      await process.complain(
        'drydock: the interactive mode of Python is not simulated; give a file or -c SCRIPT\n',
      )
      return 1
    }
    return runScript(process, words)
  }
}

/** The library runs its Python for a command in its own folders: there is one, whatever the image has. */
class PythonFs extends LibraryFs {
  override async exists(path: string): Promise<boolean> {
    return path === COMMAND || super.exists(path)
  }

  override async stat(path: string) {
    return super
      .stat(path === COMMAND ? '/' : path)
      .then((found) =>
        path === COMMAND ? { ...found, isFile: true, isDirectory: false, mode: 0o755 } : found,
      )
  }
}

async function runScript(process: Process, words: string[]): Promise<number> {
  const needsInput = words.length === 0 || words[0] === '-'
  const input = needsInput ? await process.waitFor(readAll(process.stdin)) : Buffer.alloc(0)
  const bash = new Bash({
    fs: new PythonFs(process),
    cwd: process.cwd,
    // The library finds its own commands there, and would take the image's for scripts elsewhere.
    env: { ...Object.fromEntries(process.env), PATH: '/usr/bin:/bin' },
    python: true,
    defenseInDepth: false,
    sleep: (ms) => process.sleep(ms),
  })
  const result = await process.waitFor(
    bash.exec('python3', { args: words, stdin: input.toString(), cwd: process.cwd, signal: process.signal }),
  )
  await process.print(result.stdout)
  if (result.stderr) await process.complain(result.stderr)
  return result.exitCode
}

async function httpServer(process: Process, words: string[], version: string): Promise<number> {
  const { machine } = process
  let port = 8000
  let root = process.cwd
  while (words.length > 0) {
    const word = words.shift()!
    if (word === '-d' || word === '--directory') root = resolvePath(process.cwd, words.shift() ?? '.')
    else if (word === '-b' || word === '--bind') words.shift()
    else if (/^\d+$/.test(word)) port = Number(word)
  }
  const stopped = new Promise<number>((resolve) => process.on('SIGINT', () => resolve(0)))
  try {
    listenHttp(process, port, (req, res) => {
      const answer = async () => {
        const [path = '/'] = (req.url ?? '/').split('?')
        const found = find(process, root, decodeURIComponent(path))
        res.setHeader('Server', `SimpleHTTP/0.6 Python/${version}`)
        res.setHeader('Date', new Date(machine.clock.now()).toUTCString())
        if (typeof found === 'string') {
          res.writeHead(200, {
            'Content-type': 'text/html; charset=utf-8',
            'Content-Length': Buffer.byteLength(found),
          })
          res.end(found)
        } else if (found) {
          res.writeHead(200, {
            'Content-type': TYPES[found.name.split('.').pop() ?? ''] ?? 'application/octet-stream',
            'Content-Length': contentSize(found.content),
            'Last-Modified': new Date(found.mtime).toUTCString(),
          })
          if (req.method !== 'HEAD') for await (const chunk of streamContent(found.content)) res.write(chunk)
          res.end()
        } else {
          const body =
            '<!DOCTYPE HTML>\n<html lang="en">\n    <head>\n        <meta charset="utf-8">\n        <style type="text/css">\n            :root {\n                color-scheme: light dark;\n            }\n        </style>\n        <title>Error response</title>\n    </head>\n    <body>\n        <h1>Error response</h1>\n        <p>Error code: 404</p>\n        <p>Message: File not found.</p>\n        <p>Error code explanation: 404 - Nothing matches the given URI.</p>\n    </body>\n</html>\n'
          await log(`code 404, message File not found`)
          res.writeHead(404, {
            'Content-Type': 'text/html;charset=utf-8',
            'Content-Length': Buffer.byteLength(body),
          })
          res.end(body)
        }
        await log(`"${req.method} ${req.url} HTTP/${req.httpVersion}" ${res.statusCode} -`)
      }
      const log = (text: string) =>
        process.complain(`${clientAddress(req)} - - [${stamp(machine.clock.now())}] ${text}\n`)
      answer().catch(() => res.destroy())
    })
  } catch {
    await process.complain('OSError: [Errno 98] Address already in use\n')
    return 1
  }
  await process.print(`Serving HTTP on 0.0.0.0 port ${port} (http://0.0.0.0:${port}/) ...\n`)
  return process.waitFor(stopped)
}

/** A file, the listing of a folder, or nothing. */
function find(process: Process, root: string, path: string) {
  const { files } = process.machine
  const at = resolvePath('/', root + resolvePath('/', path))
  const node = files.find(at)
  if (node?.kind === 'file') return { ...node, name: at }
  if (node?.kind !== 'directory') return undefined
  const index = files.find(`${at}/index.html`)
  if (index?.kind === 'file') return { ...index, name: 'index.html' }
  const items = files
    .listSync(at)
    .map((name) => (files.find(`${at}/${name}`)?.kind === 'directory' ? `${name}/` : name))
    .map((name) => `<li><a href="${encodeURI(name)}">${name}</a></li>\n`)
  return `<!DOCTYPE HTML>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Directory listing for ${path}</title>\n</head>\n<body>\n<h1>Directory listing for ${path}</h1>\n<hr>\n<ul>\n${items.join('')}</ul>\n<hr>\n</body>\n</html>\n`
}

function stamp(now: number): string {
  const date = new Date(now)
  return `${String(date.getUTCDate()).padStart(2, '0')}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()} ${date.toISOString().slice(11, 19)}`
}
