import { performance } from 'node:perf_hooks'
import { afterEach, describe, expect, it } from 'vitest'
import { Clock } from '../../../src/world/clock.ts'
import type { Controller } from '../../../src/world/controller.ts'
import { World } from '../../../src/world/world.ts'

const worlds: World[] = []
afterEach(() => {
  for (const world of worlds.splice(0)) world.close()
})

function world(logged: unknown[] = []): World {
  const log = { error: (_: string, __: string, error: unknown) => void logged.push(error) }
  const made = new World({ id: 'w', clock: new Clock({ speed: 0 }), log })
  worlds.push(made)
  return made
}

/** Holds the event loop as an expensive reconcile does, ms. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Counts what is under a prefix, all of it at each event, and notes what it has counted. */
function census(of: World, costMs: number): Controller & { counted: number[] } {
  const counted: number[] = []
  return {
    name: 'census',
    sources: [{ prefix: 'item/', keys: () => ['all'] }],
    reconcile() {
      work(costMs)
      counted.push(of.store.count('item/'))
    },
    counted,
  }
}

/** Makes items one by one, each in a turn of its own. */
const maker = (of: World, count: number): Controller => ({
  name: 'maker',
  sources: [{ prefix: 'order/', keys: () => Array.from({ length: count }, (_, n) => String(n)) }],
  reconcile(key) {
    work(0.1)
    of.store.put(`item/${key}`, key)
  },
})

it('retries what was refused, and logs faults only', async () => {
  const logged: unknown[] = []
  const of = world(logged)
  const fault = new Error('a fault')
  const answers = [Object.assign(new Error('exceeded quota'), { refused: true }), fault]
  of.controllers.start({
    name: 'asker',
    sources: [{ prefix: 'item/', keys: ({ key }) => [key] }],
    reconcile() {
      const answer = answers.shift()
      if (answer) throw answer
      of.store.put('done', true)
    },
  })
  of.store.put('item/1', 1)
  await of.advance(1000)
  expect(of.store.get('done')?.value).toBe(true)
  expect(logged).toEqual([fault])
})

it('lets urgent controllers go before all others', async () => {
  const of = world()
  const order: string[] = []
  const noting = (name: string, urgent: boolean): Controller => ({
    name,
    urgent,
    sources: [{ prefix: `${name}/`, keys: ({ key }) => [key] }],
    reconcile: (key) => void order.push(key),
  })
  for (const name of ['slow', 'other']) of.controllers.start(noting(name, false))
  of.controllers.start(noting('urgent', true))
  of.store.commit(
    ['slow/1', 'slow/2', 'other/1', 'urgent/1', 'urgent/2', 'urgent/3'].map((key) => ({ key, value: true })),
  )
  await of.controllers.settled()
  expect(order.slice(0, 3)).toEqual(['urgent/1', 'urgent/2', 'urgent/3'])
  expect(order).toHaveLength(6)
})

describe('an expensive reconcile', () => {
  it('sees many events at once while others are at work, and the last one in any case', async () => {
    const of = world()
    const counting = census(of, 1)
    of.controllers.start(counting)
    of.controllers.start(maker(of, 300))
    of.store.put('order/1', true)
    await of.controllers.settled()
    expect(counting.counted.at(-1)).toBe(300)
    expect(counting.counted.length).toBeLessThan(100)
  })

  it('does not wait where nobody else has anything to do', async () => {
    const of = world()
    const counting = census(of, 5)
    of.controllers.start(counting)
    for (let n = 1; n <= 5; n++) {
      of.store.put(`item/${n}`, n)
      await of.controllers.settled()
    }
    expect(counting.counted).toEqual([1, 2, 3, 4, 5])
  })

  it('is forgotten when its controller stops', async () => {
    const of = world()
    const counting = census(of, 1)
    const running = of.controllers.start(counting)
    of.store.put('item/1', 1)
    await of.controllers.settled()
    of.store.put('item/2', 2)
    running.stop()
    await of.controllers.settled()
    expect(counting.counted).toEqual([1])
  })
})
