// --- modules
const os = {
  hostname: () => info.hostname,
  platform: () => 'linux',
  type: () => 'Linux',
  release: () => info.kernel,
  arch: () => 'x64',
  cpus: () => Array.from({ length: info.cpus }, () => ({ model: 'Intel(R) Xeon(R) Platinum', speed: 2500 })),
  totalmem: () => info.memory,
  freemem: () => info.memory / 2,
  uptime: () => Math.floor(Date.now() / 1000) % 1e6,
  loadavg: () => [0, 0, 0],
  networkInterfaces: () => ({ eth0: [{ address: info.address, family: 'IPv4', internal: false }] }),
  homedir: () => info.env.HOME ?? '/root',
  tmpdir: () => '/tmp',
  EOL: '\n',
  userInfo: () => ({ username: info.user, uid: info.uid, gid: info.gid }),
}
const hex = (length) => Array.from({ length }, () => Math.floor(Math.random() * 16).toString(16)).join('')
const crypto = {
  randomUUID: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
  randomBytes: (size) => Buffer.from(hex(size * 2), 'hex'),
  createHash: (name) => {
    let held = ''
    const hash = {
      update: (data) => {
        held += wire(data)
        return hash
      },
      digest: (encoding) => {
        const bytes = Buffer.from(sync('hash', name, held), 'hex')
        return encoding ? bytes.toString(encoding) : bytes
      },
    }
    return hash
  },
}
globalThis.crypto = crypto
const assert = Object.assign(
  (ok, message) => {
    if (!ok)
      throw Object.assign(new Error(message ?? 'The expression evaluated to a falsy value'), {
        code: 'ERR_ASSERTION',
      })
  },
  {
    ok: (ok, message) => assert(ok, message),
    equal: (a, b, message) =>
      assert(a === b || Number(a) === Number(b), message ?? `${inspect(a, 1)} == ${inspect(b, 1)}`),
    strictEqual: (a, b, message) =>
      assert(
        Object.is(a, b),
        message ?? `Expected values to be strictly equal:\n\n${inspect(a, 1)} !== ${inspect(b, 1)}\n`,
      ),
    deepStrictEqual: (a, b, message) =>
      assert(inspect(a, 1) === inspect(b, 1), message ?? 'Expected values to be strictly deep-equal'),
  },
)
assert.strict = assert
const sleepUntil = (ms, value) => new Promise((resolve) => globalThis.setTimeout(() => resolve(value), ms))
const builtins = {
  fs,
  'fs/promises': fs.promises,
  http,
  path,
  url,
  querystring,
  os,
  events: EventEmitter,
  util: { format, inspect: (value) => inspect(value, 1), promisify, inherits() {}, types: {} },
  assert,
  crypto,
  process,
  buffer: { Buffer },
  timers: {
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    clearTimeout: clear,
    clearInterval: clear,
  },
  'timers/promises': { setTimeout: sleepUntil },
  perf_hooks: { performance: globalThis.performance },
  string_decoder: {
    StringDecoder: class {
      write(data) {
        return data.toString()
      }
      end() {
        return ''
      }
    },
  },
}
const REFUSED = [
  'child_process',
  'cluster',
  'dgram',
  'dns',
  'http2',
  'https',
  'net',
  'readline',
  'repl',
  'stream',
  'tls',
  'v8',
  'vm',
  'worker_threads',
  'zlib',
  'sqlite',
  'test',
]
const cache = new Map()
const missing = (name, from) =>
  Object.assign(new Error(`Cannot find module '${name}'\nRequire stack:\n- ${from}`), {
    code: 'MODULE_NOT_FOUND',
  })
const isFile = (name) => sync('exists', name) && sync('stat', name).kind === 'file'
function locate(name, from) {
  const tries = (base) => [
    base,
    `${base}.js`,
    `${base}.json`,
    `${base}.cjs`,
    `${base}.mjs`,
    `${base}/index.js`,
  ]
  if (/^\.{0,2}\//.test(name) || name === '.' || name === '..')
    return tries(path.resolve(path.dirname(from), name)).find(isFile)
  for (let at = path.dirname(from); ; at = path.dirname(at)) {
    const base = path.join(at, 'node_modules', name)
    if (sync('exists', `${base}/package.json`)) {
      const main = JSON.parse(fs.readFileSync(`${base}/package.json`, 'utf8')).main ?? 'index.js'
      const found = tries(path.join(base, main)).find(isFile)
      if (found) return found
    }
    const found = tries(base).find(isFile)
    if (found || at === '/' || at === '.') return found
  }
}
function requireFrom(from) {
  const require = (name) => {
    const plain = name.replace(/^node:/, '')
    if (Object.hasOwn(builtins, plain)) return builtins[plain]
    if (REFUSED.includes(plain)) throw new Error(`drydock: the module ${name} is not simulated in containers`)
    const file = locate(name, from)
    if (!file) throw missing(name, from)
    return load(file)
  }
  require.resolve = (name) =>
    locate(name, from) ??
    (() => {
      throw missing(name, from)
    })()
  require.cache = {}
  return require
}
function load(file, main = false) {
  if (cache.has(file)) return cache.get(file).exports
  const module = {
    exports: {},
    filename: file,
    id: main ? '.' : file,
    loaded: false,
    children: [],
    paths: [],
  }
  cache.set(file, module)
  const text = fs.readFileSync(file, 'utf8').replace(/^#!.*/, '')
  if (file.endsWith('.json')) {
    module.exports = JSON.parse(text)
    return module.exports
  }
  const require = requireFrom(file)
  require.main = main ? module : cache.get(mainFile)
  const work = host.compile(
    `(function (exports, require, module, __filename, __dirname) {${commonJs(text, file)}\n})`,
    file,
  )
  work.call(module.exports, module.exports, require, module, file, path.dirname(file))
  module.loaded = true
  return module.exports
}
/** ES modules' own statements as what CommonJS has: enough for programs of a few files. */
function commonJs(text, file) {
  if (!/^\s*(?:import\s|export\s|import\{)/m.test(text) && !file.endsWith('.mjs')) return text
  return text
    .replace(
      /^\s*import\s+(\w+)\s*,\s*\{([^}]*)\}\s*from\s*(['"][^'"]+['"]);?/gm,
      (_, name, names, from) =>
        `const ${name}$m = require(${from}); const ${name} = ${name}$m.default ?? ${name}$m; const {${names.replace(/\sas\s/g, ': ')}} = ${name}$m;`,
    )
    .replace(/^\s*import\s+\*\s+as\s+(\w+)\s+from\s*(['"][^'"]+['"]);?/gm, 'const $1 = require($2);')
    .replace(
      /^\s*import\s+(\w+)\s+from\s*(['"][^'"]+['"]);?/gm,
      'const $1 = ((m) => m.default ?? m)(require($2));',
    )
    .replace(
      /^\s*import\s*\{([^}]*)\}\s*from\s*(['"][^'"]+['"]);?/gm,
      (_, names, from) => `const {${names.replace(/\sas\s/g, ': ')}} = require(${from});`,
    )
    .replace(/^\s*import\s*(['"][^'"]+['"]);?/gm, 'require($1);')
    .replace(/^\s*export\s+default\s+/gm, 'exports.default = ')
    .replace(/^\s*export\s+(async\s+function|function|class)\s+(\w+)/gm, 'exports.$2 = $2; $1 $2')
    .replace(/^\s*export\s+(?:const|let|var)\s+(\w+)\s*=/gm, 'const $1 = exports.$1 =')
    .replace(/^\s*export\s*\{([^}]*)\};?/gm, (_, names) =>
      names
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean)
        .map((name) => {
          const [a, b] = name.split(/\sas\s/)
          return `exports.${b ?? a} = ${a};`
        })
        .join(' '),
    )
    .replace(/import\.meta\.url/g, '`file://${__filename}`')
    .replace(/import\.meta\.dirname/g, '__dirname')
}
let mainFile = ''
function fail(error) {
  if (error === host.exit) return
  if (process.listenerCount('uncaughtException') > 0) return void process.emit('uncaughtException', error)
  const where = error instanceof Error ? `${inspect(error)}` : `Uncaught:\n${inspect(error, 1)}`
  err(`${mainFile || '[eval]'}\n\n${where}\n\nNode.js v${info.version}`)
  send('exit', 1)
}
const guarded = (work) => {
  try {
    work()
  } catch (error) {
    fail(error)
  }
}
host.start = () =>
  guarded(() => {
    if (info.eval !== undefined) {
      const require = requireFrom(`${info.cwd}/[eval]`)
      globalThis.require = require
      const value = host.compile(info.eval, '[eval]')
      if (info.print) out(typeof value === 'string' ? value : inspect(value, 1))
      return
    }
    mainFile = locate(path.resolve(info.cwd, info.file), '/') ?? ''
    if (!mainFile) {
      const wanted = path.resolve(info.cwd, info.file)
      err(
        `node:internal/modules/cjs/loader:1423\n  throw err;\n  ^\n\nError: Cannot find module '${wanted}'\n    at Module._resolveFilename (node:internal/modules/cjs/loader:1420:15) {\n  code: 'MODULE_NOT_FOUND',\n  requireStack: []\n}\n\nNode.js v${info.version}`,
      )
      return send('exit', 1)
    }
    load(mainFile, true)
  })
host.event = (name, text) =>
  guarded(() => {
    const args = JSON.parse(text)
    if (name === 'timer') {
      const found = timers.get(args[0])
      if (!found) return
      if (found.repeat) send('timer', args[0], found.ms)
      else timers.delete(args[0])
      found.work()
    } else if (name === 'request') {
      const [serverId, id, fields] = args
      const req = new IncomingMessage({ ...fields, body: bytesOf(fields.body) })
      const res = new ServerResponse(id, req)
      const server = servers.get(serverId)
      try {
        server?.emit('request', req, res)
      } catch (error) {
        fail(error)
      }
    } else if (name === 'fetched') {
      const work = waiting.get(args[0])
      waiting.delete(args[0])
      work?.(args[1])
    } else if (name === 'signal') {
      process.emit(args[0], args[0])
    } else if (name === 'stdin') {
      if (args[0] === null) process.stdin.emit('end')
      else process.stdin.emit('data', Buffer.from(args[0], 'latin1'))
    } else if (name === 'rejected') fail(new Error(args[0]))
  })
