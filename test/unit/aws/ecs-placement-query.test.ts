import { describe, expect, it } from 'vitest'
import { compileQuery, QueryError, type Subject } from '../../../src/aws/ecs/placement-query.ts'

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html
const subject = {
  instance: {
    id: 'a',
    machineId: 'i-1',
    agentConnected: true,
    registeredAt: Date.parse('2026-11-28T08:00:00Z'),
    attributes: [
      { name: 'ecs.instance-type', value: 't3.small' },
      { name: 'ecs.availability-zone', value: 'us-east-1a' },
      { name: 'stack', value: 'prod' },
      { name: 'gpu' },
    ],
  },
  tasks: [
    { group: 'service:web', lastStatus: 'RUNNING' },
    { group: 'family:job', lastStatus: 'PENDING' },
  ],
} as unknown as Subject

describe('the cluster query language', () => {
  it.each<[string, boolean]>([
    ['attribute:ecs.instance-type == t3.small', true],
    ['attribute:ecs.instance-type != t3.small', false],
    ['attribute:ecs.instance-type =~ t3.*', true],
    ['attribute:ecs.instance-type =~ m5.*', false],
    ['attribute:ecs.instance-type !~ m5.*', true],
    ['attribute:ecs.availability-zone in [us-east-1a, us-east-1b]', true],
    ['attribute:ecs.availability-zone not_in [us-east-1a]', false],
    ['attribute:gpu exists', true],
    ['attribute:none exists', false],
    ['attribute:none !exists', true],
    ['attribute:none not_exists', true],
    ['not(attribute:stack == prod)', false],
    ['attribute:stack == prod and attribute:ecs.instance-type == m5.large', false],
    [
      'attribute:stack == prod && (attribute:ecs.instance-type == m5.large || task:group == service:web)',
      true,
    ],
    ['task:group != service:web', false],
    ['task:group == service:none', false],
    ['runningTasksCount == 1', true],
    ['runningTasksCount > 1', false],
    ['agentConnected == true', true],
    ['ec2InstanceId in ["i-1", \'i-2\']', true],
  ])('%s is %s', (text, expected) => {
    expect(compileQuery(text)(subject)).toBe(expected)
  })

  it.each(['nonsense', 'attribute:a ==', 'attribute:a == b c', '(attribute:a exists', 'unknown == 1'])(
    '%s is no expression',
    (text) => {
      expect(() => compileQuery(text)(subject)).toThrow(QueryError)
    },
  )
})
