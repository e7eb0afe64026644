import { publicAddressOf } from '#network/public-address.ts'
import { endAt, hostPath, type Scope, tables } from '../ec2/index.ts'
import type { TaskRecord } from './records.ts'
import { instanceOf } from './task-network.ts'

/** Whether what serves a task gets to port 443 of a host: Fargate by the task's own interface; elsewhere it is the agent, by its instance's. */
export function taskReaches(scope: Scope, task: TaskRecord, host: string): boolean {
  // Machines outside AWS are connected.
  if (task.launchType === 'EXTERNAL') return true
  if (task.launchType === 'FARGATE') {
    const subnet = tables.subnets.find(scope, task.subnetId ?? '')
    return connects(scope, task.privateIp, subnet?.vpcId, host)
  }
  const machine = tables.instances.find(scope, instanceOf(scope, task)?.machineId ?? '')
  return connects(scope, machine?.privateIp, machine?.vpcId, host)
}

function connects(
  { world }: Scope,
  address: string | undefined,
  vpcId: string | undefined,
  name: string,
): boolean {
  const from = address === undefined || vpcId === undefined ? undefined : endAt(world, address, vpcId)
  return from !== undefined && hostPath(world, from, { name, address: publicAddressOf(name), port: 443 }).open
}
