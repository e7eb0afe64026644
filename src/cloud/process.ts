// The cloud process: `node src/cloud/process.ts '<CloudSettings as JSON>'`. Its parent learns over IPC that it is ready, and takes it along when it ends.
import { enableCompileCache, flushCompileCache } from 'node:module'
import type { CloudSettings } from './serving.ts'
import { COMPILE_CACHE } from './generated.ts'

// What is imported from here on is cached.
enableCompileCache(COMPILE_CACHE)
const { Cloud } = await import('./cloud.ts')

const settings = JSON.parse(process.argv[2]!) as CloudSettings
const cloud = await Cloud.start({
  ...settings,
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
