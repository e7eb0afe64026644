import { type Scope, tables } from '#aws/ec2/index.ts'
import { instanceOf, type TaskRecord } from '#aws/ecs/index.ts'

/** Whether packets get from an address of a VPC to a host of AWS or of the internet, on port 443. */
export type Connects = (address: string, vpcId: string, host: string) => boolean

/** Whether what serves a task gets to a host: Fargate by the task's own interface; elsewhere it is the agent, by its instance's. */
export function taskReaches(connects: Connects, scope: Scope, task: TaskRecord, host: string): boolean {
  // Machines outside AWS are connected.
  if (task.launchType === 'EXTERNAL') return true
  if (task.launchType === 'FARGATE') {
    const subnet = tables.subnets.find(scope, task.subnetId ?? '')
    return (
      subnet !== undefined && task.privateIp !== undefined && connects(task.privateIp, subnet.vpcId, host)
    )
  }
  const machine = tables.instances.find(scope, instanceOf(scope, task)?.machineId ?? '')
  return machine !== undefined && connects(machine.privateIp, machine.vpcId, host)
}
