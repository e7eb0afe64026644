import { expect, it } from 'vitest'
import { concerns, watchPrefixes } from '#checks/watch.ts'

const watch = { aws: ['ecr'], repositories: ['site'], kubernetes: ['pods'] }
const host = '111122223333.dkr.ecr.us-east-1.amazonaws.com'

it.each([
  ['aws/111122223333/us-east-1/ecr/repositories/site', true],
  ['aws/111122223333/us-east-1/eks/clusters/harbor', false],
  [`registry/${host}/site/_tags/v1`, true],
  [`registry/${host}/site/_manifests/sha256:0`, true],
  [`registry/${host}/site/_uploads/1`, false],
  [`registry/${host}/other/_tags/v1`, false],
  ['kubernetes/uid/core/pods/default/a', true],
  ['kubernetes/uid/coordination.k8s.io/leases/kube-node-lease/n', false],
  ['docker/images/sha256:0', false],
])('%s: %s', (key, expected) => {
  expect(concerns(watch, key)).toBe(expected)
})

it('asks only for the prefixes that a step needs', () => {
  expect(watchPrefixes(watch)).toEqual(['aws/', 'registry/', 'kubernetes/'])
  expect(watchPrefixes({ files: ['a'] })).toEqual([])
})
