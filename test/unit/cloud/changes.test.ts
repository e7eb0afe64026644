import { expect, it } from 'vitest'
import { changesBetween } from '#cloud/changes.ts'
import type { Entry } from '#world/store.ts'

const deployment = (replicas: number, ready: number) => ({
  metadata: { name: 'web', namespace: 'prod', resourceVersion: `${replicas}${ready}` },
  spec: { replicas },
  status: { readyReplicas: ready, conditions: [{ type: 'Progressing', status: ready ? 'True' : 'False' }] },
})
const KEY = 'kubernetes/kind/apps/deployments/prod/web'
const POD = 'kubernetes/kind/core/pods/prod/web-1'

const entry = (key: string, value: unknown) =>
  ({ key, value, createRevision: 1, modRevision: 1, version: 1 }) as Entry
const changes = (key: string, before: unknown, now: unknown) =>
  changesBetween([entry(key, before)], (asked) => (asked === key ? now : undefined))

it('names what is wished otherwise, what is gone, and what broke', () => {
  const about = { kind: 'deployments', name: 'web', namespace: 'prod' }
  expect(changes(KEY, deployment(2, 2), deployment(0, 0))).toEqual([{ what: 'changed', ...about }])
  expect(changes(KEY, deployment(2, 2), undefined)).toEqual([{ what: 'gone', ...about }])
  expect(changes(KEY, deployment(2, 2), deployment(2, 0))).toEqual([{ what: 'broken', ...about }])
})

it('says nothing of what works as before, of what is new, and of what comes and goes by itself', () => {
  expect(changes(KEY, deployment(2, 1), deployment(2, 2))).toEqual([])
  expect(changesBetween([], () => deployment(2, 2))).toEqual([])
  expect(changes(POD, { metadata: { name: 'web-1', namespace: 'prod' } }, undefined)).toEqual([])
})

it('names clusters that are gone, and no tasks', () => {
  const cluster = { name: 'harbor', clusterName: 'harbor', status: 'ACTIVE', arn: 'arn:aws:ecs:x' }
  const gone = changes('aws/111122223333/us-east-1/ecs/clusters/harbor', cluster, undefined)
  expect(gone).toEqual([{ what: 'gone', kind: 'ecs-cluster', name: 'harbor' }])
})
