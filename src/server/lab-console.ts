import type { ConsolePlace } from '#cloud/api.ts'
import type { LabConsoleEvent } from './api.ts'
import type { ServerCloud } from './cloud.ts'
import type { LabSession } from './lab-session.ts'

/** Follows what the console of a lab's account shows, over starts and resets of the lab, until closed. */
export function followLabConsole(
  session: LabSession,
  cloud: ServerCloud,
  place: ConsolePlace,
  listener: (event: LabConsoleEvent) => void,
  onError: (error: unknown) => void,
): { close(): void } {
  /** The world's id; `null` when there is none. */
  let world: string | null | undefined
  let following: { close(): void } | undefined
  let closed = false
  const follow = async (id: string | null) => {
    following?.close()
    following = undefined
    if (id === null) return listener({ type: 'absent' })
    const client = await cloud.client
    if (closed || world !== id) return
    const started = client.followConsole(id, place, listener)
    following = started
    await started.ended
    // The lab is being started over; its next state tells of the new world, which may have the same name.
    if (following === started) world = undefined
  }
  const subscription = session.subscribe((event) => {
    if (event.type === 'cloud') listener(event)
    // While the cloud is away nobody knows of the world.
    if (event.type !== 'state' || cloud.status !== 'up') return
    const now = event.state.world?.id ?? null
    if (now === world) return
    world = now
    follow(now).catch(onError)
  })
  return {
    close() {
      closed = true
      subscription.close()
      following?.close()
    },
  }
}
