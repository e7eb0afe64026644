import { PassThrough } from 'node:stream'
import { signalName } from '../processes/signals.ts'
import {
  badRequest,
  conflict,
  EngineError,
  isTrue,
  parseFilters,
  type Route,
  readJson,
  sendJson,
  sendNothing,
} from './api.ts'
import { frame } from './containers.ts'
import { hasLabel } from './image-routes.ts'
import type { EngineParts } from './parts.ts'
import { switchProtocol } from './upgrade.ts'
import { containerDetails, containerSummary } from './views.ts'

/** What a container gets to stop before it is killed, seconds. */
const STOP_SECONDS = 10

const ID = '([^/]+)'
const path = (rest: string) => new RegExp(`^/containers/${ID}${rest}$`)

export function containerRoutes({ world, images, containers, execs }: EngineParts): Route[] {
  const seconds = (text: string | null) =>
    text === null || text === '' ? STOP_SECONDS : Number(text) < 0 ? 1e9 : Number(text)
  const signal = (text: string | null, otherwise: string) => {
    if (!text) return otherwise
    const name = signalName(text)
    if (!name) throw badRequest(`Invalid signal: ${text}`)
    return name
  }
  return [
    [
      'GET',
      /^\/containers\/json$/,
      (call) => {
        const filters = parseFilters(call.query.get('filters'))
        const limit = Number(call.query.get('limit') ?? 0)
        const everything = isTrue(call.query.get('all')) || filters.status !== undefined || limit > 0
        const list = containers
          .all()
          .filter((record) => everything || record.status === 'running')
          .filter((record) => !filters.status || filters.status.includes(record.status))
          .filter(
            (record) =>
              !filters.name ||
              filters.name.some((name) => new RegExp(name).test(`/${record.name}`) || record.name === name),
          )
          .filter((record) => !filters.id || filters.id.some((id) => record.id.startsWith(id)))
          .filter(
            (record) =>
              !filters.ancestor || filters.ancestor.some((name) => images.find(name)?.id === record.imageId),
          )
          .filter((record) =>
            (filters.label ?? []).every((label) => hasLabel(record.config.Labels ?? {}, label)),
          )
          .slice(0, limit > 0 ? limit : undefined)
        sendJson(
          call,
          200,
          list.map((record) => containerSummary(record, images, world.clock.now())),
        )
      },
    ],
    [
      'POST',
      /^\/containers\/create$/,
      async (call) => {
        const { HostConfig, NetworkingConfig: _networking, ...config } = await readJson(call)
        const record = containers.create(call.query.get('name') || undefined, config, HostConfig ?? {})
        await world.store.flushed()
        sendJson(call, 201, { Id: record.id, Warnings: [] })
      },
    ],
    [
      'GET',
      path('/json'),
      (call) =>
        sendJson(call, 200, containerDetails(containers.require(call.params[0]!), images, containers)),
    ],
    [
      'POST',
      path('/start'),
      async (call) => {
        const record = containers.require(call.params[0]!)
        if (record.status === 'running') return sendNothing(call, 304)
        await containers.start(record.id)
        await world.store.flushed()
        sendNothing(call)
      },
    ],
    [
      'POST',
      path('/stop'),
      async (call) => {
        const record = containers.require(call.params[0]!)
        if (record.status !== 'running') return sendNothing(call, 304)
        await containers.stop(record.id, seconds(call.query.get('t')))
        sendNothing(call)
      },
    ],
    [
      'POST',
      path('/restart'),
      async (call) => {
        const record = containers.require(call.params[0]!)
        await containers.stop(record.id, seconds(call.query.get('t')))
        await containers.start(record.id)
        sendNothing(call)
      },
    ],
    [
      'POST',
      path('/kill'),
      (call) => {
        containers.kill(call.params[0]!, signal(call.query.get('signal'), 'SIGKILL'))
        sendNothing(call)
      },
    ],
    [
      'POST',
      path('/rename'),
      (call) => {
        containers.rename(call.params[0]!, call.query.get('name') ?? '')
        sendNothing(call)
      },
    ],
    [
      'POST',
      path('/wait'),
      async ({ res, params, query }) => {
        const condition = query.get('condition')
        const ended = containers.wait(params[0]!, condition === 'next-exit' || condition === 'removed')
        // The client starts the container only when it has these headers.
        res.writeHead(200, { 'content-type': 'application/json' })
        res.flushHeaders()
        res.end(`${JSON.stringify({ StatusCode: await ended })}\n`)
      },
    ],
    [
      'DELETE',
      path(''),
      async (call) => {
        await containers.remove(call.params[0]!, { force: isTrue(call.query.get('force')) })
        sendNothing(call)
      },
    ],
    [
      'POST',
      /^\/containers\/prune$/,
      async (call) => {
        const stopped = containers.all().filter(({ status }) => status !== 'running')
        for (const { id } of stopped) await containers.remove(id, { force: false })
        sendJson(call, 200, {
          ContainersDeleted: stopped.length > 0 ? stopped.map(({ id }) => id) : null,
          SpaceReclaimed: 0,
        })
      },
    ],
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
        const flag = (name: string) => isTrue(query.get(name))
        const socket = res.socket!
        switchProtocol(socket, record.config.Tty ?? false, false)
        containers.attach(record, socket, {
          stdin: flag('stdin'),
          stdout: flag('stdout'),
          stderr: flag('stderr'),
          logs: flag('logs'),
          follow: flag('stream'),
        })
      },
    ],
    [
      'POST',
      path('/resize'),
      (call) => {
        containers.resize(call.params[0]!, Number(call.query.get('w')), Number(call.query.get('h')))
        sendNothing(call, 200)
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
    ['GET', path('/changes'), (call) => sendJson(call, 200, null)],
    ...['archive', 'export'].map(
      (name): Route => [
        'GET',
        path(`/${name}`),
        () => {
          throw new EngineError(
            501,
            `drydock: docker ${name === 'archive' ? 'cp' : 'export'} is not simulated yet; use docker exec with cat`,
          )
        },
      ],
    ),
    ...['pause', 'unpause', 'update'].map(
      (name): Route => [
        'POST',
        path(`/${name}`),
        () => {
          throw new EngineError(501, `drydock: docker ${name} is not simulated`)
        },
      ],
    ),
    [
      'POST',
      path('/exec'),
      async (call) => {
        sendJson(call, 201, { Id: execs.create(call.params[0]!, await readJson(call)) })
      },
    ],
    [
      'POST',
      /^\/exec\/([^/]+)\/start$/,
      async (call) => {
        const { Detach } = await readJson(call)
        const exec = execs.require(call.params[0]!)
        if (Detach) {
          await execs.start(exec.id, undefined, () => {})
          return sendNothing(call, 200)
        }
        const stream = new PassThrough()
        stream.pipe(call.res)
        await execs.start(exec.id, stream, () =>
          call.res.writeHead(200, {
            'content-type': `application/vnd.docker.${exec.config.Tty ? 'raw' : 'multiplexed'}-stream`,
          }),
        )
      },
    ],
    [
      'POST',
      /^\/exec\/([^/]+)\/resize$/,
      (call) => {
        execs.resize(call.params[0]!, Number(call.query.get('w')), Number(call.query.get('h')))
        sendNothing(call, 200)
      },
    ],
    [
      'GET',
      /^\/exec\/([^/]+)\/json$/,
      (call) => {
        const exec = execs.require(call.params[0]!)
        sendJson(call, 200, {
          ID: exec.id,
          Running: exec.running,
          ExitCode: exec.exitCode,
          ProcessConfig: {
            tty: exec.config.Tty ?? false,
            entrypoint: exec.config.Cmd[0],
            arguments: exec.config.Cmd.slice(1),
          },
          OpenStdin: exec.config.AttachStdin ?? false,
          OpenStdout: true,
          OpenStderr: true,
          ContainerID: exec.containerId,
          Pid: 0,
        })
      },
    ],
  ]
}
