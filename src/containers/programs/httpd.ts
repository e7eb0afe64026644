import { contentSize, readContent, streamContent } from '../files/nodes.ts'
import { resolvePath } from '../files/tree.ts'
import type { Program } from '../processes/process.ts'
import { clientAddress, countBody, listenHttp } from './http-listener.ts'
import { localTime } from './nginx/times.ts'

const TYPES: Record<string, string> = {
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
  json: 'application/json',
  txt: 'text/plain',
  png: 'image/png',
  jpg: 'image/jpeg',
  svg: 'image/svg+xml',
  ico: 'image/vnd.microsoft.icon',
}

/** Apache httpd as the official image configures it: DocumentRoot, DirectoryIndex, Listen; logs to the container's output. */
export function httpd(version: string): Program {
  return async (process) => {
    const { machine } = process
    if (process.argv.includes('-v')) {
      await process.print(`Server version: Apache/${version} (Unix)\n`)
      return 0
    }
    // Before anything is read, so that a stop right after the start is not lost.
    const stopped = new Promise<string>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGWINCH']) process.on(signal, () => resolve(signal))
    })
    const node = machine.files.find('/usr/local/apache2/conf/httpd.conf')
    const config = node?.kind === 'file' ? Buffer.from(await readContent(node.content)).toString() : ''
    const setting = (name: string, otherwise: string) =>
      new RegExp(`^\\s*${name}\\s+"?([^"\\n]+?)"?\\s*$`, 'm').exec(config)?.[1] ?? otherwise
    const root = setting('DocumentRoot', '/usr/local/apache2/htdocs')
    const ports = [...config.matchAll(/^\s*Listen\s+(?:\S+:)?(\d+)/gm)].map((match) => Number(match[1]))
    for (const port of ports.length > 0 ? ports : [80]) {
      listenHttp(process, port, (req, res) => {
        const sent = countBody(res)
        res.sendDate = false
        const answer = async () => {
          const uri = decodeURIComponent((req.url ?? '/').split('?')[0]!)
          const path = resolvePath('/', root + resolvePath('/', uri))
          let found = machine.files.find(path)
          if (found?.kind === 'directory') found = machine.files.find(`${path}/index.html`)
          const common = [
            'Date',
            new Date(machine.clock.now()).toUTCString(),
            'Server',
            `Apache/${version} (Unix)`,
          ]
          if (found?.kind !== 'file') {
            const body = `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n`
            res.writeHead(404, [
              ...common,
              'Content-Length',
              String(body.length),
              'Content-Type',
              'text/html; charset=iso-8859-1',
            ])
            res.end(body)
          } else {
            const size = contentSize(found.content)
            const name = uri.endsWith('/') ? 'index.html' : path
            const type = TYPES[name.slice(name.lastIndexOf('.') + 1)]
            res.writeHead(200, [
              ...common,
              'Last-Modified',
              new Date(found.mtime).toUTCString(),
              'ETag',
              `"${size.toString(16)}-${Math.floor(found.mtime).toString(16)}"`,
              'Accept-Ranges',
              'bytes',
              'Content-Length',
              String(size),
              ...(type ? ['Content-Type', type] : []),
            ])
            if (req.method !== 'HEAD')
              for await (const chunk of streamContent(found.content)) res.write(chunk)
            res.end()
          }
          await process.print(
            `${clientAddress(req)} - - [${localTime(machine.clock.now())}] "${req.method} ${req.url} HTTP/${req.httpVersion}" ${res.statusCode} ${sent() || '-'}\n`,
          )
        }
        answer().catch(() => res.destroy())
      })
    }
    const stamp = () =>
      `[${new Date(machine.clock.now()).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) ([\d:]+).*/, '$1 $3 $2 $5.000000 $4')}]`
    await process.complain(
      `AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using ${machine.address}. Set the 'ServerName' directive globally to suppress this message\n`,
    )
    await process.complain(
      `${stamp()} [mpm_event:notice] [pid ${process.pid}:tid ${process.pid}] AH00489: Apache/${version} (Unix) configured -- resuming normal operations\n`,
    )
    await process.complain(
      `${stamp()} [core:notice] [pid ${process.pid}:tid ${process.pid}] AH00094: Command line: 'httpd -D FOREGROUND'\n`,
    )
    const signal = await process.waitFor(stopped)
    await process.complain(
      `${stamp()} [mpm_event:notice] [pid ${process.pid}:tid ${process.pid}] ${signal === 'SIGWINCH' ? 'AH00492: caught SIGWINCH, shutting down gracefully' : 'AH00491: caught SIGTERM, shutting down'}\n`,
    )
    return 0
  }
}
