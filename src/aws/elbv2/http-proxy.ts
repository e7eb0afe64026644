import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { Duplex } from 'node:stream'
import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import { ConnectError, type Peer, type VirtualNetwork } from '#network/virtual-network.ts'
import type { Scope } from '../ec2/index.ts'
import { rulesOfListener } from './listeners.ts'
import type { TrafficMeter } from './meter.ts'
import { answerFixed, answerPage } from './pages.ts'
import { type Picked, TargetPicker } from './pick-target.ts'
import { insideAddress, mayReach } from './reach.ts'
import type { ListenerRecord, LoadBalancerRecord } from './records.ts'
import { actionFor, redirectLocation, routedRequest } from './routing.ts'
import { bind, stickyTarget } from './stickiness.ts'
import { listeners, loadBalancers } from './tables.ts'

/** How long an application load balancer tries to connect to a target, ms. */
const CONNECT_TIMEOUT_MS = 10_000

/** What became of a request: the target group that was chosen, and how long its target took, ms. */
interface Answered {
  groupArn?: string
  targetMs?: number
}

/** One HTTP listener of an application load balancer: reads requests, chooses by its rules, passes on to targets. */
export class HttpProxy {
  readonly #scope: Scope
  readonly #listenerArn: string
  readonly #network: VirtualNetwork
  readonly #meter: TrafficMeter
  readonly #picker = new TargetPicker()
  readonly #peers = new WeakMap<object, Peer>()
  readonly #server: Server

  constructor(scope: Scope, listenerArn: string, network: VirtualNetwork, meter: TrafficMeter) {
    this.#scope = scope
    this.#meter = meter
    this.#listenerArn = listenerArn
    this.#network = network
    this.#server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, (req, res) =>
      this.#answer(req, res),
    )
    this.#server.on('upgrade', (req, socket, head) => this.#upgrade(req, socket, head))
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  accept(socket: Duplex, peer: Peer): void {
    this.#peers.set(socket, peer)
    socket.on('error', () => socket.destroy())
    this.#server.emit('connection', socket)
  }

  #records(): { listener: ListenerRecord; balancer: LoadBalancerRecord } | undefined {
    const listener = listeners.find(this.#scope, this.#listenerArn)
    const balancer = listener && loadBalancers.find(this.#scope, listener.loadBalancerArn)
    return balancer && { listener: listener!, balancer }
  }

  #action(req: IncomingMessage, listener: ListenerRecord): Action {
    const peer = this.#peers.get(req.socket)!
    return actionFor(listener, rulesOfListener(this.#scope, listener.arn), routedRequest(req, peer.address))
  }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    const records = this.#records()
    if (!records) return void req.socket.destroy()
    const { listener, balancer } = records
    const action = this.#action(req, listener)
    const answered: Answered = {}
    res.on('finish', () =>
      this.#meter.count(balancer.arn, answered.groupArn, res.statusCode, answered.targetMs),
    )
    if (action.Type === 'fixed-response') return answerFixed(res, action.FixedResponseConfig!)
    if (action.Type === 'redirect') {
      const [path = '/', query = ''] = (req.url ?? '/').split(/\?(.*)/s)
      const host = (req.headers.host ?? '').replace(/:\d+$/, '')
      const { port, protocol } = listener
      const status = action.RedirectConfig!.StatusCode === 'HTTP_301' ? 301 : 302
      return answerPage(res, status, {
        Location: redirectLocation(action, { host, path, query, port, protocol }),
      })
    }
    const target = this.#picker.pick(this.#scope, action, stickyTarget(this.#scope, req))
    if (!target) return answerPage(res, 503)
    bind(this.#scope, res, target)
    answered.groupArn = target.group.arn
    this.#forward(req, res, listener, balancer, target, answered)
  }

  #forward(
    req: IncomingMessage,
    res: ServerResponse,
    listener: ListenerRecord,
    balancer: LoadBalancerRecord,
    target: Picked,
    answered: Answered,
  ): void {
    const began = this.#scope.world.clock.now()
    let stream: Duplex
    try {
      stream = this.#connect(balancer, target)
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error
      if (error.code === 'ECONNREFUSED') return answerPage(res, 502)
      const timer = this.#scope.world.clock.setTimer(CONNECT_TIMEOUT_MS, () => answerPage(res, 504))
      res.on('close', () => timer.cancel())
      return
    }
    const upstream = httpRequest(
      {
        method: req.method,
        path: req.url,
        headers: this.#headers(req, listener),
        setHost: false,
        createConnection: () => stream as never,
      },
      (answer) => {
        answered.targetMs = this.#scope.world.clock.now() - began
        res.writeHead(answer.statusCode!, answer.statusMessage, [...headersOf(answer), ...setCookies(res)])
        answer.pipe(res)
        answer.on('error', () => res.destroy())
      },
    )
    upstream.on('error', () => {
      // A target that hangs up before it has answered makes a bad gateway.
      if (res.headersSent) res.destroy()
      else answerPage(res, 502)
    })
    res.on('close', () => upstream.destroy())
    req.pipe(upstream)
  }

  #upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const records = this.#records()
    const action = records && this.#action(req, records.listener)
    const target = action?.Type === 'forward' ? this.#picker.pick(this.#scope, action) : undefined
    if (!records || !target) return void socket.destroy()
    try {
      const stream = this.#connect(records.balancer, target)
      const lines = Object.entries({
        ...this.#headers(req, records.listener),
        connection: 'upgrade',
        upgrade: req.headers.upgrade,
      }).map(([name, value]) => `${name}: ${value}`)
      stream.write(`${req.method} ${req.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      if (head.length > 0) stream.write(head)
      stream.on('error', () => socket.destroy())
      stream.on('close', () => socket.destroy())
      socket.on('close', () => stream.destroy())
      socket.pipe(stream).pipe(socket)
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error
      socket.destroy()
    }
  }

  /** Throws ConnectError; ETIMEDOUT when a security group is in the way. */
  #connect(balancer: LoadBalancerRecord, target: Picked): Duplex {
    const scope = this.#scope
    const from = insideAddress(scope, balancer)
    const { address, port } = target
    if (!from || !mayReach(scope, balancer, target, port, from))
      throw new ConnectError('ETIMEDOUT', address, port)
    return this.#network.connect(
      { address, port },
      { address: from, port: 10_000 + scope.world.ids.number(50_000) },
    )
  }

  /** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html */
  #headers(req: IncomingMessage, listener: ListenerRecord): Record<string, string | string[] | undefined> {
    const { world } = this.#scope
    const {
      connection: _connection,
      'keep-alive': _keepAlive,
      'proxy-connection': _proxy,
      ...rest
    } = req.headers
    const client = this.#peers.get(req.socket)!.address
    const before = rest['x-forwarded-for']
    const time = Math.floor(world.clock.now() / 1000).toString(16)
    return {
      ...rest,
      'x-forwarded-for': before ? `${before}, ${client}` : client,
      'x-forwarded-proto': listener.protocol.toLowerCase(),
      'x-forwarded-port': String(listener.port),
      'x-amzn-trace-id': rest['x-amzn-trace-id'] ?? `Root=1-${time}-${world.ids.hex(24)}`,
    }
  }
}

/** The cookies that the load balancer adds to an answer, as names and values in turn. */
const setCookies = (res: ServerResponse): string[] =>
  [res.getHeader('set-cookie') ?? []].flat().flatMap((cookie) => ['Set-Cookie', String(cookie)])

/** The headers of a target's answer without those of its connection. */
function headersOf({ rawHeaders }: IncomingMessage): string[] {
  const kept: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (!/^(connection|keep-alive)$/i.test(rawHeaders[i]!)) kept.push(rawHeaders[i]!, rawHeaders[i + 1]!)
  return kept
}
