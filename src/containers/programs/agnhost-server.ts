import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Process } from '../processes/process.ts'
import { listenHttp } from './http-listener.ts'

/** A running server of `agnhost`, as its handlers see it. */
export interface Server {
  process: Process
  /** ms since the epoch. */
  started: number
  /** Ends the program with this exit code. */
  exit(code: number): void
  log(text: string): void
}

export type Handler = (
  server: Server,
  query: URLSearchParams,
  req: IncomingMessage,
  res: ServerResponse,
) => unknown

/** The value of a flag, `--name value` or `--name=value`. */
export const flag = (process: Process, name: string): string | undefined => {
  for (const [index, word] of process.argv.entries()) {
    if (word === `--${name}`) return process.argv[index + 1]
    if (word.startsWith(`--${name}=`)) return word.slice(name.length + 3)
  }
  return undefined
}

/** Answers by path until it is told to stop. */
export async function serve(
  process: Process,
  port: number,
  handlers: Record<string, Handler>,
  greeting?: string,
): Promise<number> {
  const log = (line: string) => void process.complain(`${klog(process)}] ${line}\n`).catch(() => {})
  const started = process.machine.clock.now()
  let exit: (code: number) => void = () => {}
  const ended = new Promise<number>((resolve) => {
    exit = resolve
    process.on('SIGINT', () => resolve(130))
    process.on('SIGTERM', () => resolve(143))
  })
  listenHttp(process, port, (req, res) => {
    const url = new URL(req.url ?? '/', 'http://localhost')
    const handler = handlers[url.pathname] ?? handlers['/']
    if (!handler)
      return void res
        .writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
        .end('404 page not found\n')
    Promise.resolve(handler({ process, started, exit, log }, url.searchParams, req, res)).catch(() =>
      res.destroy(),
    )
  })
  if (greeting) log(greeting)
  return process.waitFor(ended)
}

/** `I0911 09:19:26.677397       1 log.go:245` */
function klog(process: Process): string {
  const time = new Date(process.machine.clock.now()).toISOString()
  return `I${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 23)}000       1 log.go:245`
}
