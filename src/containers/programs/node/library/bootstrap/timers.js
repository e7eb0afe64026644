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
