import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { forgetConsole } from './console.ts'
import { durations, VISIBLE_AFTER_END } from './data/durations.ts'
import { removeInterface } from './interfaces.ts'
import { releaseInstanceNetwork, releaseInstanceVolumes } from './launch.ts'
import { releasePodsOf } from './pod-addresses.ts'
import type { InstanceRecord, InstanceState, NatGatewayRecord } from './records.ts'
import { type Scope, scopeOfKey } from './scope.ts'
import { images, instances, natGateways, snapshots, volumes, vpcEndpoints } from './tables.ts'

const KEY =
  /^aws\/[^/]+\/[^/]+\/ec2\/(instances|nat-gateways|vpc-endpoints|volumes|snapshots|images)\/([^/]+)$/

/** Moves instances, NAT gateways, interface endpoints, volumes, snapshots and images through their states as time passes. */
export function lifecycleController(world: World): Controller {
  return {
    name: 'ec2-lifecycle',
    sources: [{ prefix: 'aws/', keys: ({ key }) => (KEY.test(key) ? [key] : []) }],
    reconcile(key) {
      const [, folder, id] = KEY.exec(key)!
      const scope = scopeOfKey(world, key)
      if (folder === 'instances') return reconcileInstance(scope, id!)
      if (folder === 'nat-gateways') return reconcileNat(scope, id!)
      if (folder === 'vpc-endpoints') return reconcileEndpoint(scope, id!)
      if (folder === 'images') return reconcileImage(scope, id!)
      return folder === 'volumes' ? reconcileVolume(scope, id!) : reconcileSnapshot(scope, id!)
    },
  }
}

/** Runs `done` once `duration` has passed since the state began; until then asks to be called again. */
function after(scope: Scope, since: number, duration: number, done: () => void): Result | void {
  const left = since + duration - scope.world.clock.now()
  if (left > 0) return { requeueAfterMs: left }
  done()
}

const transitions: Partial<Record<InstanceState, { to: InstanceState; duration: number }>> = {
  pending: { to: 'running', duration: durations.instancePending },
  stopping: { to: 'stopped', duration: durations.instanceStopping },
  'shutting-down': { to: 'terminated', duration: durations.instanceShuttingDown },
}

function reconcileInstance(scope: Scope, id: string) {
  const instance = instances.find(scope, id)
  if (!instance) return
  if (instance.state === 'terminated') {
    return after(scope, instance.since, VISIBLE_AFTER_END, () => {
      forgetConsole(scope, id)
      instances.delete(scope, id)
    })
  }
  const transition = transitions[instance.state]
  if (!transition) return
  return after(scope, instance.since, scope.world.provisioningTime(transition.duration), () => {
    const next: InstanceRecord = { ...instance, state: transition.to, since: scope.world.clock.now() }
    if (transition.to !== 'terminated') return void instances.put(scope, next)
    releasePodsOf(scope, id)
    releaseInstanceVolumes(scope, id)
    instances.put(scope, releaseInstanceNetwork(scope, next))
  })
}

function reconcileNat(scope: Scope, id: string) {
  const nat = natGateways.find(scope, id)
  if (!nat) return
  const move = (state: NatGatewayRecord['state']) =>
    natGateways.patch(scope, id, { state, since: scope.world.clock.now() })
  if (nat.state === 'deleted') {
    return after(scope, nat.since, VISIBLE_AFTER_END, () => natGateways.delete(scope, id))
  }
  if (nat.state === 'pending') {
    const duration = scope.world.provisioningTime(durations.natGatewayPending)
    return after(scope, nat.since, duration, () => move('available'))
  }
  if (nat.state !== 'deleting') return
  return after(scope, nat.since, scope.world.provisioningTime(durations.natGatewayDeleting), () => {
    removeInterface(scope, nat.networkInterfaceId)
    move('deleted')
  })
}

function reconcileEndpoint(scope: Scope, id: string) {
  const endpoint = vpcEndpoints.find(scope, id)
  if (!endpoint || endpoint.state === 'available') return
  return after(scope, endpoint.since, scope.world.provisioningTime(durations.vpcEndpoint), () => {
    if (endpoint.state === 'pending') {
      vpcEndpoints.patch(scope, id, { state: 'available', since: scope.world.clock.now() })
      return
    }
    for (const eni of endpoint.networkInterfaceIds) removeInterface(scope, eni)
    vpcEndpoints.delete(scope, id)
  })
}

function reconcileVolume(scope: Scope, id: string) {
  const volume = volumes.find(scope, id)
  if (volume?.state !== 'creating') return
  return after(scope, volume.since, scope.world.provisioningTime(durations.volumeCreate), () => {
    volumes.patch(scope, id, { state: 'available', since: scope.world.clock.now() })
  })
}

function reconcileSnapshot(scope: Scope, id: string) {
  const snapshot = snapshots.find(scope, id)
  if (snapshot?.state !== 'pending') return
  return after(scope, snapshot.since, scope.world.provisioningTime(durations.snapshotCreate), () => {
    snapshots.patch(scope, id, { state: 'completed', since: scope.world.clock.now() })
  })
}

function reconcileImage(scope: Scope, id: string) {
  const image = images.find(scope, id)
  if (image?.state !== 'pending') return
  return after(scope, image.since, scope.world.provisioningTime(durations.imageCreate), () => {
    images.patch(scope, id, { state: 'available', since: scope.world.clock.now() })
  })
}
