import { describe, expect, it } from 'vitest'
import type { ConsoleResource, ConsoleType } from '#server/api.ts'
import { collectNames, collectReferrers, linked, relationsOf } from '#site/console/relations.ts'
import { address, parseRoute } from '#site/console/route.ts'
import { splitTags, tone } from '#site/console/values.ts'

const type = (id: string, more: Partial<ConsoleType> = {}): ConsoleType => ({
  id,
  title: id,
  one: id,
  columns: [],
  identities: [],
  names: {},
  ...more,
})
const subnets = type('vpc/subnets', { identities: ['SubnetId'] })
const groups = type('autoscaling/groups', { identities: ['AutoScalingGroupARN'] })
const nodegroups = type('eks/nodegroups', {
  parent: 'eks/clusters',
  names: { 'resources.autoScalingGroups.name': 'autoscaling/groups' },
})
const types = new Map([subnets, groups, nodegroups].map((one) => [one.id, one]))

const resource = (id: string, attributes: Record<string, unknown>): ConsoleResource => ({
  id,
  name: id,
  attributes,
  command: '',
})
const group = resource('g%2F1', { AutoScalingGroupName: 'g/1', VPCZoneIdentifier: 'subnet-1,subnet-2' })
const workers = resource('demo/workers', {
  subnets: ['subnet-1'],
  resources: { autoScalingGroups: [{ name: 'g/1' }] },
  // The same text elsewhere is no name of a group.
  labels: { pool: 'g/1' },
})
const inventory = new Map([
  [
    'vpc/subnets',
    new Map(['subnet-1', 'subnet-2'].map((id) => [id, resource(id, { SubnetId: id })] as const)),
  ],
  ['autoscaling/groups', new Map([[group.id, group]])],
  ['eks/nodegroups', new Map([[workers.id, workers]])],
])
const names = collectNames(types, inventory)

describe('the relations of the console', () => {
  it('link ids wherever they stand, and plain names only where the type says so', () => {
    expect(relationsOf(names, nodegroups, workers)).toEqual([
      { type: 'vpc/subnets', id: 'subnet-1', path: 'subnets' },
      { type: 'autoscaling/groups', id: 'g%2F1', path: 'resources.autoScalingGroups.name' },
    ])
  })

  it('take a list in one text apart', () => {
    expect(linked(names, groups, 'VPCZoneIdentifier', 'subnet-1,subnet-9')).toEqual([
      { text: 'subnet-1', place: { type: 'vpc/subnets', id: 'subnet-1' } },
      { text: 'subnet-9', place: undefined },
    ])
    expect(linked(names, groups, 'Cause', 'At noon, a user')).toEqual([{ text: 'At noon, a user' }])
  })

  it('lead back to who names a resource, and never to itself', () => {
    const referrers = collectReferrers(types, inventory, names)
    expect(referrers.get('vpc/subnets\0subnet-1')).toEqual([
      { type: 'autoscaling/groups', id: 'g%2F1', path: 'VPCZoneIdentifier' },
      { type: 'eks/nodegroups', id: 'demo/workers', path: 'subnets' },
    ])
    expect(referrers.get('eks/nodegroups\0demo/workers')).toBeUndefined()
  })
})

it('keeps a resource’s address as its id is', () => {
  const route = { type: 'eks/nodegroups', id: 'demo/a%2Fb' }
  expect(parseRoute(address(route))).toEqual(route)
  expect(parseRoute('#/')).toEqual({})
  expect(parseRoute('')).toEqual({})
})

it.each([
  { Tags: [{ Key: 'team', Value: 'web' }] },
  { tags: [{ key: 'team', value: 'web' }] },
  { tags: { team: 'web' } },
])('reads tags of each of AWS’s forms', (tagged) => {
  expect(splitTags({ name: 'x', ...tagged })).toEqual({
    tags: [{ key: 'team', value: 'web' }],
    others: { name: 'x' },
  })
})

it('colours states of all services alike', () => {
  expect(['ACTIVE', 'CREATE_COMPLETE', 'InService'].map(tone)).toEqual(['good', 'good', 'good'])
  expect(['UPDATE_IN_PROGRESS', 'pending', 'DRAINING'].map(tone)).toEqual(['wait', 'wait', 'wait'])
  expect(['ROLLBACK_COMPLETE', 'unhealthy', 'CREATE_FAILED'].map(tone)).toEqual(['bad', 'bad', 'bad'])
  expect(tone('nginx')).toBeUndefined()
})
