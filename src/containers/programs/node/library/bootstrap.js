// The part of Node.js that runs inside the QuickJS sandbox: modules, timers, console. The host is reached by __host alone.
;((host) => {
  const call = (name, ...args) => JSON.parse(host.call(name, JSON.stringify(args)))
  const send = (name, ...args) => host.send(name, JSON.stringify(args))
  const answer = (result) => {
    if (result.error) throw Object.assign(new Error(result.error.message), result.error)
    return result.value
  }
  const sync = (name, ...args) => answer(call(name, ...args))
  const info = sync('info')

  // --- the world's time
  const HostDate = Date
  const worldNow = () => host.now + (HostDate.now() - host.at)
  class WorldDate extends HostDate {
    constructor(...args) {
      if (args.length === 0) super(worldNow())
      else super(...args)
    }
    static now() {
      return worldNow()
    }
  }
  Object.defineProperty(WorldDate, 'name', { value: 'Date' })
  globalThis.Date = WorldDate

  // --- util
  const quote = (text) => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\n/g, '\\n')}'`
  function inspect(value, depth = 0, seen = []) {
    if (typeof value === 'string') return depth === 0 ? value : quote(value)
    if (typeof value === 'function')
      return value.name ? `[Function: ${value.name}]` : '[Function (anonymous)]'
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value !== 'object' || value === null) return String(value)
    if (value instanceof Error) return value.stack ? `${value}\n${value.stack.trimEnd()}` : String(value)
    if (seen.includes(value)) return '[Circular *1]'
    if (value instanceof Date) return value.toISOString()
    if (value instanceof RegExp) return String(value)
    if (value instanceof Promise) return 'Promise { <pending> }'
    if (depth > 3) return Array.isArray(value) ? '[Array]' : '[Object]'
    const inner = (item) => inspect(item, depth + 1, [...seen, value])
    const wrap = (open, parts, close) => {
      const line = `${open} ${parts.join(', ')} ${close}`
      if (parts.length === 0) return open + close
      if (line.length <= 72 && !line.includes('\n')) return line
      const pad = '  '.repeat(depth + 1)
      return `${open}\n${parts.map((part) => pad + part).join(',\n')}\n${'  '.repeat(depth)}${close}`
    }
    if (value instanceof Buffer) return `<Buffer ${value.toString('hex').replace(/(..)(?=.)/g, '$1 ')}>`
    if (Array.isArray(value)) return wrap('[', value.map(inner), ']')
    if (value instanceof Map)
      return wrap(
        `Map(${value.size}) {`,
        [...value].map(([k, v]) => `${inner(k)} => ${inner(v)}`),
        '}',
      )
    if (value instanceof Set) return wrap(`Set(${value.size}) {`, [...value].map(inner), '}')
    const name = value.constructor && value.constructor !== Object ? `${value.constructor.name} ` : ''
    const key = (text) => (/^[A-Za-z_$][\w$]*$/.test(text) ? text : quote(text))
    return wrap(
      `${name}{`,
      Object.keys(value).map((k) => `${key(k)}: ${inner(value[k])}`),
      '}',
    )
  }
  function format(first, ...rest) {
    if (typeof first !== 'string')
      return [first, ...rest].map((item) => (typeof item === 'string' ? item : inspect(item, 1))).join(' ')
    const text = first.replace(/%[sdifjoOc%]/g, (mark) => {
      if (mark === '%%') return '%'
      if (rest.length === 0) return mark
      const value = rest.shift()
      if (mark === '%s') return typeof value === 'object' ? inspect(value, 1) : String(value)
      if (mark === '%d') return String(Number(value))
      if (mark === '%i') return String(Number.parseInt(value, 10))
      if (mark === '%f') return String(Number.parseFloat(value))
      if (mark === '%j') return JSON.stringify(value)
      if (mark === '%c') return ''
      return inspect(value, 1)
    })
    return [text, ...rest.map((item) => (typeof item === 'string' ? item : inspect(item, 1)))].join(' ')
  }
  const promisify =
    (work) =>
    (...args) =>
      new Promise((resolve, reject) =>
        work(...args, (error, value) => (error ? reject(error) : resolve(value))),
      )

  // --- Buffer
  const utf8 = {
    encode(text) {
      const bytes = []
      for (const char of text) {
        const c = char.codePointAt(0)
        if (c < 0x80) bytes.push(c)
        else if (c < 0x800) bytes.push(0xc0 | (c >> 6), 0x80 | (c & 63))
        else if (c < 0x10000) bytes.push(0xe0 | (c >> 12), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63))
        else bytes.push(0xf0 | (c >> 18), 0x80 | ((c >> 12) & 63), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63))
      }
      return bytes
    },
    decode(bytes) {
      let text = ''
      for (let i = 0; i < bytes.length; ) {
        const b = bytes[i++]
        const size = b < 0x80 ? 0 : b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3
        let c = size === 0 ? b : b & (0x3f >> size)
        for (let n = 0; n < size; n++) c = (c << 6) | (bytes[i++] & 63)
        text += String.fromCodePoint(c)
      }
      return text
    },
  }
  const B64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  class Buffer extends Uint8Array {
    static from(value, encoding) {
      if (typeof value !== 'string') return new Buffer(value)
      if (encoding === 'hex')
        return new Buffer((value.match(/../g) || []).map((pair) => Number.parseInt(pair, 16)))
      if (encoding === 'latin1' || encoding === 'binary' || encoding === 'ascii')
        return new Buffer([...value].map((char) => char.charCodeAt(0)))
      if (encoding === 'base64' || encoding === 'base64url') {
        const bytes = []
        let bits = 0
        let held = 0
        for (const char of value.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '')) {
          held = (held << 6) | B64.indexOf(char)
          bits += 6
          if (bits < 8) continue
          bits -= 8
          bytes.push((held >> bits) & 255)
        }
        return new Buffer(bytes)
      }
      return new Buffer(utf8.encode(value))
    }
    static alloc(size, fill = 0) {
      const made = new Buffer(size)
      made.fill(typeof fill === 'string' ? fill.charCodeAt(0) : fill)
      return made
    }
    static allocUnsafe(size) {
      return Buffer.alloc(size)
    }
    static isBuffer(value) {
      return value instanceof Buffer
    }
    static byteLength(text) {
      return typeof text === 'string' ? utf8.encode(text).length : text.length
    }
    static concat(list) {
      const made = new Buffer(list.reduce((sum, item) => sum + item.length, 0))
      let at = 0
      for (const item of list) {
        made.set(item, at)
        at += item.length
      }
      return made
    }
    toString(encoding) {
      if (encoding === 'hex') return [...this].map((byte) => byte.toString(16).padStart(2, '0')).join('')
      if (encoding === 'latin1' || encoding === 'binary' || encoding === 'ascii')
        return [...this].map((byte) => String.fromCharCode(byte)).join('')
      if (encoding === 'base64' || encoding === 'base64url') {
        let text = ''
        for (let i = 0; i < this.length; i += 3) {
          const bits = (this[i] << 16) | ((this[i + 1] || 0) << 8) | (this[i + 2] || 0)
          text +=
            B64[bits >> 18] +
            B64[(bits >> 12) & 63] +
            (i + 1 < this.length ? B64[(bits >> 6) & 63] : '=') +
            (i + 2 < this.length ? B64[bits & 63] : '=')
        }
        return encoding === 'base64' ? text : text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
      }
      return utf8.decode(this)
    }
    toJSON() {
      return { type: 'Buffer', data: [...this] }
    }
    equals(other) {
      return this.length === other.length && this.every((byte, i) => byte === other[i])
    }
  }
  globalThis.Buffer = Buffer
  globalThis.TextEncoder = class {
    encode(text) {
      return new Uint8Array(utf8.encode(text))
    }
  }
  globalThis.TextDecoder = class {
    decode(bytes) {
      return utf8.decode(new Uint8Array(bytes))
    }
  }
  const wire = (value) =>
    value instanceof Uint8Array
      ? Buffer.prototype.toString.call(value, 'latin1')
      : Buffer.from(String(value)).toString('latin1')

  // --- timers
  const timers = new Map()
  let nextId = 1
  const timer =
    (repeat) =>
    (work, ms = 0, ...args) => {
      const id = nextId++
      const handle = {
        id,
        ref: () => handle,
        unref: () => {
          send('unref', id)
          return handle
        },
        hasRef: () => true,
        [Symbol.toPrimitive]: () => id,
      }
      timers.set(id, { work: () => work(...args), ms: Math.max(1, Number(ms) || 1), repeat })
      send('timer', id, Math.max(1, Number(ms) || 1))
      return handle
    }
  const clear = (handle) => {
    const id = typeof handle === 'object' && handle !== null ? handle.id : handle
    if (timers.delete(id)) send('clearTimer', id)
  }
  Object.assign(globalThis, {
    setTimeout: timer(false),
    setInterval: timer(true),
    setImmediate: (work, ...args) => globalThis.setTimeout(work, 1, ...args),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  })
  globalThis.queueMicrotask = (work) => void Promise.resolve().then(work)
  globalThis.structuredClone = (value) => JSON.parse(JSON.stringify(value))

  // --- events
  class EventEmitter {
    on(name, work) {
      this._events ??= {}
      this._events[name] ??= []
      this._events[name].push(work)
      return this
    }
    addListener(name, work) {
      return this.on(name, work)
    }
    once(name, work) {
      const wrapped = (...args) => {
        this.off(name, wrapped)
        work.apply(this, args)
      }
      wrapped.listener = work
      return this.on(name, wrapped)
    }
    off(name, work) {
      if (this._events?.[name])
        this._events[name] = this._events[name].filter((item) => item !== work && item.listener !== work)
      return this
    }
    removeListener(name, work) {
      return this.off(name, work)
    }
    removeAllListeners(name) {
      if (name) delete this._events?.[name]
      else this._events = {}
      return this
    }
    listenerCount(name) {
      return this._events?.[name]?.length ?? 0
    }
    emit(name, ...args) {
      const list = this._events?.[name] ?? []
      if (name === 'error' && list.length === 0) throw args[0]
      for (const work of [...list]) work.apply(this, args)
      return list.length > 0
    }
  }
  EventEmitter.EventEmitter = EventEmitter

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
    arch: 'x64',
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

  // --- path, url, querystring
  const normal = (text) => {
    const abs = text.startsWith('/')
    const parts = []
    for (const part of text.split('/')) {
      if (part === '' || part === '.') continue
      if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
      else if (part !== '..' || !abs) parts.push(part)
    }
    return (abs ? '/' : '') + parts.join('/') || (abs ? '/' : '.')
  }
  const path = {
    sep: '/',
    delimiter: ':',
    normalize: normal,
    isAbsolute: (text) => text.startsWith('/'),
    join: (...parts) => normal(parts.filter(Boolean).join('/')),
    resolve: (...parts) => {
      let at = ''
      for (const part of parts.reverse()) {
        at = at ? `${part}/${at}` : part
        if (part.startsWith('/')) break
      }
      return normal(at.startsWith('/') ? at : `${info.cwd}/${at}`)
    },
    dirname: (text) => {
      const at = text.replace(/\/+$/, '').lastIndexOf('/')
      return at === -1 ? '.' : text.slice(0, at) || '/'
    },
    basename: (text, ext = '') => {
      const base = text.replace(/\/+$/, '').split('/').pop()
      return ext && base.endsWith(ext) ? base.slice(0, -ext.length) : base
    },
    extname: (text) => {
      const base = text.split('/').pop()
      const at = base.lastIndexOf('.')
      return at > 0 ? base.slice(at) : ''
    },
    relative: (from, to) => {
      const a = path.resolve(from).split('/')
      const b = path.resolve(to).split('/')
      while (a.length && a[0] === b[0]) {
        a.shift()
        b.shift()
      }
      return [...a.map(() => '..'), ...b].join('/')
    },
  }
  path.parse = (text) => ({
    root: text.startsWith('/') ? '/' : '',
    dir: path.dirname(text),
    base: path.basename(text),
    ext: path.extname(text),
    name: path.basename(text, path.extname(text)),
  })
  path.posix = path
  const unescapeQuery = (text) => decodeURIComponent(text.replace(/\+/g, ' '))
  class URLSearchParams {
    constructor(init = '') {
      this.list =
        typeof init === 'string'
          ? init
              .replace(/^\?/, '')
              .split('&')
              .filter(Boolean)
              .map((pair) => {
                const [k, ...v] = pair.split('=')
                return [unescapeQuery(k), unescapeQuery(v.join('='))]
              })
          : Object.entries(init).map(([k, v]) => [k, String(v)])
    }
    get(name) {
      return this.list.find(([k]) => k === name)?.[1] ?? null
    }
    getAll(name) {
      return this.list.filter(([k]) => k === name).map(([, v]) => v)
    }
    has(name) {
      return this.list.some(([k]) => k === name)
    }
    set(name, value) {
      this.list = this.list.filter(([k]) => k !== name)
      this.list.push([name, String(value)])
    }
    append(name, value) {
      this.list.push([name, String(value)])
    }
    entries() {
      return this.list[Symbol.iterator]()
    }
    [Symbol.iterator]() {
      return this.entries()
    }
    forEach(work) {
      for (const [k, v] of this.list) work(v, k)
    }
    toString() {
      return this.list.map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join('&')
    }
  }
  class URL {
    constructor(text, base) {
      let match = /^([a-z][\w+.-]*:)\/\/(?:([^@/]*)@)?([^:/?#]*)(?::(\d+))?([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(
        text,
      )
      if (!match && base) {
        const b = new URL(String(base))
        match = /^([a-z][\w+.-]*:)\/\/(?:([^@/]*)@)?([^:/?#]*)(?::(\d+))?([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(
          `${b.origin}${text.startsWith('/') ? text : path.resolve(path.dirname(b.pathname), text)}`,
        )
      }
      if (!match) throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: text })
      const [, protocol, , hostname, port = '', pathname, search = '', hash = ''] = match
      Object.assign(this, {
        protocol,
        hostname,
        port,
        pathname: pathname || '/',
        search,
        hash,
        host: hostname + (port ? `:${port}` : ''),
        searchParams: new URLSearchParams(search),
      })
      this.origin = `${protocol}//${this.host}`
      this.href = `${this.origin}${this.pathname}${search}${hash}`
    }
    toString() {
      return this.href
    }
    toJSON() {
      return this.href
    }
  }
  Object.assign(globalThis, { URL, URLSearchParams })
  const querystring = {
    parse: (text) => Object.fromEntries(new URLSearchParams(text).list),
    stringify: (value) => new URLSearchParams(value).toString(),
  }
  const url = {
    URL,
    URLSearchParams,
    parse: (text, query) => {
      const [pathname, search = ''] = text.replace(/^[a-z]+:\/\/[^/]*/i, '').split(/(?=\?)/)
      return {
        pathname,
        search,
        query: query ? querystring.parse(search) : search.slice(1),
        path: pathname + search,
        href: text,
      }
    },
    fileURLToPath: (value) => String(value).replace(/^file:\/\//, ''),
    pathToFileURL: (value) => new URL(`file://${value}`),
  }

  // --- fs
  const bytesOf = (latin1) => Buffer.from(latin1, 'latin1')
  const decoded = (bytes, options) => {
    const encoding = typeof options === 'string' ? options : options?.encoding
    return encoding ? bytes.toString(encoding) : bytes
  }
  const statOf = (found) => ({
    size: found.size,
    mode: found.mode,
    mtime: new Date(found.mtime),
    mtimeMs: found.mtime,
    isFile: () => found.kind === 'file',
    isDirectory: () => found.kind === 'directory',
    isSymbolicLink: () => false,
  })
  const full = (name) => path.resolve(typeof name === 'string' ? name : url.fileURLToPath(name))
  const fs = {
    readFileSync: (name, options) => decoded(bytesOf(sync('readFile', full(name))), options),
    writeFileSync: (name, data) => void sync('writeFile', full(name), wire(data), false),
    appendFileSync: (name, data) => void sync('writeFile', full(name), wire(data), true),
    existsSync: (name) => sync('exists', full(name)),
    statSync: (name) => statOf(sync('stat', full(name))),
    lstatSync: (name) => statOf(sync('stat', full(name))),
    readdirSync: (name) => sync('readdir', full(name)),
    mkdirSync: (name, options) => void sync('mkdir', full(name), Boolean(options?.recursive)),
    unlinkSync: (name) => void sync('remove', full(name), false),
    rmSync: (name, options) => {
      if (options?.force && !sync('exists', full(name))) return
      sync('remove', full(name), Boolean(options?.recursive))
    },
    accessSync: (name) => void sync('stat', full(name)),
    constants: { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 },
  }
  fs.promises = {}
  for (const name of Object.keys(fs).filter((key) => key.endsWith('Sync'))) {
    const plain = name.slice(0, -4)
    fs.promises[plain] = async (...args) => fs[name](...args)
    fs[plain] = (...args) => {
      const done = args.pop()
      fs.promises[plain](...args).then(
        (value) => (plain === 'exists' ? done(value) : done(null, value)),
        (error) => done(error),
      )
    }
  }
  fs.createReadStream = (name) => {
    const stream = new EventEmitter()
    stream.pipe = (target) => {
      stream.piped = target
      return target
    }
    globalThis.setTimeout(() => {
      try {
        const data = fs.readFileSync(name)
        stream.emit('open')
        if (stream.piped) stream.piped.end(data)
        else {
          stream.emit('data', data)
          stream.emit('end')
        }
      } catch (error) {
        stream.emit('error', error)
      }
    }, 1)
    return stream
  }

  // --- http
  const servers = new Map()
  const waiting = new Map()
  const STATUS_CODES = {
    200: 'OK',
    201: 'Created',
    202: 'Accepted',
    204: 'No Content',
    301: 'Moved Permanently',
    302: 'Found',
    304: 'Not Modified',
    400: 'Bad Request',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'Not Found',
    405: 'Method Not Allowed',
    409: 'Conflict',
    413: 'Payload Too Large',
    422: 'Unprocessable Entity',
    429: 'Too Many Requests',
    500: 'Internal Server Error',
    501: 'Not Implemented',
    502: 'Bad Gateway',
    503: 'Service Unavailable',
    504: 'Gateway Timeout',
  }
  class IncomingMessage extends EventEmitter {
    constructor(fields) {
      super()
      Object.assign(this, fields)
      this.socket = { remoteAddress: fields.remoteAddress, remotePort: 40000, destroy() {} }
      this.connection = this.socket
      this.httpVersion = '1.1'
      this.complete = true
    }
    setEncoding(encoding) {
      this.encoding = encoding
      return this
    }
    on(name, work) {
      super.on(name, work)
      if ((name === 'data' || name === 'end') && !this.flowing) {
        this.flowing = true
        Promise.resolve().then(() => {
          if (this.body.length > 0) this.emit('data', this.encoding ? this.body.toString() : this.body)
          this.emit('end')
        })
      }
      return this
    }
    resume() {
      return this.on('end', () => {})
    }
    pipe(target) {
      target.end(this.body)
      return target
    }
    async *[Symbol.asyncIterator]() {
      if (this.body.length > 0) yield this.body
    }
  }
  class ServerResponse extends EventEmitter {
    constructor(id, req) {
      super()
      this.id = id
      this.req = req
      this.statusCode = 200
      this.headers = {}
      this.chunks = []
      this.headersSent = false
      this.writableEnded = false
      this.finished = false
      this.locals = {}
    }
    setHeader(name, value) {
      this.headers[name.toLowerCase()] = [name, value]
      return this
    }
    getHeader(name) {
      return this.headers[name.toLowerCase()]?.[1]
    }
    hasHeader(name) {
      return name.toLowerCase() in this.headers
    }
    removeHeader(name) {
      delete this.headers[name.toLowerCase()]
    }
    writeHead(status, message, headers) {
      this.statusCode = status
      for (const [name, value] of Object.entries((typeof message === 'object' ? message : headers) ?? {}))
        this.setHeader(name, value)
      this.headersSent = true
      return this
    }
    write(chunk) {
      this.headersSent = true
      send('respond', this.id, this.statusCode, Object.values(this.headers), wire(chunk), false)
      return true
    }
    end(chunk, _encoding, done) {
      if (this.writableEnded) return this
      this.headersSent = true
      this.writableEnded = true
      this.finished = true
      send(
        'respond',
        this.id,
        this.statusCode,
        Object.values(this.headers),
        chunk === undefined || typeof chunk === 'function' ? '' : wire(chunk),
        true,
      )
      ;(typeof chunk === 'function' ? chunk : done)?.()
      this.emit('finish')
      this.emit('close')
      return this
    }
    flushHeaders() {}
  }
  class Server extends EventEmitter {
    constructor(work) {
      super()
      if (work) this.on('request', work)
      this.id = nextId++
    }
    listen(...args) {
      const done = args.find((item) => typeof item === 'function')
      const port = Number(typeof args[0] === 'object' && args[0] !== null ? args[0].port : args[0]) || 0
      const result = call('listen', this.id, port)
      if (result.error) {
        const error = Object.assign(new Error(result.error.message), result.error)
        Promise.resolve()
          .then(() => this.emit('error', error))
          .catch(fail)
        return this
      }
      this.port = result.value
      this.listening = true
      servers.set(this.id, this)
      if (done) this.once('listening', done)
      Promise.resolve()
        .then(() => this.emit('listening'))
        .catch(fail)
      return this
    }
    address() {
      return { address: '::', family: 'IPv6', port: this.port }
    }
    close(done) {
      servers.delete(this.id)
      send('close', this.id)
      if (done) Promise.resolve().then(() => done())
      this.emit('close')
      return this
    }
    closeAllConnections() {}
    closeIdleConnections() {}
    setTimeout() {
      return this
    }
  }
  const request = (target, options, done) => {
    if (typeof options === 'function') {
      done = options
      options = {}
    }
    const given =
      typeof target === 'object' && !(target instanceof URL)
        ? target
        : { ...options, ...urlParts(new URL(String(target))) }
    const outgoing = new EventEmitter()
    const chunks = []
    outgoing.setHeader = (name, value) => {
      given.headers = { ...given.headers, [name]: value }
    }
    outgoing.setTimeout = () => outgoing
    outgoing.destroy = () => outgoing
    outgoing.write = (chunk) => {
      chunks.push(wire(chunk))
      return true
    }
    outgoing.end = (chunk) => {
      if (chunk !== undefined) chunks.push(wire(chunk))
      const id = nextId++
      waiting.set(id, (answered) => {
        if (answered.error)
          return outgoing.emit('error', Object.assign(new Error(answered.error.message), answered.error))
        const message = new IncomingMessage({
          statusCode: answered.status,
          statusMessage: STATUS_CODES[answered.status] ?? '',
          headers: answered.headers,
          body: bytesOf(answered.body),
        })
        done?.(message)
        outgoing.emit('response', message)
      })
      send(
        'fetch',
        id,
        given.method ?? 'GET',
        `${given.protocol ?? 'http:'}//${given.hostname ?? given.host ?? 'localhost'}${given.port ? `:${given.port}` : ''}${given.path ?? '/'}`,
        given.headers ?? {},
        chunks.join(''),
      )
      return outgoing
    }
    return outgoing
  }
  const urlParts = ({ protocol, hostname, port, pathname, search }) => ({
    protocol,
    hostname,
    port,
    path: pathname + search,
  })
  const http = {
    createServer: (options, work) => new Server(typeof options === 'function' ? options : work),
    Server,
    IncomingMessage,
    ServerResponse,
    STATUS_CODES,
    METHODS: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'],
    request,
    get: (...args) => request(...args).end(),
    Agent: class {},
    globalAgent: {},
  }
  globalThis.fetch = (target, options = {}) =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        String(target),
        { method: options.method, headers: options.headers },
        (message) => {
          const text = message.body.toString()
          resolve({
            status: message.statusCode,
            ok: message.statusCode < 300,
            statusText: message.statusMessage,
            headers: { get: (name) => message.headers[name.toLowerCase()] ?? null },
            text: async () => text,
            json: async () => JSON.parse(text),
          })
        },
      )
      outgoing.on('error', (error) => reject(Object.assign(new TypeError('fetch failed'), { cause: error })))
      outgoing.end(options.body)
    })

  // --- modules
  const os = {
    hostname: () => info.hostname,
    platform: () => 'linux',
    type: () => 'Linux',
    release: () => info.kernel,
    arch: () => 'x64',
    cpus: () =>
      Array.from({ length: info.cpus }, () => ({ model: 'Intel(R) Xeon(R) Platinum', speed: 2500 })),
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
      if (REFUSED.includes(plain))
        throw new Error(`drydock: the module ${name} is not simulated in containers`)
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
})(globalThis.__host)
