import { type Scope, tables } from '#aws/ec2/index.ts'
import { registryPassword } from '#aws/ecr/index.ts'
import { instanceOf, isEcrImage, type TaskRecord, TaskStartError } from '#aws/ecs/index.ts'
import { decide, roleOfProfile, rolePrincipal } from '#aws/iam/identity.ts'
import { denialText } from '#aws/wire/denial.ts'
import { type Image, type ImagePuller, PullError, type RegistryCredentials } from '#containers/image.ts'
import { InvalidReferenceError, parseTagged } from '#containers/images/reference.ts'

/** How often Fargate tries to pull, as its texts say. */
const TRIES = { once: 1, many: 5 }

/**
 * The image of a container, pulled as Fargate does: over the task's own network, from ECR with its execution role.
 * Throws TaskStartError with the texts of https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
 */
export async function pullForTask(
  scope: Scope,
  puller: ImagePuller,
  task: TaskRecord,
  container: { name: string; image: string },
  reaches: (host: string) => boolean,
): Promise<Image> {
  const reference = normalized(container.image, container.name)
  const credentials = isEcrImage(container.image) ? ecrCredentials(scope, task, reaches) : undefined
  const { host, path, tag } = parts(reference)
  if (!reaches(host)) {
    throw cannotPull(
      TRIES.many,
      `failed to resolve ref ${reference}: failed to do request: Head "https://${host}/v2/${path}/manifests/${tag}": dial tcp ${fakeAddress(host)}:443: i/o timeout`,
      container.name,
    )
  }
  try {
    return await puller.pull(reference, credentials)
  } catch (error) {
    if (!(error instanceof PullError)) throw error
    const tries = error.kind === 'unreachable' ? TRIES.many : TRIES.once
    const text = error.message
      .replace('failed to resolve reference "', 'failed to resolve ref ')
      .replace('": ', ': ')
    throw cannotPull(tries, text, container.name)
  }
}

const cannotPull = (tries: number, text: string, container: string) =>
  new TaskStartError(
    `CannotPullContainerError: pull image manifest has been retried ${tries} time(s): ${text}`,
    container,
  )

function normalized(image: string, container: string): string {
  try {
    const { domain, path, tag, digest } = parseTagged(image)
    return digest ? `${domain}/${path}@${digest}` : `${domain}/${path}:${tag}`
  } catch (error) {
    if (!(error instanceof InvalidReferenceError)) throw error
    throw new TaskStartError(
      `CannotPullContainerError: failed to normalize image reference "${image}": ${error.message}`,
      container,
    )
  }
}

function parts(reference: string): { host: string; path: string; tag: string } {
  const { domain, path, tag, digest } = parseTagged(reference)
  return { host: domain === 'docker.io' ? 'registry-1.docker.io' : domain, path, tag: digest ?? tag }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html */
function ecrCredentials(
  scope: Scope,
  task: TaskRecord,
  reaches: (host: string) => boolean,
): RegistryCredentials {
  const trouble = 'ResourceInitializationError: unable to pull secrets or registry auth:'
  const host = `api.ecr.${scope.region}.amazonaws.com`
  if (!reaches(host)) {
    throw new TaskStartError(
      `${trouble} The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed caused by: Post "https://${host}/": dial tcp ${fakeAddress(host)}:443: i/o timeout`,
    )
  }
  const action = 'ecr:GetAuthorizationToken'
  const own = task.executionRoleArn === undefined ? instanceRole(scope, task) : undefined
  const principal = rolePrincipal(
    scope.world,
    own?.roleArn ?? task.executionRoleArn ?? '',
    own?.session ?? task.id,
  )
  const decision = principal && decide(scope.world, { principal, action, resource: '*' })
  if (!principal || !decision?.allowed) {
    const why = principal
      ? `AccessDeniedException: ${denialText(principal, action, '*', decision!)}`
      : `the role ${task.executionRoleArn} cannot be assumed`
    if (task.launchType !== 'FARGATE')
      throw new TaskStartError(
        `CannotPullECRContainerError: ${why} status code: 400, request id: ${scope.world.ids.uuid()}`,
      )
    throw new TaskStartError(
      `${trouble} execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): ${why} status code: 400, request id: ${scope.world.ids.uuid()}`,
    )
  }
  return { username: 'AWS', password: registryPassword(scope.world, principal).password }
}

/** Without an execution role the agent pulls with the role of its instance. */
function instanceRole(scope: Scope, task: TaskRecord): { roleArn: string; session: string } | undefined {
  const machine = tables.instances.find(scope, instanceOf(scope, task)?.machineId ?? '')
  const roleArn = machine && roleOfProfile(scope, machine.profile?.arn)
  return roleArn === undefined ? undefined : { roleArn, session: machine!.id }
}

/** A public address that stands for a host in a text; the same for the same name. */
function fakeAddress(host: string): string {
  const sum = [...host].reduce((all, letter) => (all * 31 + letter.charCodeAt(0)) >>> 0, 7)
  return `52.${(sum >>> 16) & 255}.${(sum >>> 8) & 255}.${(sum & 253) + 1}`
}
