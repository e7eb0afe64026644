// A stand-in for express, for the simulation: routing, middleware, the answers that small services give.
const http = require('node:http')
const fs = require('node:fs')
const path = require('node:path')
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
}
const pattern = (text, whole) => {
  if (text instanceof RegExp) return { expression: text, keys: [] }
  const keys = []
  const source =
    text === '/' && !whole
      ? ''
      : text
          .replace(/\/$/, '')
          .replace(/[.+]/g, '\\$&')
          .replace(/\*\w*/g, '.*')
          .replace(/:(\w+)/g, (_, key) => {
            keys.push(key)
            return '([^/]+)'
          })
  return { expression: new RegExp(`^${source}${whole ? '/?$' : '(?=/|$)'}`), keys }
}
function createRouter() {
  const layers = []
  const router = (req, res, out) => {
    let index = 0
    const path0 = req.path
    const next = (error) => {
      const layer = layers[index++]
      if (!layer) return out(error)
      if (layer.method && layer.method !== req.method && !(layer.method === 'GET' && req.method === 'HEAD'))
        return next(error)
      const match = layer.expression.exec(path0)
      if (!match) return next(error)
      if ((layer.work.length === 4) !== Boolean(error)) return next(error)
      req.params = {
        ...req.params,
        ...Object.fromEntries(layer.keys.map((key, i) => [key, decodeURIComponent(match[i + 1])])),
      }
      req.path = layer.method ? path0 : path0.slice(match[0].length) || '/'
      try {
        const done = error ? layer.work(error, req, res, next) : layer.work(req, res, next)
        done?.catch?.(next)
      } catch (thrown) {
        next(thrown)
      }
    }
    next()
  }
  const add =
    (method, whole) =>
    (first, ...rest) => {
      const where = typeof first === 'function' ? '/' : first
      for (const work of (typeof first === 'function' ? [first, ...rest] : rest).flat())
        layers.push({ method, work, ...pattern(where, whole && typeof first !== 'function') })
      return router
    }
  router.use = add(undefined, false)
  for (const method of ['get', 'post', 'put', 'delete', 'patch', 'options', 'head'])
    router[method] = add(method.toUpperCase(), true)
  router.all = add(undefined, true)
  router.route = (where) => {
    const route = {}
    for (const method of ['get', 'post', 'put', 'delete', 'patch'])
      route[method] = (...work) => {
        router[method](where, ...work)
        return route
      }
    return route
  }
  return router
}
function decorate(req, res) {
  const [pathname, query = ''] = req.url.split('?')
  Object.assign(req, {
    path: decodeURI(pathname),
    originalUrl: req.url,
    query: require('node:querystring').parse(query),
    params: {},
    ip: req.socket.remoteAddress,
    hostname: (req.headers.host || '').split(':')[0],
    protocol: 'http',
    get: (name) => req.headers[name.toLowerCase()],
    header: (name) => req.headers[name.toLowerCase()],
  })
  res.set = (name, value) => {
    if (typeof name === 'object') for (const [k, v] of Object.entries(name)) res.setHeader(k, v)
    else res.setHeader(name, value)
    return res
  }
  res.header = res.set
  res.get = (name) => res.getHeader(name)
  res.type = (value) => res.set('Content-Type', TYPES[`.${value}`] ?? value)
  res.status = (code) => {
    res.statusCode = code
    return res
  }
  res.sendStatus = (code) => res.status(code).send(http.STATUS_CODES[code] ?? String(code))
  res.json = (value) => {
    if (!res.hasHeader('content-type')) res.set('Content-Type', 'application/json; charset=utf-8')
    return res.send(JSON.stringify(value))
  }
  res.send = (value) => {
    if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) return res.json(value)
    const body = Buffer.isBuffer(value) ? value : Buffer.from(value === undefined ? '' : String(value))
    if (!res.hasHeader('content-type'))
      res.set(
        'Content-Type',
        Buffer.isBuffer(value) ? 'application/octet-stream' : 'text/html; charset=utf-8',
      )
    res.set('Content-Length', body.length)
    res.end(req.method === 'HEAD' ? undefined : body)
    return res
  }
  res.redirect = (code, where) => {
    if (typeof code === 'string') [code, where] = [302, code]
    res.status(code).set('Location', where).send(`${http.STATUS_CODES[code]}. Redirecting to ${where}`)
  }
  res.sendFile = (name, options) => {
    const full = options?.root ? path.join(options.root, name) : name
    res.type(path.extname(full).slice(1))
    res.send(fs.readFileSync(full))
  }
  res.set('X-Powered-By', 'Express')
}
function express() {
  const router = createRouter()
  const app = (req, res) => {
    decorate(req, res)
    router(req, res, (error) => {
      if (res.headersSent) return
      if (error) {
        console.error(error.stack ? `${error}\n${error.stack.trimEnd()}` : error)
        return res
          .status(error.status ?? 500)
          .send(
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n<pre>Internal Server Error</pre>\n</body>\n</html>\n',
          )
      }
      res
        .status(404)
        .send(
          `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot ${req.method} ${req.path}</pre>\n</body>\n</html>\n`,
        )
    })
  }
  const settings = {}
  const get = router.get
  Object.assign(app, router, {
    locals: {},
    set: (name, value) => {
      settings[name] = value
      return app
    },
    enable: () => app,
    disable: () => app,
    listen: (...args) => http.createServer(app).listen(...args),
  })
  app.get = (name, ...rest) => {
    if (rest.length === 0 && typeof name === 'string') return settings[name]
    get(name, ...rest)
    return app
  }
  return app
}
const body = (read) => (req, _res, next) => {
  if (req.body0 !== undefined || req.rawBody) return next()
  const text = Buffer.isBuffer(req.body) ? req.body.toString() : ''
  req.rawBody = text
  try {
    req.body = read(text, req.headers['content-type'] ?? '', req.body)
  } catch (error) {
    error.status = 400
    return next(error)
  }
  next()
}
express.json = () =>
  body((text, type, held) =>
    /json/.test(type) && text ? JSON.parse(text) : Buffer.isBuffer(held) ? {} : held,
  )
express.urlencoded = () =>
  body((text, type, held) =>
    /urlencoded/.test(type) ? require('node:querystring').parse(text) : Buffer.isBuffer(held) ? {} : held,
  )
express.text = () => body((text) => text)
express.raw = () => body((_text, _type, held) => held)
express.Router = createRouter
express.static = (root) => (req, res, next) => {
  const file = path.join(root, req.path === '/' ? 'index.html' : req.path)
  if (!fs.existsSync(file) || !fs.statSync(file).isFile()) return next()
  res.sendFile(path.resolve(file))
}
module.exports = express
module.exports.default = express
