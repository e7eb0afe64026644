import { describe, expect, it } from 'vitest'
import { EtcdData } from '#kubernetes/machines/etcd/data.ts'
import { Clock } from '#world/clock.ts'
import { World } from '#world/world.ts'

describe('the data of an etcd', () => {
  it('takes no new key where the world may hold no more', () => {
    const data = new EtcdData(new World({ id: 'test', clock: new Clock(), quotas: { objects: 1 } }), 'a')
    data.put('colour', 'red')
    expect(() => data.put('shape', 'round')).toThrow('etcdserver: mvcc: database space exceeded')
    data.put('colour', 'blue')
    data.delete('colour')
    data.put('shape', 'round')
    expect(data.range('', '\0').map(({ key, value }) => [key, value])).toEqual([['shape', 'round']])
  })
})
