import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Part, PictureChange } from '#cloud/picture/part.ts'
import { Picture } from '#cloud/picture/picture.ts'
import { VirtualNetwork } from '#network/virtual-network.ts'
import { Clock } from '#world/clock.ts'
import { Store } from '#world/store.ts'
import { turn } from '#world/turns.ts'

const CLUSTER = 'c1'
const AWS = 'aws/111122223333/us-east-1'

let store: Store
let network: VirtualNetwork
let clock: Clock
let picture: Picture
let told: PictureChange[]

beforeEach(() => {
  store = new Store()
  network = new VirtualNetwork()
  clock = new Clock({ now: 0, speed: 0 })
  picture = new Picture({ store, clock }, '111122223333', network)
  told = []
})
afterEach(() => picture.close())

const pod = (name: string, ready: boolean, nodeName?: string) => ({
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { nodeName, containers: [{ name: 'web' }] },
  status: {
    phase: ready ? 'Running' : 'Pending',
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    containerStatuses: ready
      ? [{ ready: true, restartCount: 0, state: { running: {} } }]
      : [{ ready: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
  },
})
const putPod = (name: string, ready = true, node?: string) =>
  store.put(`kubernetes/${CLUSTER}/core/pods/default/${name}`, pod(name, ready, node))
const putVpc = () =>
  store.put(`${AWS}/ec2/vpcs/vpc-1`, { id: 'vpc-1', cidr: '172.31.0.0/16', isDefault: true, tags: {} })

/** Follows, and lets everything that is due happen. */
async function follow(): Promise<{ close(): void }> {
  const subscription = picture.subscribe({ change: (change) => told.push(change), end() {} })
  await settled()
  return subscription
}

async function settled(): Promise<void> {
  for (let round = 0; round < 60; round++) await turn()
}

const parts = (change: PictureChange | undefined) =>
  new Map(change?.put.map((part): [string, Part] => [part.id, part]))

describe('the live picture', () => {
  it('tells all of it first, with what holds things together', async () => {
    putVpc()
    await follow()
    expect(told).toHaveLength(1)
    expect(told[0]!.whole).toBe(true)
    const all = parts(told[0])
    expect(all.get('account')!.name).toBe('AWS account 1111-2222-3333')
    expect(all.get('region/us-east-1')!.parent).toBe('account')
    expect(all.get('vpc-1')).toMatchObject({ kind: 'vpc', parent: 'region/us-east-1', name: 'Default VPC' })
  })

  it('tells only what changed, and nothing when nothing shows', async () => {
    putPod('web-1')
    await follow()
    told.length = 0
    putPod('web-1', false)
    store.put(`kubernetes/${CLUSTER}/coordination.k8s.io/leases/kube-node-lease/n1`, { spec: {} })
    await settled()
    expect(told).toHaveLength(1)
    expect(told[0]!.put).toHaveLength(1)
    expect(told[0]!.put[0]).toMatchObject({ state: 'bad', status: 'CrashLoopBackOff' })
    putPod('web-1', false)
    await settled()
    expect(told).toHaveLength(1)
  })

  it('moves a pod onto its node, and tells what is gone', async () => {
    putPod('web-1')
    await follow()
    expect(parts(told[0]).get(`pod/${CLUSTER}/default/web-1`)!.parent).toBe(`kubernetes/${CLUSTER}`)
    putPod('web-1', true, 'n1')
    await settled()
    expect(told.at(-1)!.put[0]!.parent).toBe(`node/${CLUSTER}/n1`)
    store.delete(`kubernetes/${CLUSTER}/core/pods/default/web-1`)
    await settled()
    expect(told.at(-1)).toEqual({ put: [], gone: [`pod/${CLUSTER}/default/web-1`] })
  })

  it('puts a node on the instance that it is', async () => {
    store.put(`kubernetes/${CLUSTER}/core/nodes/_/n1`, {
      metadata: { name: 'n1' },
      spec: { providerID: 'aws:///us-east-1a/i-0abc' },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    })
    await follow()
    expect(parts(told[0]).get(`node/${CLUSTER}/n1`)).toMatchObject({
      parent: 'i-0abc',
      status: 'Ready',
      state: 'good',
    })
  })

  it('gives a later follower the same, and forgets all when nobody follows', async () => {
    putVpc()
    const first = await follow()
    putPod('web-1')
    const second: PictureChange[] = []
    const other = picture.subscribe({ change: (change) => second.push(change), end() {} })
    await settled()
    expect(parts(second[0]).has(`pod/${CLUSTER}/default/web-1`)).toBe(true)
    expect(picture.find('vpc-1')?.key).toBe(`${AWS}/ec2/vpcs/vpc-1`)
    first.close()
    other.close()
    expect(picture.find('vpc-1')).toBeUndefined()
  })

  it('ends with the world', async () => {
    let ended = false
    picture.subscribe({
      change() {},
      end: () => {
        ended = true
      },
    })
    picture.close()
    expect(ended).toBe(true)
  })

  it('tells a container instance that was taken out from one that does not answer', async () => {
    const instance = (id: string, status: string) =>
      store.put(`${AWS}/ecs/container-instances/${id}`, {
        ...{ id, arn: id, cluster: 'harbor', machineId: `mi-${id}`, status, agentConnected: false },
      })
    instance('lost', 'ACTIVE')
    instance('left', 'INACTIVE')
    await follow()
    expect(parts(told[0]).get('lost')).toMatchObject({ state: 'bad', status: 'agent disconnected' })
    expect(parts(told[0]).get('left')).toMatchObject({ state: 'off', status: 'INACTIVE' })
  })

  it('shows tags in their repositories, in ECR and on Docker Hub', async () => {
    const host = '111122223333.dkr.ecr.us-east-1.amazonaws.com'
    store.put(`${AWS}/ecr/repositories/team%2Fsite`, {
      name: 'team/site',
      uri: `${host}/team/site`,
      tagMutability: 'MUTABLE',
    })
    store.put(`registry/${host}/team/site/_tags/v1`, { digest: 'sha256:1', updatedAt: 1 })
    store.put('docker-hub/repositories/learner/site', { private: true, createdAt: 1 })
    store.put('registry/registry-1.docker.io/learner/site/_tags/v2', { digest: 'sha256:2', updatedAt: 1 })
    await follow()
    const all = parts(told[0])
    expect(all.get(`tag/${host}/team/site:v1`)!.parent).toBe(`repository/${host}/team/site`)
    expect(all.get(`repository/${host}/team/site`)!.parent).toBe('ecr/us-east-1')
    expect(all.get('tag/registry-1.docker.io/learner/site:v2')!.parent).toBe(
      'repository/registry-1.docker.io/learner/site',
    )
    expect(all.get('repository/registry-1.docker.io/learner/site')!.parent).toBe('hub')
  })

  it('takes a thousand changed pods without holding the process up', async () => {
    for (let at = 0; at < 1000; at++) putPod(`web-${at}`, true, `n${at % 20}`)
    await follow()
    told.length = 0
    for (let at = 0; at < 1000; at++) putPod(`web-${at}`, false, `n${at % 20}`)
    await turn()
    // Some are told before the last was looked at: others get their turn between.
    const first = told.flatMap(({ put }) => put).length
    expect(first).toBeLessThan(1000)
    await settled()
    expect(told.flatMap(({ put }) => put)).toHaveLength(1000)
  })
})

describe('a request to a load balancer', () => {
  const balancer = { address: '10.0.0.10', port: 12345 }
  const node = { address: '10.0.1.1', port: 31000 }
  const podPeer = { address: '10.0.1.50', port: 8080 }

  beforeEach(async () => {
    store.put(`${AWS}/elbv2/load-balancers/web`, {
      arn: 'arn:web',
      name: 'web',
      vpcId: 'vpc-1',
      state: 'active',
      type: 'application',
      scheme: 'internet-facing',
      dnsName: 'web.example.com',
      mappings: [{ networkInterfaceId: 'eni-1' }],
    })
    store.put(`${AWS}/ec2/network-interfaces/eni-1`, {
      id: 'eni-1',
      subnetId: 'subnet-1',
      addresses: [balancer.address],
      attachment: {},
    })
    store.put(`${AWS}/ec2/instances/i-1`, {
      id: 'i-1',
      subnetId: 'subnet-1',
      state: 'running',
      type: 't3.medium',
      privateIp: node.address,
      tags: {},
    })
    const web = pod('web-1', true, 'n1')
    store.put(`kubernetes/${CLUSTER}/core/pods/default/web-1`, {
      ...web,
      status: { ...web.status, podIP: podPeer.address },
    })
    store.put(`kubernetes/${CLUSTER}/core/services/default/web`, {
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { ports: [{ port: 80, nodePort: node.port }] },
    })
    network.listen(podPeer.address, podPeer.port, (socket) => socket.destroy())
    network.addRoute({ resolve: (_, to) => (to.address === node.address ? podPeer : undefined) })
    await follow()
    told.length = 0
  })

  const journeys = () => told.flatMap(({ journeys = [] }) => journeys)

  it('is told with the node and the Service that led it to a pod', async () => {
    network.connect(node, balancer)
    await settled()
    expect(journeys()).toEqual([
      { stops: ['arn:web', 'i-1', `pod/${CLUSTER}/default/web-1`], service: 'default/web' },
    ])
  })

  it('is told without them where the load balancer knows the pods', async () => {
    network.connect(podPeer, balancer)
    await settled()
    expect(journeys()).toEqual([{ stops: ['arn:web', `pod/${CLUSTER}/default/web-1`] }])
  })

  it('is told no more than twice a second of the same way', async () => {
    for (let request = 0; request < 10; request++) network.connect(node, balancer)
    await settled()
    expect(journeys()).toHaveLength(1)
    clock.jumpTo(500)
    network.connect(node, balancer)
    await settled()
    expect(journeys()).toHaveLength(2)
  })

  it('is no health check, and none of a connection between others', async () => {
    network.connect(node, balancer, { probe: true })
    network.connect(podPeer, node)
    await settled()
    expect(journeys()).toEqual([])
  })
})
