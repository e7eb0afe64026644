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
