import type { Volume } from '@aws-sdk/client-ecs'
import { type Scope, tables } from '#aws/ec2/index.ts'
import { instanceOf, type TaskDefinitionRecord, type TaskRecord, TaskStartError } from '#aws/ecs/index.ts'
import { MountFailure } from '#aws/efs/index.ts'
import { rolePrincipal } from '#aws/iam/identity.ts'
import type { Mount } from '#containers/runtime.ts'
import { clientEnd, type EfsFiles } from './efs-files.ts'

/** The EFS volume of a task, mounted as Fargate's agent or the plug-in of a container instance does. Throws TaskStartError. */
export function mountEfs(
  scope: Scope,
  files: EfsFiles,
  task: TaskRecord,
  definition: TaskDefinitionRecord,
  { name, efsVolumeConfiguration }: Volume,
): Mount['files'] {
  const { fileSystemId = '', rootDirectory, authorizationConfig } = efsVolumeConfiguration!
  const machine = tables.instances.find(scope, instanceOf(scope, task)?.machineId ?? '')
  const from = clientEnd(scope, task.networkInterfaceId ?? machine?.networkInterfaceIds[0])
  const role = definition.rest.taskRoleArn
  const principal =
    authorizationConfig?.iam === 'ENABLED' && role ? rolePrincipal(scope.world, role, task.id) : undefined
  try {
    if (!from) throw new MountFailure('the machine is in no VPC', 1)
    return files.mount(scope, {
      fileSystemId,
      accessPointId: authorizationConfig?.accessPointId,
      path: rootDirectory,
      from,
      principal,
    })
  } catch (error) {
    if (!(error instanceof MountFailure)) throw error
    const stderr = error.message.replaceAll('\n', ' ')
    throw new TaskStartError(
      task.launchType === 'FARGATE'
        ? `ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: ${stderr} : unsuccessful EFS utils command execution; code: ${error.exitStatus}`
        : `CannotCreateVolumeError: Error response from daemon: create ecs-${definition.family}-${definition.revision}-${name}-${task.id.slice(0, 20)}: VolumeDriver.Create: mounting volume failed: ${stderr}`,
    )
  }
}
