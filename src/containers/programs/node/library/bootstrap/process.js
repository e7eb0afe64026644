// --- console and process
const write =
  (stream) =>
  (...args) =>
    send('write', stream, `${format(...args)}\n`)
const out = write('stdout')
const err = write('stderr')
globalThis.console = {
  log: out,
  info: out,
  debug: out,
  dir: (value) => out(inspect(value, 1)),
  error: err,
  warn: err,
  trace: err,
  table: (value) => out(inspect(value, 1)),
  assert: (ok, ...args) => {
    if (!ok) err('Assertion failed', ...args)
  },
  time() {},
  timeEnd() {},
  group() {},
  groupEnd() {},
}
const process = new EventEmitter()
const started = Date.now()
Object.assign(process, {
  argv: info.argv,
  argv0: 'node',
  execPath: '/usr/local/bin/node',
  execArgv: [],
  env: info.env,
  pid: info.pid,
  ppid: 0,
  platform: 'linux',
  arch: info.arch,
  version: `v${info.version}`,
  versions: { node: info.version, v8: '13.6.233.10-node.28' },
  release: { name: 'node' },
  title: 'node',
  cwd: () => info.cwd,
  uptime: () => (Date.now() - started) / 1000,
  umask: () => 18,
  getuid: () => info.uid,
  getgid: () => info.gid,
  memoryUsage: Object.assign(() => sync('memory'), { rss: () => sync('memory').rss }),
  hrtime: Object.assign(
    () => {
      const ms = Date.now() - started
      return [Math.floor(ms / 1000), (ms % 1000) * 1e6]
    },
    { bigint: () => BigInt(Date.now() - started) * 1000000n },
  ),
  nextTick: (work, ...args) => void Promise.resolve().then(() => work(...args)),
  exit: (code) => {
    process.exitCode = code ?? process.exitCode ?? 0
    process.emit('exit', process.exitCode)
    send('exit', Number(process.exitCode) || 0)
    throw host.exit
  },
  kill: (pid, signal = 'SIGTERM') => sync('kill', pid, signal),
  abort: () => process.exit(134),
  emitWarning: (text) => err(`(node:${info.pid}) Warning: ${text}`),
  stdout: {
    write: (text) => {
      send('write', 'stdout', typeof text === 'string' ? text : Buffer.from(text).toString())
      return true
    },
    isTTY: info.tty,
    columns: 80,
    on() {},
    once() {},
    end() {},
  },
  stderr: {
    write: (text) => {
      send('write', 'stderr', String(text))
      return true
    },
    isTTY: info.tty,
    on() {},
    once() {},
  },
  stdin: Object.assign(new EventEmitter(), {
    setEncoding() {
      return this
    },
    resume() {
      send('stdin')
      return this
    },
    pause() {},
    isTTY: info.tty,
  }),
})
process.stdin.on = function (name, work) {
  if (name === 'data' || name === 'readable') send('stdin')
  return EventEmitter.prototype.on.call(this, name, work)
}
process.on = function (name, work) {
  if (/^SIG/.test(name)) send('handle', name)
  return EventEmitter.prototype.on.call(this, name, work)
}
globalThis.process = process
globalThis.global = globalThis
globalThis.performance = { now: () => Date.now() - started, timeOrigin: started }
