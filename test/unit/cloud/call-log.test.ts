import { expect, it } from 'vitest'
import { CALLS, CallLog, type LoggedCall } from '#cloud/call-log.ts'
import { World } from '#world/world.ts'

it('keeps calls of the Docker Engine by the names that were meant, however they are escaped', () => {
  const world = new World({ id: 'test' })
  const log = new CallLog(world)
  const call = (method: string, path: string, query = '') =>
    log.docker({ method, path, query: new URLSearchParams(query) })
  call('POST', '/containers/create', 'name=web')
  call('POST', '/containers/my%20web/start')
  call('DELETE', '/images/a%E0%A4%A')
  call('POST', '/build', 't=100%25')
  call('POST', '/images/create', 'fromImage=nginx&tag=1.28')
  call('GET', '/containers/web/json')
  expect(
    world.store.values<LoggedCall>(CALLS).map(({ operation, target }) => `${operation} ${target}`),
  ).toEqual([
    'container create web',
    'container start my web',
    'image rm a%E0%A4%A',
    'image build 100%',
    'image pull nginx:1.28',
  ])
  world.close()
})
