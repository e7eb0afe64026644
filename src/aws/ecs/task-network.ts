import { publicAddress } from '../ec2/addresses.ts'
import { createInterface, privateDnsName, removeInterface, type Scope, tables } from '../ec2/index.ts'
import { deregisterTargets, registerTargets, targetGroups, targets } from '../elbv2/index.ts'
import { AwsError } from '../wire/service.ts'
import type { ContainerInstanceRecord, TaskRecord } from './records.ts'
import { announce } from './service-events.ts'
import { containerInstances } from './tables.ts'

/** The container instance of a task, if it has one. */
export function instanceOf(scope: Scope, task: TaskRecord): ContainerInstanceRecord | undefined {
  return task.instance === undefined ? undefined : containerInstances.find(scope, task.cluster, task.instance)
}

/** A target of a load balancer that a task is. */
export interface TaskTarget {
  groupArn: string
  id: string
  port: number
}

/** The targets that a task is to be: its own address, or its instance with the port that the container got there. */
export function targetsOf(scope: Scope, task: TaskRecord): TaskTarget[] {
  return task.loadBalancers.flatMap(({ targetGroupArn: groupArn, containerName, containerPort }) => {
    if (groupArn === undefined || containerPort === undefined) return []
    if (task.privateIp !== undefined) return [{ groupArn, id: task.privateIp, port: containerPort }]
    const instance = instanceOf(scope, task)
    const container = task.containers.find(({ name }) => name === containerName)
    const port = container?.bindings?.find((one) => one.containerPort === containerPort)?.hostPort
    if (!instance || port === undefined) return []
    const byAddress = targetGroups.find(scope, groupArn)?.targetType === 'ip'
    return [{ groupArn, id: byAddress ? instance.address : instance.machineId, port }]
  })
}

/** Gives a task its network interface, unless it has one. Gives EC2's error when it cannot. */
export function attachInterface(scope: Scope, task: TaskRecord): Partial<TaskRecord> | AwsError {
  const { network, subnetId = '', attachment } = task
  if (!network || !attachment || task.networkInterfaceId !== undefined) return {}
  const subnet = tables.subnets.find(scope, subnetId)
  try {
    if (!subnet) throw new AwsError('InvalidSubnetID.NotFound', `The subnet ID '${subnetId}' does not exist`)
    const eni = createInterface(scope, {
      subnet,
      groupIds: network.securityGroups,
      description: `arn:aws:ecs:${scope.region}:${scope.accountId}:attachment/${attachment.id}`,
      requesterId: 'ecs.amazonaws.com',
      publicIp: network.assignPublicIp === 'ENABLED' ? publicAddress(scope) : undefined,
      attachment: { instanceOwnerId: 'amazon-ecs', deviceIndex: 1, deleteOnTermination: false },
    })
    const address = eni.addresses[0]!
    const details = {
      subnetId,
      networkInterfaceId: eni.id,
      macAddress: eni.macAddress,
      privateDnsName: privateDnsName(scope.region, address),
      privateIPv4Address: address,
    }
    return {
      networkInterfaceId: eni.id,
      privateIp: address,
      attachment: {
        ...attachment,
        status: 'ATTACHING',
        details: Object.entries(details).map(([name, value]) => ({ name, value })),
      },
    }
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
  }
}

export function detachInterface(scope: Scope, { networkInterfaceId }: TaskRecord): void {
  if (networkInterfaceId !== undefined) removeInterface(scope, networkInterfaceId)
}

/** Puts a running task behind its load balancers. */
export function enterBalancers(scope: Scope, task: TaskRecord): void {
  for (const { groupArn, id, port } of targetsOf(scope, task)) {
    const known = targets.find(scope, groupArn, id, port)
    if ((known && known.state !== 'draining') || !targetGroups.find(scope, groupArn)) continue
    registerTargets(scope, groupArn, [{ id, port }])
    announce(scope, task, `registered 1 targets in (target-group ${groupArn})`)
  }
}

/** Takes a task out of its load balancers; its connections drain. */
export function leaveBalancers(scope: Scope, task: TaskRecord): void {
  for (const { groupArn, id, port } of targetsOf(scope, task)) {
    const known = targets.find(scope, groupArn, id, port)
    if (!known || known.state === 'draining') continue
    deregisterTargets(scope, groupArn, [{ id, port }])
    announce(scope, task, `deregistered 1 targets in (target-group ${groupArn})`)
    announce(scope, task, 'has begun draining connections on 1 tasks.')
  }
}

/** Whether a target of the task is still there. */
export const isDraining = (scope: Scope, task: TaskRecord): boolean =>
  targetsOf(scope, task).some(({ groupArn, id, port }) => targets.find(scope, groupArn, id, port))
