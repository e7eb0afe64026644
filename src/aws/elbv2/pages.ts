import type { ServerResponse } from 'node:http'

const TITLES: Record<number, string> = {
  301: '301 Moved Permanently',
  302: '302 Found',
  400: '400 Bad Request',
  502: '502 Bad Gateway',
  503: '503 Service Temporarily Unavailable',
  504: '504 Gateway Time-out',
}

/** What an application load balancer answers by itself, as its own pages look. */
export function answerPage(res: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  const title = TITLES[status]!
  const body = [
    '<html>',
    `<head><title>${title}</title></head>`,
    '<body>',
    `<center><h1>${title}</h1></center>`,
    '</body>',
    '</html>',
    '',
  ].join('\r\n')
  res.writeHead(status, title.slice(4), {
    Server: 'awselb/2.0',
    'Content-Type': 'text/html',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  })
  res.end(body)
}

/** The answer of a fixed-response action. */
export function answerFixed(
  res: ServerResponse,
  config: { StatusCode?: string; ContentType?: string; MessageBody?: string },
): void {
  const body = config.MessageBody ?? ''
  const type = config.ContentType ?? 'text/plain'
  res.writeHead(Number(config.StatusCode), {
    Server: 'awselb/2.0',
    'Content-Type': /^text\//.test(type) ? `${type}; charset=utf-8` : type,
    'Content-Length': String(Buffer.byteLength(body)),
  })
  res.end(body)
}
