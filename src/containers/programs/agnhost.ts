import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { nothing, Pipe, readAll } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'
import { guestbook } from './agnhost-guestbook.ts'
import { mounttest } from './agnhost-mounttest.ts'
import { flag, type Handler, type Server, serve } from './agnhost-server.ts'
import { RequestError, sendRequest } from './http-request.ts'

// `agnhost`, the test program that Kubernetes' documentation uses. Source: test/images/agnhost of kubernetes/kubernetes, read 2026-11.

/** A `/dial` gives up after so long, ms. */
const DIAL_TIMEOUT_MS = 5_000
/** How often one `/dial` may ask. */
const MOST_TRIES = 1000
/** How long `liveness` is well, ms. */
const WELL_MS = 10_000

/** Go's duration in ms: `1s`, `500ms`; undefined for none. */
function duration(text: string): number | undefined {
  if (text === '' || text === '0') return 0
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit!]!, 0)
}

const clientOf = (req: IncomingMessage) => {
  const { remoteAddress = '', remotePort = 0 } = req.socket
  return `${remoteAddress}:${remotePort}`
}

/** Go's time.Now() as `%v` shows it: with the time since the program's start. */
function goTime(now: number, started: number): string {
  const time = new Date(now).toISOString().replace('T', ' ').replace('Z', '')
  return `${time}000000 +0000 UTC m=+${((now - started) / 1000).toFixed(9)}`
}

const hostname: Handler = (server, _, req, res) => {
  server.log(`GET ${req.url}`)
  res.end(server.process.machine.hostname)
}

/** The paths of `netexec`. */
const NETEXEC: Record<string, Handler> = {
  '/': ({ process, started, log }, _, _req, res) => {
    log('GET /')
    res.end(`NOW: ${goTime(process.machine.clock.now(), started)}`)
  },
  '/clientip': ({ log }, _, req, res) => {
    log('GET /clientip')
    res.end(clientOf(req))
  },
  '/hostname': hostname,
  '/hostName': hostname,
  '/healthz': ({ log }, _, _req, res) => {
    log('GET /healthz')
    res.end()
  },
  '/echo': ({ log }, query, _req, res) => {
    const [message, code] = [query.get('msg') ?? '', query.get('code') ?? '']
    log(`GET /echo?msg=${message}&code=${code}`)
    if (code && !/^-?\d+$/.test(code))
      return res.end(`argument 'code' must be an integer or empty, got ${JSON.stringify(code)}\n`)
    res.writeHead(statusOf(code || '200')).end(message)
  },
  '/redirect': ({ log }, query, _req, res) => {
    const [location, code] = [query.get('location') ?? '', query.get('code') ?? '']
    log(`GET /redirect?location=${location}&code=${code}`)
    res.writeHead(statusOf(code || '302'), { location: encodeURI(location) }).end()
  },
  '/shutdown': ({ log, exit }) => {
    log('GET /shutdown')
    exit(0)
  },
  '/exit': async ({ process, log, exit }, query, _req, res) => {
    const [code, timeout, wait] = ['code', 'timeout', 'wait'].map((name) => query.get(name) ?? '') as [
      string,
      string,
      string,
    ]
    log(`GET /exit?code=${code}&timeout=${timeout}&wait=${wait}`)
    for (const [name, value] of Object.entries({ timeout, wait }))
      if (duration(value) === undefined)
        return res.end(
          `argument '${name}' must be a valid golang duration or empty, got ${JSON.stringify(value)}\n`,
        )
    if (code && !/^\d{1,3}$/.test(code))
      return res.end(`argument 'code' must be an integer [0-127] or empty, got ${JSON.stringify(code)}\n`)
    log(
      `Will begin shutdown in ${wait || '0s'}, allowing ${timeout || '0s'} for connections to close, then will exit with ${Number(code)}`,
    )
    await process.sleep(duration(wait)!)
    if (duration(timeout)) {
      res.end()
      log('Graceful shutdown completed with: <nil>')
    }
    exit(Number(code))
  },
  '/shell': async ({ process, log }, query, _req, res) => {
    const command = query.get('shellCommand') || query.get('cmd') || ''
    log(`GET /shell?cmd=${command}`)
    const answer = await shell(process, command)
    log(
      `Output: map[${Object.entries(answer)
        .map(([key, value]) => `${key}:${value}`)
        .join(' ')}]`,
    )
    res.end(JSON.stringify(answer))
  },
  '/dial': dial,
}

const statusOf = (code: string): number => {
  const status = Number(code)
  return status >= 200 && status <= 599 ? status : 500
}

async function shell(process: Process, command: string): Promise<{ error?: string; output?: string }> {
  const output = new Pipe()
  const child = await process.machine.spawn({
    parent: process,
    argv: ['/bin/sh', '-c', command],
    env: process.env,
    cwd: process.cwd,
    stdin: nothing,
    stdout: output,
    stderr: output,
  })
  const [bytes, { exitCode }] = await Promise.all([readAll(output), child.exited.finally(() => output.end())])
  const said = bytes.toString()
  return { ...(exitCode !== 0 && { error: `exit status ${exitCode}` }), ...(said && { output: said }) }
}

async function dial(
  { process, log }: Server,
  query: URLSearchParams,
  _req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const [host, port, request, protocol, tries] = ['host', 'port', 'request', 'protocol', 'tries'].map(
    (name) => query.get(name) ?? '',
  ) as [string, string, string, string, string]
  log(`GET /dial?host=${host}&protocol=${protocol}&port=${port}&request=${request}&tries=${tries}`)
  const bad = (message: string) =>
    void res.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`)
  if (tries && !/^\d+$/.test(tries))
    return bad(`tries parameter is invalid. strconv.Atoi: parsing ${JSON.stringify(tries)}: invalid syntax`)
  if (!request) return bad('request parameter not specified. <nil>')
  if (protocol && protocol.toLowerCase() !== 'http') {
    const isKnown = ['udp', 'sctp'].includes(protocol.toLowerCase())
    return bad(isKnown ? `drydock: ${protocol} is not simulated` : `unsupported protocol. ${protocol}`)
  }
  const [responses, errors]: [string[], string[]] = [[], []]
  for (let left = Math.min(Number(tries || 1), MOST_TRIES); left > 0; left--) {
    const url = new URL(`http://${host}:${port}/${request}`)
    try {
      const { answer } = await sendRequest(process, {
        url,
        method: 'GET',
        headers: { 'user-agent': 'Go-http-client/1.1' },
        timeoutMs: DIAL_TIMEOUT_MS,
      })
      responses.push(await text(answer))
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      errors.push(`Get "${url}": ${error.message}`)
    }
  }
  res.end(
    JSON.stringify({ ...(errors.length > 0 && { errors }), ...(responses.length > 0 && { responses }) }),
  )
}

const netexec: Program = (process) => {
  const port = Number(flag(process, 'http-port') ?? 8080)
  return serve(process, port, NETEXEC, `Started HTTP server on port ${port}`)
}

/** `serve-hostname`, and the older image of that name. */
export const serveHostname: Program = (process) => {
  const port = Number(flag(process, 'port') ?? 9376)
  return serve(
    process,
    port,
    {
      '/': ({ log, process: { machine } }, _, req, res) => {
        log(`HTTP request from ${clientOf(req)}`)
        res.end(machine.hostname)
      },
    },
    `Serving on port ${port}.`,
  )
}

const liveness: Program = (process) => {
  const { clock } = process.machine
  const started = clock.now()
  const seconds = () => (clock.now() - started) / 1000
  return serve(process, 8080, {
    '/started': (_server, _query, _req, res) => res.end(`${seconds()}s`),
    '/healthz': (_server, _query, _req, res) =>
      clock.now() - started > WELL_MS ? res.writeHead(500).end(`error: ${seconds()}`) : res.end('ok'),
    '/redirect': (_server, query, _req, res) =>
      res.writeHead(302, { location: encodeURI(query.get('loc') ?? '/') }).end(),
  })
}

/** Files of the folder that the image serves. */
const testWebserver: Program = (process) =>
  serve(process, Number(flag(process, 'port') ?? 80), {
    '/': (_server, _query, _req, res) => res.end('<pre>\n<a href="agnhost">agnhost</a>\n</pre>\n'),
  })

const pause: Program = async (process) => {
  await process.print('Paused\n')
  const stop = new Promise<number>((resolve) => {
    process.on('SIGINT', () => resolve(2))
    process.on('SIGTERM', () => resolve(0))
  })
  return process.waitFor(stop)
}

const dnsSuffix: Program = async (process) => {
  const search = /^search\s+(.+)$/m.exec(await resolvConf(process))?.[1]
  await process.print(search?.trim().replace(/\s+/g, ',') ?? '')
  return 0
}

const dnsServerList: Program = async (process) => {
  const servers = [...(await resolvConf(process)).matchAll(/^nameserver\s+(\S+)/gm)]
  await process.print(servers.map(([, server]) => server).join(','))
  return 0
}

async function resolvConf({ machine }: Process): Promise<string> {
  return Buffer.from(await machine.files.read('/etc/resolv.conf').catch(() => Buffer.alloc(0))).toString()
}

const entrypointTester: Program = async (process) => {
  await process.print(`[${process.argv.join(' ')}]\n`)
  return 0
}

const connect: Program = async (process) => {
  const [target = ''] = process.argv.slice(2).filter((word) => !word.startsWith('-'))
  const [host = '', port = ''] = target.split(/:(?=\d+$)/)
  const address = process.machine.resolveName(host)
  const fail = async (reason: string) => {
    await process.complain(`${reason}\n`)
    return 1
  }
  if (!address) return fail('DNS: lookup failed')
  try {
    const { answer } = await sendRequest(process, {
      url: new URL(`http://${host}:${port}/`),
      method: 'HEAD',
      headers: {},
      timeoutMs: duration(flag(process, 'timeout') ?? '') || DIAL_TIMEOUT_MS,
    })
    answer.destroy()
    return 0
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    if (error.reason === 'closed') return 0
    return fail(
      error.reason === 'refused'
        ? 'REFUSED'
        : error.reason === 'timeout' || error.reason === 'silent'
          ? 'TIMEOUT'
          : `OTHER: ${error.message}`,
    )
  }
}

const COMMANDS: Record<string, { about: string; run?: Program }> = {
  connect: { about: 'Attempts a connection and returns consistent errors', run: connect },
  'crd-conversion-webhook': { about: 'Starts an HTTP server on port 443 for testing CRD conversion webhook' },
  'dns-server-list': { about: 'Prints DNS server list', run: dnsServerList },
  'dns-suffix': { about: "Prints the host's DNS suffix list", run: dnsSuffix },
  'entrypoint-tester': { about: "Prints the args it's passed and exits", run: entrypointTester },
  'etc-hosts': {
    about: "Prints the host's /etc/hosts file",
    run: async (process) => {
      await process.print(Buffer.from(await process.machine.files.read('/etc/hosts')).toString())
      return 0
    },
  },
  'fake-gitserver': { about: 'Fakes a git server' },
  'grpc-health-checking': { about: 'Starts a simple grpc health checking endpoint' },
  guestbook: {
    about: 'Creates a HTTP server with various endpoints representing a guestbook app',
    run: guestbook,
  },
  help: { about: 'Help about any command' },
  inclusterclient: {
    about: 'Periodically poll the Kubernetes "/healthz" endpoint using the in-cluster config',
  },
  liveness: { about: 'Starts a server that is alive for 10 seconds', run: liveness },
  'logs-generator': { about: 'Outputs lines of logs to stdout uniformly' },
  mounttest: {
    about:
      'Creates files with given permissions and outputs FS type, owner, mode, permissions, contents of files',
    run: mounttest,
  },
  netexec: {
    about: 'Creates HTTP(S), UDP, and (optionally) SCTP servers with various endpoints',
    run: netexec,
  },
  nettest: { about: 'Starts a tiny web server for checking networking connectivity' },
  'no-snat-test': { about: 'Creates the /checknosnat and /whoami endpoints' },
  pause: { about: 'Pauses', run: pause },
  porter: { about: 'Serves requested data on ports specified in ENV variables' },
  'resource-consumer-controller': {
    about: 'Starts a HTTP server that spreads requests around resource consumers',
  },
  'serve-hostname': { about: 'Serves the hostname', run: serveHostname },
  'test-webserver': { about: 'Starts a simple HTTP fileserver', run: testWebserver },
  webhook: {
    about:
      'Starts an HTTP server, useful for testing MutatingAdmissionWebhook and ValidatingAdmissionWebhook',
  },
}

const USAGE = `Usage:\n  app [command]\n\nAvailable Commands:\n${Object.entries(COMMANDS)
  .map(([name, { about }]) => `  ${name.padEnd(28)} ${about}\n`)
  .join(
    '',
  )}\nFlags:\n  -h, --help      help for app\n  -v, --version   version for app\n\nUse "app [command] --help" for more information about a command.\n`

export const agnhost =
  (version: string): Program =>
  async (process) => {
    const [, name = 'help'] = process.argv
    if (name === '--version' || name === '-v') {
      await process.print(`app version ${version}\n`)
      return 0
    }
    if (name === 'help' || name === '--help' || name === '-h') {
      await process.print(USAGE)
      return 0
    }
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (command?.run) return command.run(process)
    await process.complain(
      command
        ? `drydock: agnhost ${name} is not simulated\n`
        : `Error: unknown command ${JSON.stringify(name)} for "app"\nRun 'app --help' for usage.\n`,
    )
    return 1
  }

/** `echoserver`, an nginx that shows the request. */
export const echoServer: Program = (process) =>
  serve(process, 8080, {
    '/': async (_server, _query, req, res) => {
      const { machine, env } = process
      const body = await text(req)
      const info = ['NODE_NAME', 'POD_NAME', 'POD_NAMESPACE', 'POD_IP']
        .filter((name) => env.get(name))
        .map((name) => `\t${name.toLowerCase().replaceAll('_', ' ')}:\t${env.get(name)}\n`)
      const headers = Object.entries(req.headers).sort(([a], [b]) => (a < b ? -1 : 1))
      const host = req.headers.host ?? machine.address
      res.writeHead(200, { server: 'echoserver', 'content-type': 'text/plain' })
      res.end(
        `\n\nHostname: ${machine.hostname}\n\nPod Information:\n${info.join('') || '\t-no pod information available-\n'}\nServer values:\n\tserver_version=nginx: 1.13.3 - lua: 10008\n\nRequest Information:\n\tclient_address=${req.socket.remoteAddress}\n\tmethod=${req.method}\n\treal path=${req.url}\n\tquery=${new URL(req.url ?? '/', 'http://x').search.slice(1)}\n\trequest_version=${req.httpVersion}\n\trequest_scheme=http\n\trequest_uri=http://${host.split(':')[0]}:8080${req.url}\n\nRequest Headers:\n${headers.map(([name, value]) => `\t${name}=${value}\n`).join('')}\nRequest Body:\n${body || '\t-no body in request-'}\n\n`,
      )
    },
  })
