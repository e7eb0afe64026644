import { contentSize, streamContent, type TreeNode } from '../../files/nodes.ts'
import { begin, contentType, fail, redirect, send } from './answer.ts'
import { type Exchange, setting } from './exchange.ts'
import { filePath } from './location.ts'
import { errorLog } from './logs.ts'

/** Answers with the file or a folder's listing; gives the path of a folder's index, which the request is to be led to. */
export async function serveFile(exchange: Exchange): Promise<string | undefined> {
  const { site, uri } = exchange
  const { files } = site.process.machine
  const path = filePath(exchange, uri)
  const node = files.find(path)
  if (!node || (uri.endsWith('/') && node.kind !== 'directory')) {
    errorLog(exchange, `open() "${path}" failed (2: No such file or directory)`)
    await fail(exchange, 404)
    return undefined
  }
  if (node.kind !== 'directory') {
    await sendFile(exchange, path, node)
    return undefined
  }
  if (!uri.endsWith('/')) {
    redirect(exchange, 301, `${uri}/${exchange.query ? `?${exchange.query}` : ''}`)
    return undefined
  }
  const indexes = setting(exchange, 'index')?.args ?? ['index.html']
  const index = indexes.find((name) => files.find(`${path}/${name}`)?.kind === 'file')
  if (index !== undefined) return uri + index
  if (setting(exchange, 'autoindex')?.args[0] === 'on') {
    listing(exchange, path)
    return undefined
  }
  errorLog(exchange, `directory index of "${path === '/' ? '' : path}/" is forbidden`)
  await fail(exchange, 403)
  return undefined
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
  const tagged = setting(exchange, 'etag')?.args[0] !== 'off'
  const headers = { 'Last-Modified': modified, ...(tagged ? { ETag: etag } : {}) }
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
  const writer = begin(exchange, status, {
    'Content-Type': contentType(exchange, path),
    'Content-Length': String(end - start),
    ...headers,
    ...(partial ? { 'Content-Range': `bytes ${start}-${end - 1}/${size}` } : { 'Accept-Ranges': 'bytes' }),
  })
  if (req.method === 'HEAD') {
    writer.end()
    return
  }
  for await (const chunk of streamContent(node.content, start, end)) {
    // A client that is gone already tells nothing any more.
    if (res.destroyed) return
    if (!writer.write(chunk))
      await new Promise((resolve) => writer.once('drain', resolve).once('close', resolve))
  }
  writer.end()
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
