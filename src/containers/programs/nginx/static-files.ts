import { contentSize, streamContent, type TreeNode } from '../../files/nodes.ts'
import { contentType, fail, headerList, redirect, send } from './answer.ts'
import type { Directive } from './config.ts'
import { type Exchange, setting } from './exchange.ts'
import { filePath } from './location.ts'
import { errorLog } from './logs.ts'

/** Answers with the file, the folder's index or its listing. */
export async function serveFile(exchange: Exchange, location: Directive | undefined): Promise<void> {
  const { site, uri, req } = exchange
  const { files } = site.process.machine
  const path = filePath(exchange, uri, location)
  const node = files.find(path)
  if (!node || (uri.endsWith('/') && node.kind !== 'directory')) {
    errorLog(exchange, `open() "${path}" failed (2: No such file or directory)`)
    return fail(exchange, 404)
  }
  if (node.kind !== 'directory') return sendFile(exchange, path, node)
  if (!uri.endsWith('/')) {
    const port = req.headers.host ?? 'localhost'
    return redirect(exchange, 301, `http://${port}${uri}/${exchange.query ? `?${exchange.query}` : ''}`)
  }
  const indexes = setting(exchange, 'index')?.args ?? ['index.html']
  for (const name of indexes) {
    const index = files.find(`${path}/${name}`)
    if (index?.kind === 'file') return sendFile(exchange, `${path}/${name}`, index)
  }
  if (setting(exchange, 'autoindex')?.args[0] === 'on') return listing(exchange, path)
  errorLog(exchange, `directory index of "${path === '/' ? '' : path}/" is forbidden`)
  return fail(exchange, 403)
}

async function sendFile(exchange: Exchange, path: string, node: TreeNode): Promise<void> {
  const { req, res } = exchange
  if (node.kind !== 'file') return fail(exchange, 403)
  if (!(node.mode & 0o004) && exchange.site.process.user.uid === 0) {
    // Workers run as the nginx user: only what others may read is served.
    errorLog(exchange, `open() "${path}" failed (13: Permission denied)`)
    return fail(exchange, 403)
  }
  const size = contentSize(node.content)
  const seconds = Math.floor(node.mtime / 1000)
  const modified = new Date(seconds * 1000).toUTCString()
  const etag = `"${seconds.toString(16)}-${size.toString(16)}"`
  const headers = { 'Last-Modified': modified, ETag: etag }
  const since = req.headers['if-modified-since']
  if (req.headers['if-none-match'] === etag || (!req.headers['if-none-match'] && since === modified)) {
    return send(exchange, 304, headers, undefined)
  }
  const range = /^bytes=(\d*)-(\d*)$/.exec(req.headers.range ?? '')
  let [start, end] = [0, size]
  if (range && (range[1] || range[2])) {
    start = range[1] ? Number(range[1]) : Math.max(0, size - Number(range[2]))
    end = range[1] && range[2] ? Math.min(size, Number(range[2]) + 1) : size
    if (start >= end) return fail(exchange, 416, { 'Content-Range': `bytes */${size}` })
  }
  const partial = range !== null && (range[1] !== '' || range[2] !== '')
  const status = partial ? 206 : 200
  exchange.status = status
  res.writeHead(
    status,
    headerList(exchange, {
      'Content-Type': contentType(exchange, path),
      'Content-Length': String(end - start),
      ...headers,
      ...(partial ? { 'Content-Range': `bytes ${start}-${end - 1}/${size}` } : { 'Accept-Ranges': 'bytes' }),
    }),
  )
  if (req.method === 'HEAD') {
    res.end()
    return
  }
  for await (const chunk of streamContent(node.content, start, end)) {
    // A client that is gone already tells nothing any more.
    if (res.destroyed) return
    if (!res.write(chunk)) await new Promise((resolve) => res.once('drain', resolve).once('close', resolve))
  }
  res.end()
}

function listing(exchange: Exchange, path: string): void {
  const { files } = exchange.site.process.machine
  const rows = files.listSync(path).map((name) => {
    const folder = files.find(`${path}/${name}`)?.kind === 'directory'
    const shown = folder ? `${name}/` : name
    return `<a href="${encodeURIComponent(name)}${folder ? '/' : ''}">${escapeHtml(shown)}</a>\r\n`
  })
  const title = `Index of ${escapeHtml(exchange.uri)}`
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<h1>${title}</h1><hr><pre><a href="../">../</a>\r\n${rows.join('')}</pre><hr></body>\r\n</html>\r\n`
  send(exchange, 200, { 'Content-Type': 'text/html' }, Buffer.from(body))
}

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
