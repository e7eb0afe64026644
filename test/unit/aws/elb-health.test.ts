import { afterEach, beforeEach, expect, it } from 'vitest'
import { bootstrapRegion, launchInstances, lifecycleController, tables } from '../../../src/aws/ec2/index.ts'
import { elbHealthController, elbHosts, ensureLoadBalancer } from '../../../src/aws/elb/index.ts'
import { healthOf } from '../../../src/aws/elb/tables.ts'
import { VirtualNetwork } from '../../../src/network/virtual-network.ts'
import { World } from '../../../src/world/world.ts'
import { anImage } from '../../support/ami.ts'

const PORT = 31_000
let world: World
let network: VirtualNetwork
let scope: { world: World; accountId: string; region: string }

beforeEach(() => {
  world = new World({ id: 'elb', seed: 'elb', provisioning: 'instant' })
  network = new VirtualNetwork()
  scope = { world, accountId: '111122223333', region: 'us-east-1' }
  bootstrapRegion(scope)
  world.controllers.start(lifecycleController(world))
  world.controllers.start(elbHealthController(world, network))
})
afterEach(() => world.close())

/** A load balancer over one instance, both in the default security group. */
function build() {
  const subnet = tables.subnets.list(scope)[0]!
  const [instance] = launchInstances(scope, { imageId: anImage(), type: 't3.micro', subnet, count: 1 })
  const wanted = {
    name: 'web',
    listeners: [{ protocol: 'TCP', port: 80, instanceProtocol: 'TCP', instancePort: PORT }],
    subnetIds: [subnet.id],
    instanceIds: [instance!.id],
    healthCheck: {
      target: `TCP:${PORT}`,
      interval: 10,
      timeout: 5,
      unhealthyThreshold: 6,
      healthyThreshold: 2,
    },
  }
  return { wanted, record: ensureLoadBalancer(scope, wanted), instance: instance! }
}

it('takes an instance into service once it answers, and out after failing as often as the threshold says', async () => {
  const { instance } = build()
  await world.advance(5000)
  expect(healthOf(scope, 'web', instance.id)?.state).toBe('failed')
  const server = network.listen(instance.privateIp, PORT, (socket) => socket.end())
  await world.advance(3000)
  expect(healthOf(scope, 'web', instance.id)?.state).toBe('in-service')
  server.close()
  await world.advance(50_000)
  expect(healthOf(scope, 'web', instance.id)?.state).toBe('in-service')
  await world.advance(20_000)
  expect(healthOf(scope, 'web', instance.id)?.state).toBe('failed')
})

it('changes nothing when it is there already', () => {
  const { wanted } = build()
  const { revision } = world.store
  ensureLoadBalancer(scope, wanted)
  expect(world.store.revision).toBe(revision)
})

it('lets nobody in whom its security group does not', async () => {
  const { record, instance } = build()
  network.listen(instance.privateIp, PORT, (socket) => socket.end('hello'))
  await world.advance(5000)
  const host = elbHosts(world, [scope.accountId], network).resolve(record.dnsName, 80)
  expect(host?.kind === 'tcp' && (() => host.connect())).toThrow(/ETIMEDOUT/)
})
