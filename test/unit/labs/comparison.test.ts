import { expect, it } from 'vitest'
import { differences, type RecordedCall, type RecordedObject, sideOf } from '#labs/comparison.ts'

const call = (eventName: string, more: Partial<RecordedCall> = {}): RecordedCall => ({
  eventTime: '2026-11-28T10:00:00Z',
  eventSource: 'ecs.amazonaws.com',
  eventName,
  readOnly: false,
  ...more,
})
const object = (kind: string, owner?: string): RecordedObject => ({
  kind,
  metadata: {
    name: kind.toLowerCase(),
    creationTimestamp: '2026-11-28T10:01:30Z',
    ...(owner && { ownerReferences: [{ kind: owner }] }),
  },
})

const ecs = sideOf({
  calls: [
    call('RegisterTaskDefinition'),
    call('CreateService'),
    call('CreateNetworkInterface', {
      eventSource: 'ec2.amazonaws.com',
      userIdentity: { invokedBy: 'ecs.amazonaws.com' },
    }),
    call('CreateService', { errorCode: 'AccessDeniedException' }),
    call('DescribeServices', { readOnly: true }),
  ],
  objects: [],
})
const eks = sideOf({
  calls: [call('CreateCluster', { eventSource: 'eks.amazonaws.com' })],
  objects: [
    object('Deployment'),
    object('ReplicaSet', 'Deployment'),
    object('Pod', 'ReplicaSet'),
    object('Pod', 'ReplicaSet'),
  ],
})

it('counts the changes that the learner made, not what was read, refused, or done by a service', () => {
  expect(ecs.commands).toEqual({ 'ecs RegisterTaskDefinition': 1, 'ecs CreateService': 1 })
  expect(ecs.permissions).toEqual(['ecs:CreateService', 'ecs:RegisterTaskDefinition'])
  expect(ecs.managed).toEqual({ ecs: 1 })
})

it('tells what the learner made from what controllers made of it, and how long all took', () => {
  expect(eks.objects).toEqual({ yours: { Deployment: 1 }, theirs: { ReplicaSet: 1, Pod: 2 } })
  expect(eks.seconds).toBe(90)
})

it('shows only what differs', () => {
  expect(differences(eks, eks)).toEqual([])
  expect(differences(ecs, eks)).toContainEqual({ aspect: 'theirs', what: 'Pod', left: 0, right: 2 })
  expect(differences(ecs, eks)).toContainEqual({
    aspect: 'commands',
    what: 'ecs CreateService',
    left: 1,
    right: 0,
  })
})
