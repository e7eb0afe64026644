import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { CheckRunner } from '#checks/runner.ts'
import type { ProcessInfo } from '#cloud/api.ts'

type Checks = Pick<CheckRunner, 'run' | 'warm' | 'close'>

/** What is counted when it is asked for. */
export interface Counted {
  /** The processes that the clouds live in. */
  processes(): Promise<ProcessInfo[]>
  terminals(): Promise<number>
  /** WebSockets of terminals. */
  connections(): number
  /** Learners who stand in line. */
  waiting(): number
  cloudUp(): boolean
  /** Statements that a learning record store is still to be told, where there is one. */
  statements?: (() => Promise<number>) | undefined
}

/** What the server tells Prometheus. https://prometheus.io/docs/practices/naming/ */
export class Metrics {
  readonly registry = new Registry()
  readonly #requests: Histogram<'method' | 'route' | 'status'>
  readonly #checks: Histogram<'status'>
  readonly #waiting: Gauge
  readonly #errors: Counter

  constructor() {
    const registers = [this.registry]
    // Memory, CPU, garbage collection, and how late the event loop is.
    collectDefaultMetrics({ register: this.registry })
    this.#requests = new Histogram({
      name: 'drydock_http_request_duration_seconds',
      help: 'Requests by route; streams, which last as long as a page, are not among them.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.025, 0.1, 0.5, 2, 10],
      registers,
    })
    this.#checks = new Histogram({
      name: 'drydock_check_duration_seconds',
      help: 'Checks of steps by what came of them, the wait for a free thread included.',
      labelNames: ['status'],
      buckets: [0.1, 0.5, 1, 2, 5, 10, 30],
      registers,
    })
    this.#waiting = new Gauge({ name: 'drydock_checks_running', help: 'Checks that run or wait.', registers })
    this.#errors = new Counter({ name: 'drydock_errors_total', help: 'Faults that were logged.', registers })
  }

  failed(): void {
    this.#errors.inc()
  }

  /** Counts the requests of a server. */
  watchRequests(app: FastifyInstance): void {
    app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
      if (String(reply.raw.getHeader('content-type')).startsWith('text/event-stream')) return
      // The route, never the address: that would be a series for each id, and tell who does what.
      const labels = { method, route: routeOptions.url ?? 'none', status: reply.statusCode }
      this.#requests.observe(labels, reply.elapsedTime / 1000)
    })
  }

  /** Counts the checks of a runner. */
  watchChecks(runner: Checks): Checks {
    return {
      warm: () => runner.warm(),
      close: () => runner.close(),
      run: async (request, signal) => {
        const started = performance.now()
        this.#waiting.inc()
        let status: string = 'abandoned'
        try {
          const report = await runner.run(request, signal)
          status = report.status
          return report
        } finally {
          this.#waiting.dec()
          this.#checks.observe({ status }, (performance.now() - started) / 1000)
        }
      },
    }
  }

  /** What is read at the moment somebody asks. */
  watchState(counted: Counted): void {
    const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        async collect() {
          // What does not answer has no value.
          const value = await Promise.resolve()
            .then(read)
            .catch(() => Number.NaN)
          this.set(value)
        },
      })
    this.#watchProcesses(counted.processes)
    gauge('drydock_terminals', 'Terminals whose shells run.', counted.terminals)
    gauge('drydock_terminal_connections', 'Pages that are connected to a terminal.', counted.connections)
    gauge('drydock_waiting', 'Learners who wait to start a lab.', counted.waiting)
    if (counted.statements)
      gauge('drydock_statements_waiting', 'Statements for the learning record store.', counted.statements)
    gauge('drydock_cloud_up', 'Whether the cloud process answers.', () => Number(counted.cloudUp()))
  }
  /** What each process of the cloud carries, by its number. */
  #watchProcesses(read: Counted['processes']): void {
    // One answer for all gauges of a scrape.
    let asked: Promise<ProcessInfo[]> | undefined
    const processes = () => {
      asked ??= read()
        .catch(() => [])
        .finally(() => {
          asked = undefined
        })
      return asked
    }
    const gauge = (name: string, help: string, value: (process: ProcessInfo) => number) =>
      new Gauge({
        name,
        help,
        labelNames: ['process'],
        registers: [this.registry],
        async collect() {
          const all = await processes()
          this.reset()
          for (const each of all) this.set({ process: each.number }, value(each))
        },
      })
    gauge('drydock_worlds', 'Worlds that are awake, by the process that they live in.', ({ awake }) => awake)
    gauge('drydock_cloud_memory_bytes', 'Resident memory.', ({ residentBytes }) => residentBytes)
    gauge('drydock_cloud_cpu_seconds', 'Time of a processor that was taken.', ({ cpuSeconds }) => cpuSeconds)
    gauge(
      'drydock_cloud_eventloop_lag_p99_seconds',
      'How late the event loop was since this was last asked.',
      ({ loopDelaySeconds }) => loopDelaySeconds,
    )
  }
}
