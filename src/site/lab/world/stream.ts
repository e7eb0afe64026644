import type { PictureChange } from '#server/api.ts'
import { Backoff } from '../backoff.ts'
import { viewed } from '../store.ts'
import { showChange } from './model.ts'

export const worldPath = () => `${viewed.peek()}/world`

/** Follows the picture while it is looked at; a hidden tab holds no connection. Gives what ends it. */
export function followWorld(): () => void {
  let source: EventSource | undefined
  const retry = new Backoff(connect)

  function connect() {
    source?.close()
    if (document.hidden) return
    source = new EventSource(worldPath())
    source.onmessage = ({ data }) => {
      retry.reset()
      showChange(JSON.parse(data) as PictureChange)
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
