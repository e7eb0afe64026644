import type { PictureChange, TimelineCall } from '#server/api.ts'
import { Backoff } from '../backoff.ts'
import { viewed } from '../store.ts'
import { showCalls, showChange } from './model.ts'

export const worldPath = () => `${viewed.peek()}/world`

/** Follows the picture while it is looked at. Gives what ends it. */
export const followWorld = () => follow<PictureChange>(worldPath, showChange)

/** Follows the calls while they are looked at. Gives what ends it. */
export const followCalls = () => follow<TimelineCall[]>(() => `${viewed.peek()}/timeline/events`, showCalls)

/** Follows server-sent events; a hidden tab holds no connection, a lost one is made again. `first` begins anew each time. */
function follow<T>(path: () => string, show: (event: T, first: boolean) => void): () => void {
  let source: EventSource | undefined
  const retry = new Backoff(connect)

  function connect() {
    source?.close()
    if (document.hidden) return
    let first = true
    source = new EventSource(path())
    source.onmessage = ({ data }) => {
      retry.reset()
      show(JSON.parse(data) as T, first)
      first = false
    }
    source.onerror = () => {
      source?.close()
      retry.later()
    }
  }

  const looked = () => (document.hidden ? source?.close() : connect())
  document.addEventListener('visibilitychange', looked)
  connect()
  return () => {
    document.removeEventListener('visibilitychange', looked)
    retry.close()
    source?.close()
  }
}
