import { expect, it } from 'vitest'
import type { Part, TimelineCall } from '#cloud/api.ts'
import { compare, type Recorded } from '#labs/comparison.ts'

const part = (kind: Part['kind'], name: string): Part => ({
  id: `${kind}/${name}`,
  kind,
  name,
  state: 'good',
})
const call = (number: number, source: string, operation: string, more: Partial<TimelineCall> = {}) => ({
  ...{ number, at: number * 1000, source, operation, principal: 'arn:aws:iam::111122223333:user/learner' },
  ...more,
})
const ECS = [part('ecs-service', 'web'), part('ecs-task', '1'), part('ecs-task', '2')]
const EKS = [part('deployment', 'web'), part('pod', 'web-1'), part('pod', 'bare')]

/** A step on ECS, then one on EKS, then one that belongs to neither. */
const recorded: Recorded = {
  starts: [
    { step: 'on-ecs', revision: 10, parts: [part('eks-cluster', 'harbor')], perHour: { eks: 0.1 } },
    {
      ...{ step: 'on-eks', revision: 20, parts: [part('eks-cluster', 'harbor'), ...ECS] },
      perHour: { eks: 0.1, ecs: 0.5 },
    },
    {
      ...{ step: 'words', revision: 30, parts: [part('eks-cluster', 'harbor'), ...ECS, ...EKS] },
      perHour: { eks: 0.1, ecs: 0.5, elb: 0.25 },
    },
  ],
  now: [part('eks-cluster', 'harbor'), ...ECS, ...EKS, part('pod', 'later')],
  calls: [
    call(9, 'eks.amazonaws.com', 'CreateCluster'),
    call(11, 'ecs.amazonaws.com', 'RegisterTaskDefinition'),
    call(12, 'ecs.amazonaws.com', 'CreateService'),
    call(13, 'ec2.amazonaws.com', 'CreateNetworkInterface', { via: 'ecs.amazonaws.com' }),
    call(14, 'ecs.amazonaws.com', 'CreateService', { error: { code: 'AccessDenied', message: '' } }),
    call(21, 'kubernetes', 'create deployments.apps', { target: 'default/web' }),
    call(22, 'kubernetes', 'create pods', { target: 'default/bare' }),
    call(25, 'kubernetes', 'update services', { principal: 'system:serviceaccount:kube-system:lbc' }),
    call(31, 'kubernetes', 'delete pods', { target: 'default/web-1' }),
  ],
  // In the last step one task more was asked for.
  perHour: { eks: 0.1, ecs: 0.75, elb: 0.25 },
}
const bySteps = {
  left: { title: 'ECS', steps: ['on-ecs'] },
  right: { title: 'EKS', steps: ['on-eks'] },
}

it('counts the changes of each side’s steps that the learner made, not what was refused or done by a service', () => {
  const { left, right } = compare(bySteps, recorded)
  expect(left.commands).toEqual({ 'ecs RegisterTaskDefinition': 1, 'ecs CreateService': 1 })
  expect(left.permissions).toEqual({ 'ecs:CreateService': 1, 'ecs:RegisterTaskDefinition': 1 })
  expect(left.managed).toEqual({ ecs: 1 })
  expect(right.commands).toEqual({ 'create deployments.apps': 1, 'create pods': 1 })
  expect(right.managed).toEqual({ 'system:serviceaccount:kube-system:lbc': 1 })
})

it('tells what the learner made from what was made for them, how long it took and what it costs', () => {
  const { left, right } = compare(bySteps, recorded)
  expect(left).toMatchObject({ yours: { 'ecs-service': 1 }, theirs: { 'ecs-task': 2 } })
  expect(right).toMatchObject({ yours: { deployment: 1, pod: 1 }, theirs: { pod: 1 } })
  expect([left.seconds, right.seconds]).toEqual([2, 4])
  expect([left.perHour, right.perHour]).toEqual([0.5, 0.25])
})

it('counts what was replaced as what it was before', () => {
  const { starts } = recorded
  const [first, second, third] = starts
  const same = { ...second!, perHour: first!.perHour }
  expect(compare(bySteps, { ...recorded, starts: [first!, same, third!] }).left.perHour).toBe(0)
})

it('tells sides apart by the service, where steps do both', () => {
  const sides = {
    left: { title: 'ECS', services: ['ecs'] },
    right: { title: 'EKS', services: ['kubernetes'] },
  }
  const { left, right } = compare(sides, recorded)
  expect(left.commands).toEqual({ 'ecs RegisterTaskDefinition': 1, 'ecs CreateService': 1 })
  expect(right.commands).toMatchObject({ 'create pods': 1, 'delete pods': 1 })
  expect(right.theirs).toEqual({ pod: 2 })
  expect([left.perHour, right.perHour]).toEqual([0.75, 0])
})

it('shows only what differs, and which side has not begun', () => {
  const { differences } = compare(bySteps, recorded)
  expect(differences).toContainEqual({ aspect: 'theirs', what: 'ecs-task', left: 2, right: 0 })
  expect(compare({ left: bySteps.left, right: bySteps.left }, recorded).differences).toEqual([])
  const early = compare(bySteps, { ...recorded, starts: recorded.starts.slice(0, 1) })
  expect([early.left.begun, early.right.begun]).toEqual([true, false])
})
