import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Process, Program } from '../processes/process.ts'
import { clientAddress, listenHttp } from './http-listener.ts'

/** Serves until it is told to stop. */
async function serve(
  process: Process,
  port: number,
  handler: Parameters<typeof listenHttp>[2],
  greeting = '',
): Promise<number> {
  const stop = new Promise<number>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve(0))
  })
  listenHttp(process, port, handler)
  if (greeting) await process.complain(`${greeting}\n`)
  return process.waitFor(stop)
}

const option = (process: Process, name: string): string | undefined => {
  for (const [index, word] of process.argv.entries()) {
    const match = new RegExp(`^--?${name}(?:=(.*))?$`, 's').exec(word)
    if (match) return match[1] ?? process.argv[index + 1]
  }
  return undefined
}

const stamp = (process: Process) =>
  new Date(process.machine.clock.now()).toISOString().replace('T', ' ').replaceAll('-', '/').slice(0, 19)

/** `hello-world`: what Docker's own first image says. */
const helloWorld: Program = async (process) => {
  await process.print(
    '\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\nTo generate this message, Docker took the following steps:\n 1. The Docker client contacted the Docker daemon.\n 2. The Docker daemon pulled the "hello-world" image from the Docker Hub.\n    (amd64)\n 3. The Docker daemon created a new container from that image which runs the\n    executable that produces the output you are currently reading.\n 4. The Docker daemon streamed that output to the Docker client, which sent it\n    to your terminal.\n\nTo try something more ambitious, you can run an Ubuntu container with:\n $ docker run -it ubuntu bash\n\nShare images, automate workflows, and more with a free Docker ID:\n https://hub.docker.com/\n\nFor more examples and ideas, visit:\n https://docs.docker.com/get-started/\n\n',
  )
  return 0
}

/** Google's `hello-app`, which the Kubernetes documentation uses. */
const helloApp: (version: string) => Program = (version) => (process) => {
  const port = Number(process.env.get('PORT') ?? 8080)
  return serve(
    process,
    port,
    (req, res) => {
      void process.complain(`${stamp(process)} Serving request: ${req.url}\n`).catch(() => {})
      res.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
      res.end(`Hello, world!\nVersion: ${version}\nHostname: ${process.machine.hostname}\n`)
    },
    `${stamp(process)} Server listening on port ${port}`,
  )
}

/** `hashicorp/http-echo` */
const httpEcho: Program = async (process) => {
  const text = option(process, 'text') ?? process.env.get('ECHO_TEXT')
  if (!text) {
    await process.complain('Missing -text option!\n')
    return 127
  }
  const listen = option(process, 'listen') ?? ':5678'
  return serve(
    process,
    Number(listen.split(':').pop()),
    (req, res) => {
      res.writeHead(200, {
        'x-app-name': 'http-echo',
        'x-app-version': '1.0.0',
        'content-type': 'text/plain; charset=utf-8',
      })
      res.end(`${text}\n`)
      void process
        .print(
          `${stamp(process)} ${req.headers.host} ${clientAddress(req)} "${req.method} ${req.url} HTTP/1.1" 200 ${text.length + 1} "${req.headers['user-agent'] ?? ''}" 0s\n`,
        )
        .catch(() => {})
    },
    `${stamp(process)} [INFO] server is listening on ${listen}`,
  )
}

/** `traefik/whoami` */
const whoami: Program = (process) => {
  const port = Number(option(process, 'port') ?? process.env.get('WHOAMI_PORT_NUMBER') ?? 80)
  return serve(
    process,
    port,
    (req, res) => {
      const name = process.env.get('WHOAMI_NAME')
      const headers = Object.entries(req.headers)
        .filter(([key]) => key !== 'host' && key !== 'connection')
        .map(([key, value]) => `${key.replace(/(^|-)\w/g, (part) => part.toUpperCase())}: ${value}\n`)
      res.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
      res.end(
        `${name ? `Name: ${name}\n` : ''}Hostname: ${process.machine.hostname}\nIP: 127.0.0.1\nIP: ${process.machine.address}\nRemoteAddr: ${clientAddress(req)}:${(req.socket as { remotePort?: number }).remotePort ?? 0}\n${req.method} ${req.url} HTTP/1.1\nHost: ${req.headers.host}\n${headers.join('')}\n`,
      )
    },
    `${stamp(process)} Starting up on port ${port}`,
  )
}

/** CPU time that a request costs `hpa-example`: a million square roots in PHP, ms. */
const HPA_REQUEST_MS = 60

/** `registry.k8s.io/hpa-example`, of the walkthrough of horizontal autoscaling. */
const hpaExample: Program = (process) =>
  serve(process, 80, (_req, res) => {
    process.spend(HPA_REQUEST_MS)
    process
      .sleep(HPA_REQUEST_MS)
      .then(() => {
        res.writeHead(200, { server: 'Apache/2.4.10 (Debian)', 'content-type': 'text/html; charset=UTF-8' })
        res.end('OK!')
      })
      .catch(() => res.destroy())
  })

/** What httpbin's paths answer (https://httpbin.org), those that examples ask for. */
const httpbin: Program = (process) =>
  serve(
    process,
    80,
    (req, res) => {
      const url = new URL(req.url ?? '/', `http://${req.headers.host ?? 'localhost'}`)
      const chunks: Buffer[] = []
      let size = 0
      req.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size <= BIN_BYTES) chunks.push(chunk)
      })
      req.on('end', () => {
        void binAnswer(process, req, url, Buffer.concat(chunks).toString()).then(
          ({ status, body, headers }) => {
            const text = body === undefined ? '' : `${JSON.stringify(body, null, 2)}\n`
            res.writeHead(status, {
              server: 'gunicorn/19.9.0',
              'content-type': body === undefined ? 'text/html; charset=utf-8' : 'application/json',
              'content-length': Buffer.byteLength(text),
              'access-control-allow-origin': '*',
              'access-control-allow-credentials': 'true',
              ...headers,
            })
            res.end(text)
          },
          () => res.destroy(),
        )
      })
    },
    '[INFO] Starting gunicorn 19.9.0\n[INFO] Listening at: http://0.0.0.0:80 (1)',
  )

/** Bytes of a request that are shown. */
const BIN_BYTES = 64 * 1024

async function binAnswer(
  process: Process,
  req: IncomingMessage,
  url: URL,
  data: string,
): Promise<{ status: number; body?: unknown; headers?: Record<string, string> }> {
  const [, first = '', second = ''] = url.pathname.split('/')
  const headers = Object.fromEntries(
    Object.entries(req.headers).map(([name, value]) => [
      name.replace(/(^|-)\w/g, (part) => part.toUpperCase()),
      String(value),
    ]),
  )
  const origin = clientAddress(req)
  const about = { args: Object.fromEntries(url.searchParams), headers, origin, url: url.href }
  switch (first) {
    case 'get':
      return { status: req.method === 'GET' ? 200 : 405, body: about }
    case 'post':
    case 'put':
    case 'patch':
    case 'delete':
    case 'anything': {
      const isForm = /^application\/x-www-form-urlencoded/.test(req.headers['content-type'] ?? '')
      const form = isForm ? Object.fromEntries(new URLSearchParams(data)) : {}
      const more = { data: isForm ? '' : data, files: {}, form, json: parsed(data) }
      if (first === 'anything') return { status: 200, body: { ...about, ...more, method: req.method } }
      return req.method === first.toUpperCase()
        ? { status: 200, body: { ...about, ...more } }
        : { status: 405 }
    }
    case 'headers':
      return { status: 200, body: { headers } }
    case 'ip':
      return { status: 200, body: { origin } }
    case 'user-agent':
      return { status: 200, body: { 'user-agent': req.headers['user-agent'] ?? null } }
    case 'uuid':
      return { status: 200, body: { uuid: randomUUID() } }
    case 'status':
      return { status: /^[2-5]\d\d$/.test(second) ? Number(second) : 400 }
    case 'delay':
      await process.sleep(Math.min(10, Number(second) || 0) * 1000)
      return { status: 200, body: about }
    case 'redirect':
      return {
        status: 302,
        headers: { location: Number(second) > 1 ? `/redirect/${Number(second) - 1}` : '/get' },
      }
    case '':
      return { status: 200 }
    default:
      return { status: 404 }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** `nginxdemos/hello`, its plain text: which server has answered. */
const nginxHello: Program = (process) =>
  serve(process, 80, (req, res) => {
    const { machine } = process
    const time = new Date(machine.clock.now())
      .toUTCString()
      .replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1/$2/$3:$4 +0000')
    res.writeHead(200, { server: 'nginx/1.29.3', 'content-type': 'text/plain' })
    res.end(
      `Server address: ${machine.address}:80\nServer name: ${machine.hostname}\nDate: ${time}\nURI: ${req.url}\nRequest ID: ${randomUUID().replaceAll('-', '')}\n`,
    )
  })

/** Small services that documentation and courses use, by the names in their marks. */
export const DEMOS: Readonly<Record<string, (version: string) => Program>> = {
  'hello-world': () => helloWorld,
  'hello-app': helloApp,
  'http-echo': () => httpEcho,
  whoami: () => whoami,
  'hpa-example': () => hpaExample,
  httpbin: () => httpbin,
  'nginx-hello': () => nginxHello,
}
