import type { FastifyReply } from 'fastify'

/** An event `alive` at this pace (ms) shows the page and what is between that the stream lives. */
const HEARTBEAT = 15_000
/** A page that reads nothing is dropped at this many waiting bytes; it asks for the state when it comes back. */
const BACKLOG_LIMIT = 8 * 1024 * 1024

/** Sends events to a page, as JSON, until it goes or `end` is called. https://html.spec.whatwg.org/multipage/server-sent-events.html */
export function sendEvents<T>(
  reply: FastifyReply,
  subscribe: (listener: (event: T) => void, end: () => void) => { close(): void },
): void {
  reply.hijack()
  const response = reply.raw
  // The page went while the route looked things up: its 'close' has been.
  if (response.destroyed) return
  for (const [header, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) response.setHeader(header, value)
  }
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
  response.flushHeaders()
  const send = (text: string) => {
    if (response.writableLength > BACKLOG_LIMIT) response.destroy()
    else if (!response.writableEnded) response.write(text)
  }
  const heartbeat = setInterval(() => send('event: alive\ndata: 1\n\n'), HEARTBEAT)
  const subscription = subscribe(
    (event) => send(`data: ${JSON.stringify(event)}\n\n`),
    () => response.end(),
  )
  response.on('close', () => {
    clearInterval(heartbeat)
    subscription.close()
  })
}
