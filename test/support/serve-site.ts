import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { contentPolicy } from '#server/security/content-policy.ts'

const TYPES: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Serves a built site under the server's own content policy, for pages that need no API. */
export async function serveSite(folder: string): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site')
    const file = join(folder, pathname.endsWith('/') ? `${pathname}index.html` : pathname)
    const body = await readFile(file).catch(() => undefined)
    const type = TYPES[extname(body ? file : '404.html')] ?? 'application/octet-stream'
    const sent = body ?? (await readFile(join(folder, '404.html')))
    response.writeHead(body ? 200 : 404, {
      'content-type': type,
      ...(type.startsWith('text/html') && { 'content-security-policy': contentPolicy(String(sent)) }),
    })
    response.end(sent)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
