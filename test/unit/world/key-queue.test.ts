import { expect, it } from 'vitest'
import { KeyQueue } from '#world/key-queue.ts'

it('gives keys in the order in which they came, each once, also those that come after it was empty', () => {
  const queue = new KeyQueue()
  expect(queue.take()).toBeUndefined()
  for (const key of ['a', 'b', 'a']) queue.add(key)
  expect(queue.size).toBe(2)
  expect(queue.first()).toBe('a')
  queue.add('a')
  expect(queue.take()).toBe('a')
  queue.add('a')
  expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual(['b', 'a', undefined, undefined])
  queue.add('c')
  expect(queue.has('c')).toBe(true)
  queue.clear()
  expect([queue.size, queue.first()]).toEqual([0, undefined])
  queue.add('d')
  expect(queue.take()).toBe('d')
})
