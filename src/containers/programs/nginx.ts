import { readContent } from '../files/nodes.ts'
import { FileError, resolvePath } from '../files/tree.ts'
import { KERNEL } from '../processes/kernel-settings.ts'
import type { User } from '../processes/machine.ts'
import type { Process, Program } from '../processes/process.ts'
import { findUser } from '../processes/users.ts'
import { listenHttp } from './http-listener.ts'
import { certificateOf, loadCertificates, portOf } from './nginx/certificates.ts'
import { type Directive, find, findAll, NginxConfigError, parseNginxConfig } from './nginx/config.ts'
import { expression, type Site, type Traffic } from './nginx/exchange.ts'
import { check, load } from './nginx/load.ts'
import { serve } from './nginx/site.ts'
import { listenStreams } from './nginx/stream.ts'
import { errorTime } from './nginx/times.ts'

/** nginx: reads its configuration, serves files of the container, writes its logs, obeys its signals. */
export function nginx(version: string): Program {
  return async (process) => {
    const args = process.argv.slice(1)
    const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
    if (args.includes('-v') || args.includes('-V')) {
      await process.complain(`nginx version: nginx/${version}\n`)
      return 0
    }
    const file = option('-c') ?? '/etc/nginx/nginx.conf'
    const signal = option('-s')
    if (signal) return signalMaster(process, signal)
    // Before anything is read, so that a stop right after the start is not lost.
    const stopped = new Promise<string>((resolve) => {
      for (const name of ['SIGTERM', 'SIGINT', 'SIGQUIT']) process.on(name, () => resolve(name))
    })
    let config: Directive[]
    try {
      config = [...(await load(process, file)), ...parseNginxConfig(option('-g') ?? '', 'command line')]
      check(config, process)
      await loadCertificates(process, config)
    } catch (error) {
      if (!(error instanceof NginxConfigError)) throw error
      const line = `[emerg] ${process.pid}#${process.pid}: ${error.message}\n`
      await process.complain(
        args.includes('-t')
          ? `nginx: ${line.replace(/ \d+#\d+:/, '')}`
          : `${errorTime(process.machine.clock.now())} ${line}`,
      )
      if (args.includes('-t')) await process.complain(`nginx: configuration file ${file} test failed\n`)
      else await process.complain(`nginx: [emerg] ${error.message}\n`)
      return 1
    }
    if (args.includes('-t') || args.includes('-T')) {
      await process.complain(
        `nginx: the configuration file ${file} syntax is ok\nnginx: configuration file ${file} test is successful\n`,
      )
      if (args.includes('-T')) for (const path of filesOf(config)) await dump(process, path)
      return 0
    }
    return master(process, version, file, config, stopped)
  }
}

/** The files that a configuration has come from. */
function filesOf(config: readonly Directive[]): Set<string> {
  return new Set(
    config
      .flatMap((directive) => [directive.file, ...filesOf(directive.block ?? [])])
      .filter((file) => file.startsWith('/')),
  )
}

/** Prints a configuration file as `nginx -T` does. */
async function dump(process: Process, path: string): Promise<void> {
  const text = Buffer.from(await process.machine.files.read(path)).toString()
  await process.print(`# configuration file ${path}:\n${text}\n`)
}

async function master(
  process: Process,
  version: string,
  file: string,
  first: Directive[],
  stopped: Promise<string>,
): Promise<number> {
  const { machine } = process
  const note = (message: string) => notice(process, message)
  const refused = prepareFolders(process)
  if (refused !== undefined) {
    await process.complain(
      `${errorTime(machine.clock.now())} [emerg] ${process.pid}#${process.pid}: ${refused}\nnginx: [emerg] ${refused}\n`,
    )
    return 1
  }
  let listeners: { close(): void }[] = []
  try {
    listeners = listen(process, version, first)
  } catch (error) {
    const message = `bind() to 0.0.0.0:${/:(\d+)$/.exec((error as Error).message)?.[1]} failed (98: Address already in use)`
    await process.complain(
      `${errorTime(machine.clock.now())} [emerg] ${process.pid}#${process.pid}: ${message}\nnginx: [emerg] ${message}\n`,
    )
    return 1
  }
  process.on('SIGHUP', () => {
    void (async () => {
      await note(`signal 1 (SIGHUP) received from 0, reconfiguring`)
      await note('reconfiguring')
      try {
        const next = await load(process, file)
        check(next, process)
        await loadCertificates(process, next)
        for (const listener of listeners) listener.close()
        listeners = listen(process, version, next)
      } catch (error) {
        if (!(error instanceof NginxConfigError)) throw error
        await process.complain(
          `${errorTime(machine.clock.now())} [emerg] ${process.pid}#${process.pid}: ${error.message}\n`,
        )
      }
    })().catch(() => {})
  })
  process.on('SIGUSR1', 'ignore')
  await note('using the "epoll" event method')
  await note(`nginx/${version}`)
  await note(
    machine.files.exists('/etc/alpine-release')
      ? 'built by gcc 14.2.0 (Alpine 14.2.0)'
      : 'built by gcc 14.2.0 (Debian 14.2.0-19)',
  )
  await note(`OS: Linux ${KERNEL}`)
  await note('getrlimit(RLIMIT_NOFILE): 1048576:1048576')
  await note('start worker processes')
  process.argv = ['nginx: master process', ...process.argv]
  const user = await workerUser(process, first)
  const workers = [1, 2].map(() => worker(process, user))
  for (const { pid } of workers) await note(`start worker process ${pid}`)
  const signal = await process.waitFor(stopped)
  const number = { SIGTERM: 15, SIGINT: 2, SIGQUIT: 3 }[signal]
  await note(`signal ${number} (${signal}) received${signal === 'SIGQUIT' ? ', shutting down' : ', exiting'}`)
  for (const listener of listeners) listener.close()
  for (const child of workers) {
    child.end({ exitCode: 0 })
    await note(`worker process ${child.pid} exited with code 0`)
  }
  await note('exit')
  return 0
}

/** Makes what nginx needs before it serves; gives why it cannot. */
function prepareFolders({ pid, machine: { files } }: Process): string | undefined {
  const temporary = ['client', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `/var/cache/nginx/${name}_temp`,
  )
  const pidFile = '/run/nginx.pid'
  const make = (what: string, act: () => void) => {
    try {
      act()
      return undefined
    } catch (error) {
      if (!(error instanceof FileError) || error.code !== 'EROFS') throw error
      return `${what} failed (30: Read-only file system)`
    }
  }
  return (
    temporary
      .map((path) => make(`mkdir() "${path}"`, () => files.makeFolder(path, { recursive: true })))
      .find(Boolean) ??
    make(`open() "${pidFile}"`, () => {
      files.makeFolder('/run', { recursive: true })
      files.writeSync(pidFile, Buffer.from(`${pid}\n`))
    })
  )
}

/** Whom the workers run as: what `user` names, nginx by default, where the master may choose. */
async function workerUser(process: Process, config: readonly Directive[]): Promise<User> {
  if (process.user.uid !== 0) return process.user
  const name = find(config, 'user')?.args[0] ?? 'nginx'
  return findUser(process.machine.files, name).catch(() => process.user)
}

/** The workers show in `ps`; the master serves. */
function worker(process: Process, user: User): Process {
  const { env, stdin, stdout, stderr } = process
  return process.machine.process({
    parent: process,
    argv: ['nginx: worker process'],
    env,
    cwd: '/',
    user,
    stdin,
    stdout,
    stderr,
  })
}

const notice = (process: Process, message: string) =>
  writeLog(
    process,
    '/var/log/nginx/error.log',
    `${errorTime(process.machine.clock.now())} [notice] ${process.pid}#${process.pid}: ${message}\n`,
  )

function listen(process: Process, version: string, config: Directive[]): { close(): void }[] {
  const http = find(config, 'http')?.block ?? []
  const scope = [...http, ...findAll(config, 'error_log')]
  const ports = new Map<number, Directive[][]>()
  for (const { block = [] } of findAll(http, 'server')) {
    const listens = findAll(block, 'listen')
    const wanted =
      listens.length > 0 ? listens.filter(({ args }) => !args[0]?.startsWith('unix:')) : [{ args: ['80'] }]
    for (const port of new Set(wanted.map(({ args }) => portOf(args[0]!)))) {
      const servers = ports.get(port) ?? []
      const isDefault = listens.some(
        ({ args }) => portOf(args[0]!) === port && args.includes('default_server'),
      )
      if (isDefault) servers.unshift(block)
      else servers.push(block)
      ports.set(port, servers)
    }
  }
  const events = find(config, 'events')?.block
  const traffic: Traffic = {
    most: Number(find(events, 'worker_connections')?.args[0] ?? 512),
    clients: 0,
    upstreams: 0,
    accepted: 0,
    requests: 0,
    answering: 0,
  }
  const streams = listenStreams(process, config)
  const sites = [...ports].map(([port, servers]) =>
    listenHttp(
      process,
      port,
      (req, res) => {
        const host = (req.headers.host ?? '').replace(/:\d+$/, '')
        const server = serverOf(servers, host)
        const site: Site = {
          process,
          http: scope,
          server,
          version,
          traffic,
          log: (target, line) => void writeLog(process, target, line).catch(() => {}),
        }
        serve(site, req, res).catch(() => res.destroy())
      },
      certificateOf(servers, port),
    ),
  )
  return [...streams, ...sites]
}

/** The server of a name: exact, longest `*.name`, longest `name.*`, first regular expression, the default. */
function serverOf(servers: readonly Directive[][], host: string): Directive[] {
  const names = servers.flatMap((server) =>
    findAll(server, 'server_name').flatMap(({ args }) => args.map((name) => ({ name, server }))),
  )
  const longest = (fits: (name: string) => boolean) =>
    names.filter(({ name }) => fits(name)).sort((a, b) => b.name.length - a.name.length)[0]
  const found =
    names.find(({ name }) => name === host || name === `.${host}`) ??
    longest((name) => /^\*?\./.test(name) && host.endsWith(name.replace(/^\*/, ''))) ??
    longest((name) => name.endsWith('.*') && host.startsWith(name.slice(0, -1))) ??
    names.find(({ name }) => name.startsWith('~') && expression(name.slice(1)).test(host))
  return found?.server ?? servers[0]!
}

/** Writes to a log file, which may be a link to the process's standard output or error. */
async function writeLog(process: Process, target: string, line: string): Promise<void> {
  const { files } = process.machine
  const path = resolvePath('/etc/nginx', target)
  const real = (() => {
    try {
      return files.tree.realPath(path)
    } catch {
      return path
    }
  })()
  if (real === '/dev/stdout') return process.print(line)
  if (real === '/dev/stderr' || target === 'stderr') return process.complain(line)
  if (files.find(real)?.kind === 'device') return
  await files.append(real, Buffer.from(line))
}

async function signalMaster(process: Process, name: string): Promise<number> {
  const signal = { stop: 'SIGTERM', quit: 'SIGQUIT', reload: 'SIGHUP', reopen: 'SIGUSR1' }[name]
  if (!signal) {
    await process.complain(`nginx: invalid option: "-s ${name}"\n`)
    return 1
  }
  const node = process.machine.files.find('/run/nginx.pid')
  const pid = node?.kind === 'file' ? Number(Buffer.from(await readContent(node.content)).toString()) : 0
  const target = process.machine.processes.get(pid)
  if (!target) {
    await process.complain('nginx: [error] open() "/run/nginx.pid" failed (2: No such file or directory)\n')
    return 1
  }
  await notice(process, 'signal process started')
  target.kill(signal)
  return 0
}
