import { conflict, isTrue, containerPath as path, type Route, sendJson } from './api.ts'
import type { EngineParts } from './parts.ts'
import { attach, attachOptions, frame } from './session.ts'
import { switchProtocol } from './upgrade.ts'

/** What a container says and does: logs, attach, top, stats. */
export function streamRoutes({ world, containers }: EngineParts): Route[] {
  return [
    [
      'GET',
      path('/logs'),
      ({ res, params, query }) => {
        const record = containers.require(params[0]!)
        const tty = record.config.Tty ?? false
        const stamps = isTrue(query.get('timestamps'))
        const tail = query.get('tail') ?? 'all'
        const since = Number(query.get('since') ?? 0) * 1000
        const { log, ended } = containers.session(record.id)
        res.writeHead(200, { 'content-type': `application/vnd.docker.${tty ? 'raw' : 'multiplexed'}-stream` })
        const send = (stream: 'stdout' | 'stderr', text: string, time: number) => {
          if (!tty && !isTrue(query.get(stream))) return
          const line = Buffer.from(
            `${stamps ? `${new Date(time).toISOString().replace('Z', '000000Z')} ` : ''}${text}`,
          )
          res.write(tty ? line : frame(stream, line))
        }
        const lines = log.lines().filter(({ time }) => time >= since)
        for (const { stream, text, time } of tail === 'all'
          ? lines
          : lines.slice(lines.length - Math.min(lines.length, Number(tail)))) {
          send(stream, text, time)
        }
        if (!isTrue(query.get('follow')) || record.status !== 'running') return void res.end()
        res.flushHeaders()
        const stop = log.follow((stream, chunk) => send(stream, chunk.toString(), world.clock.now()), false)
        ended.add(() => res.end())
        res.on('close', stop)
      },
    ],
    [
      'POST',
      path('/attach'),
      ({ res, params, query }) => {
        const record = containers.require(params[0]!)
        const socket = res.socket!
        switchProtocol(socket, record.config.Tty ?? false, false)
        attach(containers.session(record.id), record, socket, attachOptions(query))
      },
    ],
    [
      'GET',
      path('/top'),
      (call) => {
        const record = containers.require(call.params[0]!)
        if (record.status !== 'running') throw conflict(`container ${record.id} is not running`)
        const { machine } = containers.running(record.id)
        const start = (ms: number) => new Date(ms).toISOString().slice(11, 16)
        const rows = [...machine.processes.values()].map((process) => [
          machine.user.name,
          String(1000 + process.pid),
          String(process.parent ? 1000 + process.parent.pid : 999),
          '0',
          start(process.startedAt),
          '?',
          '00:00:00',
          process.argv.join(' '),
        ])
        sendJson(call, 200, {
          Titles: ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
          Processes: rows,
        })
      },
    ],
    [
      'GET',
      path('/stats'),
      (call) => {
        const record = containers.require(call.params[0]!)
        const stats = () => {
          const usage = containers.session(record.id).container?.usage() ?? { cpuMilli: 0, memoryBytes: 0 }
          const now = world.clock.now()
          const cpu = (time: number) => ({
            cpu_usage: {
              total_usage: Math.floor(time * usage.cpuMilli * 1000),
              usage_in_kernelmode: 0,
              usage_in_usermode: 0,
            },
            system_cpu_usage: Math.floor(time * 2e6),
            online_cpus: 2,
            throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
          })
          const elapsed = now - (record.startedAt ?? now)
          return {
            name: `/${record.name}`,
            id: record.id,
            read: new Date(now).toISOString(),
            preread: new Date(now - 1000).toISOString(),
            pids_stats: { current: containers.session(record.id).container?.machine.processes.size ?? 0 },
            num_procs: 0,
            cpu_stats: cpu(elapsed + 1000),
            precpu_stats: cpu(elapsed),
            memory_stats: {
              usage: usage.memoryBytes,
              stats: {},
              limit: record.hostConfig.Memory || 4 * 1024 ** 3,
            },
            networks: { eth0: { rx_bytes: 0, tx_bytes: 0 } },
            blkio_stats: { io_service_bytes_recursive: null },
          }
        }
        if (call.query.get('stream') !== null && !isTrue(call.query.get('stream')))
          return sendJson(call, 200, stats())
        const { res } = call
        res.writeHead(200, { 'content-type': 'application/json' })
        const tick = () => {
          if (res.destroyed || res.writableEnded) return
          res.write(`${JSON.stringify(stats())}\n`)
          world.clock.setTimer(1000, tick)
        }
        tick()
      },
    ],
  ]
}
