import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { type InstanceRecord, type Scope, scopeOfKey, tables } from '../ec2/index.ts'
import { AGENT_RETRY_MS, AGENT_START_MS } from './data/instances.ts'
import { agentConfig, mayRegister, registrationOf } from './instance-agent.ts'
import { stopTask } from './launch.ts'
import type { ContainerInstanceRecord } from './records.ts'
import { capacityProviders, clusters, containerInstances, tasksOn } from './tables.ts'

const EC2_KEY = /^aws\/\d+\/[^/]+\/ec2\/instances\/([^/]+)$/
const CLUSTER_KEY = /^aws\/\d+\/[^/]+\/ecs\/clusters\//
const GROUP_TAG = 'aws:autoscaling:groupName'

/** Lets the agents of EC2 instances register with their clusters, and takes notice of instances that stop or end. */
export function containerInstanceController(world: World): Controller {
  return {
    name: 'ecs-container-instances',
    sources: [
      {
        prefix: 'aws/',
        keys: ({ key, type }) => {
          if (EC2_KEY.test(key)) return [key]
          if (type !== 'put' || !CLUSTER_KEY.test(key)) return []
          const scope = scopeOfKey(world, key)
          return tables.instances.list(scope).map(({ id }) => tables.instances.key(scope, id))
        },
      },
    ],
    reconcile(key) {
      const scope = scopeOfKey(world, key)
      const id = EC2_KEY.exec(key)![1]!
      const instance = tables.instances.find(scope, id)
      const known = containerInstances.list(scope).find(({ machineId }) => machineId === id)
      if (instance?.state === 'pending') return undefined
      if (instance?.state === 'running') return known ? reconnect(scope, known) : register(scope, instance)
      if (known) lose(scope, known, instance?.state)
      return undefined
    },
  }
}

function register(scope: Scope, instance: InstanceRecord): Result | undefined {
  const config = agentConfig(scope, instance)
  if (!config) return undefined
  const left = instance.since + scope.world.provisioningTime(AGENT_START_MS) - scope.world.clock.now()
  if (left > 0) return { requeueAfterMs: left }
  const cluster = clusters.find(scope, config.cluster)
  // The agent is refused and tries again: the cluster may be made, the role mended.
  if (cluster?.status !== 'ACTIVE' || !mayRegister(scope, instance, config.cluster))
    return { requeueAfterMs: scope.world.provisioningTime(AGENT_RETRY_MS) || 1000 }
  const provider = cluster.capacityProviders.find(
    (name) => capacityProviders.find(scope, name)?.groupName === instance.tags[GROUP_TAG],
  )
  containerInstances.put(scope, registrationOf(scope, instance, config, provider))
  return undefined
}

function reconnect(scope: Scope, known: ContainerInstanceRecord): undefined {
  if (known.agentConnected || known.status === 'INACTIVE') return
  containerInstances.put(scope, { ...known, agentConnected: true, version: known.version + 1 })
}

/** The tasks of a machine end with it; one that has terminated is deregistered. */
function lose(scope: Scope, known: ContainerInstanceRecord, state: string | undefined): void {
  const stopped = state === 'stopping' || state === 'stopped'
  const what = stopped ? 'stopped' : 'terminated'
  for (const task of tasksOn(scope, known))
    stopTask(scope, task, 'ServiceSchedulerInitiated', `Host EC2 (instance ${known.machineId}) ${what}.`)
  if (!stopped) containerInstances.delete(scope, known)
  else if (known.agentConnected)
    containerInstances.put(scope, { ...known, agentConnected: false, version: known.version + 1 })
}
