import { expect, it } from 'vitest'
import { normalise } from '#labs/normalise.ts'

it.each([
  [
    'names, ages, addresses and widths of a table of pods',
    'NAME                   READY  STATUS   RESTARTS     AGE  IP\nweb-7957885594-2p6xm   1/1    Running  1 (4s ago)   3s   172.31.5.7',
    'NAME                     READY   STATUS    RESTARTS       AGE     IP\nweb-5c86486db4-nh67b   1/1     Running   2 (1m3s ago)   2m11s   172.31.21.209',
  ],
  [
    'ids and times in JSON',
    '{"vpc":"vpc-0a1b2c3d4e5f60718","at":"2026-11-28T10:00:00+00:00"}',
    '{"vpc":"vpc-00000000000000000","at":"2027-01-02T03:04:05.123Z"}',
  ],
  [
    'digests and account ids',
    '111122223333/site@sha256:0123456789abcdef',
    '999900001111/site@sha256:fedcba9876543210',
  ],
  ['how often a wait speaks', 'Waiting for deployment "web" rollout to finish: 0 of 2\nok', 'ok'],
])('takes for the same: %s', (_, left, right) => {
  expect(normalise(left)).toBe(normalise(right))
})

it.each([
  ['another state', 'web-7957885594-2p6xm 1/1 Running 0 3s', 'web-7957885594-2p6xm 0/1 Pending 0 3s'],
  ['another number', 'replicas: 2', 'replicas: 3'],
  ['another word', 'ip-172-31-5-7.ec2.internal Ready', 'fargate-ip-172-31-5-7.ec2.internal Ready'],
  ['a line less', 'a\nb', 'a'],
])('tells apart: %s', (_, left, right) => {
  expect(normalise(left)).not.toBe(normalise(right))
})
