import { expect, it } from 'vitest'
import { SaveOrder } from '#containers/engine/save-order.ts'

it('lets no save of a thing end after one that began later, and goes on after one that failed', async () => {
  const order = new SaveOrder()
  const done: string[] = []
  let release = () => {}
  const slow = order.next('data', async () => {
    await new Promise<void>((resolve) => {
      release = resolve
    })
    done.push('first')
    throw new Error('disk full')
  })
  const later = order.next('data', async () => void done.push('second'))
  await order.next('other', async () => void done.push('other'))
  expect(done).toEqual(['other'])
  release()
  await expect(slow).rejects.toThrow('disk full')
  await later
  expect(done).toEqual(['other', 'first', 'second'])
})
