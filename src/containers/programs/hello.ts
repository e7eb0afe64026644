import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Process, Program } from '../processes/process.ts'
import { listenGrpcHealth } from './grpc-health.ts'
import { clientAddress, listenHttp } from './http-listener.ts'

const MIB = 1024 ** 2
const TICK_MS = 100

const HELP = `GET /               says hello, with its version and host name
GET /version        its version
GET /healthz        200 while it is alive, else 500        /live/on, /live/off
GET /readyz         200 while it is ready, else 503        /ready/on, /ready/off
GET /slow?ms=N      answers after N ms
GET /status?code=N  answers with that status
GET /cpu?ms=N       uses N ms of CPU time for this request
GET /load?cores=N&seconds=S   uses N cores for S seconds
GET /memory?mb=N    holds N MiB (0 gives them back)
GET /crash?code=N   ends with that exit code
GET /env, /headers  what it was given
`

/**
 * The project's own demonstration service: version, latency, errors, crash, memory, CPU and readiness by environment
 * variables and by paths. `/help` lists the paths; `drydock/hello`'s description the variables.
 */
export const hello: Program = (process) => new Hello(process).run()

class Hello {
  readonly #process: Process
  readonly #startedAt: number
  #alive = true
  #ready: boolean | undefined
  #requests = 0
  #end!: (code: number) => void

  constructor(process: Process) {
    this.#process = process
    this.#startedAt = process.machine.clock.now()
  }

  #text(name: string, otherwise = ''): string {
    return this.#process.env.get(name) ?? otherwise
  }

  #number(name: string, otherwise = 0): number {
    const value = Number(this.#text(name))
    return this.#text(name) === '' || Number.isNaN(value) ? otherwise : value
  }

  async run(): Promise<number> {
    const process = this.#process
    const { clock } = process.machine
    const ended = new Promise<number>((resolve) => {
      this.#end = resolve
    })
    for (const signal of ['SIGTERM', 'SIGINT'])
      process.on(signal, () => {
        if (this.#text('IGNORE_SIGTERM') === 'true') return
        void this.#shutdown(signal).catch(() => {})
      })
    const version = this.#text('VERSION', '1.0.0')
    await this.#log(`hello ${version} starting`)
    if (this.#number('START_DELAY_S') > 0) await process.sleep(this.#number('START_DELAY_S') * 1000)
    if (this.#text('FAIL_ON_START') === 'true') {
      await this.#log('FATAL: FAIL_ON_START is set')
      return this.#number('EXIT_CODE', 1)
    }
    if (this.#number('MEMORY_MB') > 0) process.holdMemory(this.#number('MEMORY_MB') * MIB)
    const port = this.#number('PORT', 8080)
    listenHttp(process, port, (req, res) => {
      this.#answer(req, res).catch(() => res.destroy())
    })
    await this.#log(`listening on :${port}`)
    const grpcPort = this.#number('GRPC_PORT')
    if (grpcPort > 0) {
      listenGrpcHealth(process, grpcPort, (service) => this.#health(service))
      await this.#log(`gRPC health checks on :${grpcPort}`)
    }
    if (this.#number('CRASH_AFTER_S') > 0)
      clock.setTimer(this.#number('CRASH_AFTER_S') * 1000, () => {
        void this.#log('crashing as CRASH_AFTER_S says').catch(() => {})
        this.#end(this.#number('EXIT_CODE', 1))
      })
    this.#work()
    return process.waitFor(ended)
  }

  /** What it uses all the time: CPU_CORES, and MEMORY_GROW_MB_PER_S more each second. */
  #work(): void {
    const cores = this.#number('CPU_CORES')
    const growth = this.#number('MEMORY_GROW_MB_PER_S')
    if (cores === 0 && growth === 0) return
    const { machine } = this.#process
    const began = machine.clock.now()
    const tick = () => {
      if (this.#process.status) return
      if (cores > 0) this.#process.spend(TICK_MS * cores, Math.ceil(cores))
      if (growth > 0) {
        const grown = ((machine.clock.now() - began) / 1000) * growth
        this.#process.holdMemory((this.#number('MEMORY_MB') + grown) * MIB)
      }
      machine.clock.setTimer(TICK_MS, tick)
    }
    tick()
  }

  async #shutdown(signal: string): Promise<void> {
    await this.#log(`${signal} received, shutting down`)
    this.#ready = false
    if (this.#number('SHUTDOWN_DELAY_S') > 0)
      await this.#process.sleep(this.#number('SHUTDOWN_DELAY_S') * 1000)
    await this.#log('bye')
    this.#end(0)
  }

  #log(text: string): Promise<void> {
    const time = new Date(this.#process.machine.clock.now()).toISOString()
    return this.#process.print(`${time} ${text}\n`)
  }

  /** The services of gRPC's health checks: all of it, `liveness`, `readiness`. */
  #health(service: string): boolean | undefined {
    if (service === 'liveness') return this.#alive
    return service === '' || service === 'readiness' ? this.#alive && this.#isReady : undefined
  }

  get #isReady(): boolean {
    if (this.#ready !== undefined) return this.#ready
    return this.#process.machine.clock.now() - this.#startedAt >= this.#number('READY_AFTER_S') * 1000
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const process = this.#process
    const url = new URL(req.url ?? '/', 'http://hello')
    const number = (name: string) => Number(url.searchParams.get(name) ?? 0)
    this.#requests++
    process.spend(this.#number('CPU_MS_PER_REQUEST', 1))
    const probe = url.pathname === '/healthz' || url.pathname === '/readyz'
    if (!probe && this.#number('LATENCY_MS') > 0) await process.sleep(this.#number('LATENCY_MS'))
    const say = (status: number, text: string) => {
      res.writeHead(status, {
        'content-type': 'text/plain; charset=utf-8',
        'x-hello-version': this.#text('VERSION', '1.0.0'),
      })
      res.end(text)
    }
    // Every nth request, so that a rate is a rate and not luck.
    const rate = this.#number('ERROR_RATE')
    if (!probe && rate > 0 && Math.floor(this.#requests * rate) > Math.floor((this.#requests - 1) * rate))
      say(500, 'error: ERROR_RATE is set\n')
    else await this.#page(url.pathname, number, req, say)
    await this.#log(`${clientAddress(req)} ${req.method} ${req.url} ${res.statusCode}`)
  }

  async #page(
    path: string,
    number: (name: string) => number,
    req: IncomingMessage,
    say: (status: number, text: string) => void,
  ): Promise<void> {
    const process = this.#process
    const { machine } = process
    switch (path) {
      case '/':
        return say(
          200,
          `${this.#text('MESSAGE', 'Hello, world!')}\nVersion: ${this.#text('VERSION', '1.0.0')}\nHostname: ${machine.hostname}\n`,
        )
      case '/help':
        return say(200, HELP)
      case '/version':
        return say(200, `${this.#text('VERSION', '1.0.0')}\n`)
      case '/healthz':
        return say(this.#alive ? 200 : 500, this.#alive ? 'ok\n' : 'not alive\n')
      case '/readyz':
        return say(this.#isReady ? 200 : 503, this.#isReady ? 'ready\n' : 'not ready\n')
      case '/live/on':
      case '/live/off':
        this.#alive = path === '/live/on'
        return say(200, `alive: ${this.#alive}\n`)
      case '/ready/on':
      case '/ready/off':
        this.#ready = path === '/ready/on'
        return say(200, `ready: ${this.#ready}\n`)
      case '/slow':
        await process.sleep(number('ms'))
        return say(200, `waited ${number('ms')} ms\n`)
      case '/status':
        return say(number('code') || 200, `status ${number('code') || 200}\n`)
      case '/cpu':
        process.spend(number('ms'))
        await process.sleep(number('ms'))
        return say(200, `used ${number('ms')} ms of CPU time\n`)
      case '/load': {
        const until = machine.clock.now() + number('seconds') * 1000
        const tick = () => {
          if (process.status || machine.clock.now() >= until) return
          process.spend(TICK_MS * number('cores'), Math.ceil(number('cores')))
          machine.clock.setTimer(TICK_MS, tick)
        }
        tick()
        return say(200, `using ${number('cores')} cores for ${number('seconds')} seconds\n`)
      }
      case '/memory':
        say(200, `holding ${number('mb')} MiB\n`)
        return process.holdMemory(number('mb') * MIB)
      case '/crash':
        say(200, 'crashing\n')
        await this.#log('crashing as asked')
        return this.#end(number('code') || 1)
      case '/env':
        return say(200, [...process.env].map(([name, value]) => `${name}=${value}\n`).join(''))
      case '/headers':
        return say(200, `${JSON.stringify(req.headers, null, 2)}\n`)
      default:
        return say(404, 'not found; see /help\n')
    }
  }
}
