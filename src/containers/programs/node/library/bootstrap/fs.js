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
