import { internetPath, rulesOf, type Scope, tables } from '#aws/ec2/index.ts'
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
): Promise<Image> {
  const reference = normalized(container.image, container.name)
  const connected = reachesInternet(scope, task)
  const credentials = isEcrImage(container.image) ? ecrCredentials(scope, task, connected) : undefined
  if (!connected) {
    const { host, path, tag } = parts(reference)
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

/** Whether a task's subnet and security groups let it out: a gateway with a public address, or a NAT. */
function reachesInternet(scope: Scope, task: TaskRecord): boolean {
  const { subnetId, hasPublicIp, groupIds } = exitOf(scope, task) ?? {}
  // Machines outside AWS are connected.
  if (subnetId === undefined) return task.launchType === 'EXTERNAL'
  const subnet = tables.subnets.find(scope, subnetId)
  if (!subnet) return false
  const path = internetPath(scope, subnet)
  const routed = path === 'nat' || (path === 'internet-gateway' && hasPublicIp)
  return Boolean(routed) && groupIds!.some((id) => letsOut(scope, id, 443))
}

/** From where images are pulled: Fargate's own interface; elsewhere it is the agent that pulls, from its instance. */
function exitOf(scope: Scope, task: TaskRecord) {
  if (task.launchType === 'FARGATE')
    return {
      subnetId: task.subnetId,
      hasPublicIp: task.network?.assignPublicIp === 'ENABLED',
      groupIds: task.network?.securityGroups ?? [],
    }
  const machine = tables.instances.find(scope, instanceOf(scope, task)?.machineId ?? '')
  return (
    machine && {
      subnetId: machine.subnetId,
      hasPublicIp: machine.publicIp !== undefined,
      groupIds: machine.groupIds,
    }
  )
}

function letsOut(scope: Scope, groupId: string, port: number): boolean {
  return rulesOf(scope, groupId).some((rule) => {
    if (!rule.egress || rule.cidr !== '0.0.0.0/0') return false
    if (rule.protocol === '-1') return true
    return rule.protocol === 'tcp' && (rule.fromPort ?? 0) <= port && port <= (rule.toPort ?? 65_535)
  })
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html */
function ecrCredentials(scope: Scope, task: TaskRecord, connected: boolean): RegistryCredentials {
  const trouble = 'ResourceInitializationError: unable to pull secrets or registry auth:'
  if (!connected) {
    const host = `api.ecr.${scope.region}.amazonaws.com`
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
