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
