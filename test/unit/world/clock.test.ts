import { describe, expect, it } from 'vitest'
import { Clock, type HostTime } from '#world/clock.ts'
import { World } from '#world/world.ts'

/** A host whose time the test moves. */
function manualHost() {
  let now = 1_000_000
  const timers: { due: number; callback: () => void; cancelled: boolean }[] = []
  const host: HostTime = {
    now: () => now,
    setTimer: (delay, callback) => {
      const timer = { due: now + delay, callback, cancelled: false }
      timers.push(timer)
      return {
        cancel: () => {
          timer.cancelled = true
        },
      }
    },
  }
  const pass = (ms: number) => {
    now += ms
    for (const timer of timers.splice(0)) {
      if (timer.cancelled) continue
      if (timer.due <= now) timer.callback()
      else timers.push(timer)
    }
  }
  return { host, pass }
}

describe('Clock', () => {
  it('runs at its speed, pauses, and fires timers by virtual time', () => {
    const { host, pass } = manualHost()
    const clock = new Clock({ host, now: 0, speed: 10 })
    const fired: string[] = []
    clock.setTimer(1000, () => fired.push('b'))
    clock.setTimer(500, () => fired.push('a'))
    clock.setTimer(700, () => fired.push('never')).cancel()
    pass(50)
    expect(clock.now()).toBe(500)
    expect(fired).toEqual(['a'])
    clock.setSpeed(0)
    pass(10_000)
    expect(clock.now()).toBe(500)
    clock.setSpeed(1)
    pass(499)
    expect(fired).toEqual(['a'])
    pass(1)
    expect(fired).toEqual(['a', 'b'])
  })

  it('keeps many timers in order of time, then of making', () => {
    const clock = new Clock({ now: 0, speed: 0 })
    const fired: number[] = []
    for (let i = 0; i < 500; i++)
      clock.setTimer((i * 7919) % 100, () => fired.push(((i * 7919) % 100) * 1000 + i))
    clock.jumpTo(100)
    expect(fired).toEqual([...fired].sort((a, b) => a - b))
    expect(fired).toHaveLength(500)
  })

  it('ends a sleep early when aborted', async () => {
    const clock = new Clock({ now: 0, speed: 0 })
    const abort = new AbortController()
    const sleep = clock.sleep(1000, abort.signal)
    abort.abort(new Error('enough'))
    await expect(sleep).rejects.toThrow('enough')
  })
})

describe('World.advance', () => {
  it('lets controllers act at each timer on the way, as if time had passed', async () => {
    const world = new World({ id: 'w', clock: new Clock({ now: 0, speed: 0 }) })
    world.controllers.start({
      name: 'counter',
      sources: [{ prefix: 'count/', keys: (event) => [event.key] }],
      reconcile(key) {
        const value = world.store.get<{ n: number; at: number }>(key)!.value
        if (value.n >= 3) return
        if (world.clock.now() - value.at < 1000)
          return { requeueAfterMs: value.at + 1000 - world.clock.now() }
        world.store.put(key, { n: value.n + 1, at: world.clock.now() })
        return
      },
    })
    world.store.put('count/a', { n: 0, at: 0 })
    await world.advance(2500)
    expect(world.store.get('count/a')?.value).toEqual({ n: 2, at: 2000 })
    await world.advance(10_000)
    expect(world.store.get('count/a')?.value).toEqual({ n: 3, at: 3000 })
    world.close()
  })

  it('retries a failing reconcile with growing delays until it works', async () => {
    const attempts: number[] = []
    const world = new World({ id: 'w', clock: new Clock({ now: 0, speed: 0 }), log: { error() {} } })
    world.controllers.start({
      name: 'flaky',
      sources: [{ prefix: 'k', keys: () => ['k'] }],
      reconcile() {
        attempts.push(world.clock.now())
        if (attempts.length < 5) throw new Error('not yet')
      },
    })
    world.store.put('k', 1)
    await world.advance(60_000)
    expect(attempts).toEqual([0, 5, 15, 35, 75])
    world.close()
  })
})
