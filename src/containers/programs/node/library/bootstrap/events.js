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
