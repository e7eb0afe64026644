import { conflict, EngineError, isTrue, containerPath as path, type Route, sendJson } from './api.ts'
import { isUp } from './container-record.ts'
import { hostPid } from './container-views.ts'
import { untilTime } from './labels.ts'
import type { EngineParts } from './parts.ts'
import { processTable } from './process-table.ts'
import { MACHINE } from './resources.ts'
import { attach, attachOptions, frame } from './session.ts'
import { StatsMeter } from './stats.ts'
import { switchProtocol } from './upgrade.ts'

/** What a container says and does: logs, attach, top, stats. */
export function streamRoutes({ world, store, sessions, lifecycle, events }: EngineParts): Route[] {
  return [
    [
      'GET',
      path('/logs'),
      ({ res, params, query }) => {
        const record = store.require(params[0]!)
        if (record.hostConfig.LogConfig?.Type === 'none')
          throw new EngineError(501, 'configured logging driver does not support reading')
        const tty = record.config.Tty ?? false
        const stamps = isTrue(query.get('timestamps'))
        const details = isTrue(query.get('details'))
        const tail = query.get('tail') || 'all'
        const time = (name: string) => {
          const text = query.get(name)
          return text && text !== '0' ? untilTime(text, world.clock.now()) : undefined
        }
        const since = time('since') ?? 0
        const until = time('until')
        const { log, ended } = sessions.of(record.id)
        res.writeHead(200, { 'content-type': `application/vnd.docker.${tty ? 'raw' : 'multiplexed'}-stream` })
        const send = (stream: 'stdout' | 'stderr', text: string, at: number) => {
          if (!tty && !isTrue(query.get(stream))) return
          const line = Buffer.from(
            `${stamps ? `${new Date(at).toISOString().replace('Z', '000000Z')} ` : ''}${details ? ' ' : ''}${text}`,
          )
          res.write(tty ? line : frame(stream, line))
        }
        const lines = log
          .lines()
          .filter((line) => line.time >= since && (until === undefined || line.time <= until))
        const wanted = /^\d+$/.test(tail)
          ? lines.slice(lines.length - Math.min(lines.length, Number(tail)))
          : lines
        for (const { stream, text, time: at } of wanted) send(stream, text, at)
        const goesOn = isUp(record) || record.status === 'restarting'
        if (!isTrue(query.get('follow')) || !goesOn) return void res.end()
        res.flushHeaders()
        const stop = log.follow((stream, chunk) => send(stream, chunk.toString(), world.clock.now()), false)
        // What it wrote last is still on its way.
        ended.add(() => setImmediate(() => res.end()))
        const timer =
          until === undefined ? undefined : world.clock.setTimer(until - world.clock.now(), () => res.end())
        res.on('close', () => {
          stop()
          timer?.cancel()
        })
      },
    ],
    [
      'POST',
      path('/attach'),
      ({ res, params, query }) => {
        const record = store.require(params[0]!)
        if (record.status === 'paused')
          throw conflict(`container ${record.id} is paused, unpause the container before attach`)
        const socket = res.socket!
        switchProtocol(socket, record.config.Tty ?? false, false)
        events.container('attach', record)
        attach(sessions.of(record.id), record, socket, attachOptions(query))
      },
    ],
    [
      'GET',
      path('/top'),
      (call) => {
        const record = store.require(call.params[0]!)
        const { machine } = lifecycle.running(call.params[0]!)
        events.container('top', record)
        sendJson(
          call,
          200,
          processTable(machine, call.query.get('ps_args') || '-ef', (pid) => hostPid(record, pid)),
        )
      },
    ],
    [
      'GET',
      path('/stats'),
      async (call) => {
        const record = store.require(call.params[0]!)
        const { res, query } = call
        const meter = new StatsMeter(
          () => sessions.of(record.id).container,
          () => world.clock.now(),
        )
        const stats = () => {
          const current = store.get(record.id) ?? record
          return {
            name: `/${current.name}`,
            id: current.id,
            ...meter.read(current.hostConfig.Memory || MACHINE.memory),
          }
        }
        if (query.get('stream') !== null && !isTrue(query.get('stream'))) {
          if (!isTrue(query.get('one-shot')) && isUp(record)) {
            stats()
            await world.clock.sleep(1000)
          }
          return sendJson(call, 200, stats())
        }
        res.writeHead(200, { 'content-type': 'application/json' })
        const tick = () => {
          if (res.destroyed || res.writableEnded) return
          if (!store.get(record.id)) return void res.end()
          res.write(`${JSON.stringify(stats())}\n`)
          world.clock.setTimer(1000, tick)
        }
        tick()
      },
    ],
  ]
}
