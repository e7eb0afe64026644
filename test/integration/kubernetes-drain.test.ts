import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

const kubectl = (command: string, input?: string) => cluster.kubectl(command, input)

describe('kubectl drain', () => {
  it('waits for a disruption budget, and goes on when it allows', async () => {
    await kubectl('create deployment web --image=nginx:1.29 --replicas=2')
    await kubectl('create pdb web --selector=app=web --min-available=2')
    await kubectl('rollout status deployment web --timeout=50s')
    expect(await kubectl('get pdb web')).toMatch(
      /^NAME +MIN AVAILABLE +MAX UNAVAILABLE +ALLOWED DISRUPTIONS +AGE\nweb +2 +N\/A +0 +/,
    )
    const refused = await cluster.run(['drain', 'node-1', '--timeout=3s'])
    expect(refused.code).toBe(1)
    expect(refused.stdout).toContain('node/node-1 cordoned\n')
    expect(refused.stderr).toMatch(
      /error when evicting pods\/"web-\S+" -n "default" \(will retry after 5s\): Cannot evict pod as it would violate the pod's disruption budget\./,
    )
    await kubectl(`patch pdb web -p '{"spec":{"minAvailable":0}}'`)
    const drained = await kubectl('drain node-1 --timeout=50s')
    expect(drained).toMatch(/^node\/node-1 already cordoned\n/)
    expect(drained.match(/pod\/web-\S+ evicted/g)).toHaveLength(2)
    expect(drained).toContain('node/node-1 drained\n')
    expect(await kubectl('uncordon node-1')).toBe('node/node-1 uncordoned\n')
    await kubectl('rollout status deployment web --timeout=50s')
  })
})
