import type { CloudClient, TimelineCall, WorldInfo } from '#cloud/api.ts'

/** How long (ms) calls are gathered before they are told: one `kubectl apply` makes many. */
const GATHER = 200

/** Tells of a world's calls until closed: of all that are known at once, and then of each that is new, newest first. */
export function followTimeline(
  cloud: CloudClient,
  world: WorldInfo,
  listener: (calls: TimelineCall[]) => void,
  onError: (error: unknown) => void,
): { close(): void } {
  let last = -1
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const tell = async () => {
    timer = undefined
    const fresh = (await cloud.timeline(world.id)).filter(({ number }) => number > last)
    if (closed || (fresh.length === 0 && last >= 0)) return
    last = fresh[0]?.number ?? 0
    listener(fresh)
  }
  const soon = () => {
    timer ??= setTimeout(() => void tell().catch(onError), GATHER)
  }
  const prefixes = ['calls/', `cloudtrail/${world.accountId}/writes/`]
  const watch = cloud.watch(world.id, { prefixes }, soon)
  void tell().catch(onError)
  return {
    close() {
      closed = true
      clearTimeout(timer)
      watch.close()
    },
  }
}
