// A process of the cloud: `node src/cloud/process.ts '<settings as JSON>'`: all of it, its gate (`processes`), or one behind that (`member`).
// Its parent learns over IPC that it is ready, and takes it along when it ends.
import { enableCompileCache, flushCompileCache } from 'node:module'
import { growHeapInProportion } from '#world/heap.ts'
import type { BlobsRemoved, MemberSettings } from './gate/member.ts'
import { COMPILE_CACHE } from './generated.ts'
import type { CloudSettings } from './serving.ts'

// What is imported from here on is cached.
enableCompileCache(COMPILE_CACHE)
growHeapInProportion()

const settings = JSON.parse(process.argv[2]!) as CloudSettings & {
  processes?: number
  member?: MemberSettings['member']
}
const log = (message: string) => console.error(message)
let closing = false
let close = async () => {}

const end = async () => {
  if (closing) return
  closing = true
  await close()
  process.exit(0)
}
process.on('SIGTERM', end)
process.on('SIGINT', () => {
  // Ctrl-C reaches the whole foreground group; the parent decides when to stop.
  if (!process.connected) void end()
})
// Nobody is left who needs it, but perhaps already a successor who waits for the lock. What was acknowledged is on disk.
process.on('disconnect', () => process.exit(0))

const { member, processes = 1 } = settings
if (member) {
  const { Member } = await import('./gate/member.ts')
  const started = await Member.start({ ...settings, member }, log)
  close = () => started.close()
  process.on('message', (message: BlobsRemoved) => started.removed(message))
  process.send?.({ ready: true })
  started.report((message) => process.send?.(message))
} else if (processes > 1) {
  const { Gate } = await import('./gate/gate.ts')
  const gate = await Gate.start({ ...settings, processes, log })
  close = () => gate.close()
  process.send?.({ ready: true })
} else {
  const { Cloud } = await import('./cloud.ts')
  const cloud = await Cloud.start({ ...settings, log })
  close = () => cloud.close()
  process.send?.({ ready: true })
}
flushCompileCache()
