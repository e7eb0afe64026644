// The cloud process: `node src/cloud/process.ts <data folder> [host-loopback]`. Its parent learns over IPC that it is ready, and takes it along when it ends.
import { enableCompileCache, flushCompileCache } from 'node:module'
import { COMPILE_CACHE } from './generated.ts'

// What is imported from here on is cached.
enableCompileCache(COMPILE_CACHE)
const { Cloud } = await import('./cloud.ts')

const directory = process.argv[2]
if (!directory) throw new Error('usage: node src/cloud/process.ts <data folder> [host-loopback]')

const cloud = await Cloud.start({
  directory,
  hostLoopback: process.argv[3] === 'host-loopback',
  log: (message) => console.error(message),
})
let closing = false
const end = async () => {
  if (closing) return
  closing = true
  await cloud.close()
  process.exit(0)
}
process.on('disconnect', end)
process.on('SIGTERM', end)
process.on('SIGINT', () => {
  // Ctrl-C reaches the whole foreground group; the parent decides when to stop.
  if (!process.connected) void end()
})
process.send?.({ ready: true })
flushCompileCache()
