import type { Stack, Tag } from '@aws-sdk/client-cloudformation'
import { type Clients, until } from './clients.ts'
import { EksctlError, type Log } from './log.ts'
import type { Template } from './templates/template.ts'
import { VERSION } from './version.ts'

export const clusterStack = (cluster: string) => `eksctl-${cluster}-cluster`
export const nodegroupStack = (cluster: string, nodegroup: string) =>
  `eksctl-${cluster}-nodegroup-${nodegroup}`
export const fargateStack = (cluster: string) => `eksctl-${cluster}-fargate`
export const serviceAccountStack = (cluster: string, namespace: string, name: string) =>
  `eksctl-${cluster}-addon-iamserviceaccount-${namespace}-${name}`

const CLUSTER_TAG = 'alpha.eksctl.io/cluster-name'

/** Makes a stack and waits until it is there. Throws EksctlError with the first failure of a resource. */
export async function deployStack(
  clients: Clients,
  log: Log,
  cluster: string,
  name: string,
  template: Template,
  tags: Record<string, string> = {},
): Promise<Stack> {
  const all: Record<string, string> = {
    [CLUSTER_TAG]: cluster,
    'eksctl.cluster.k8s.io/v1alpha1/cluster-name': cluster,
    'alpha.eksctl.io/eksctl-version': VERSION,
    ...tags,
  }
  await clients.cloudFormation.createStack({
    StackName: name,
    TemplateBody: JSON.stringify(template),
    Capabilities: ['CAPABILITY_NAMED_IAM'],
    DisableRollback: true,
    Tags: Object.entries(all).map(([Key, Value]): Tag => ({ Key, Value })),
  })
  log.info(`deploying stack "${name}"`)
  return waitForStack(clients, log, name)
}

/** Waits for a stack that is being made. */
async function waitForStack(clients: Clients, log: Log, name: string): Promise<Stack> {
  log.info(`waiting for CloudFormation stack "${name}"`)
  return until(async () => {
    const stack = await findStack(clients, name)
    if (stack?.StackStatus === 'CREATE_COMPLETE') return stack
    if (stack?.StackStatus === 'CREATE_IN_PROGRESS') return undefined
    log.critical(`unexpected status "${stack?.StackStatus}" while waiting for CloudFormation stack "${name}"`)
    log.info(`fetching stack events in attempt to troubleshoot the root cause of the failure`)
    const { StackEvents = [] } = await clients.cloudFormation.describeStackEvents({ StackName: name })
    for (const event of StackEvents)
      if (event.ResourceStatus?.endsWith('FAILED'))
        log.critical(
          `${event.ResourceType}/${event.LogicalResourceId}: ${event.ResourceStatus} – ${JSON.stringify(event.ResourceStatusReason)}`,
        )
    throw new EksctlError(`creating CloudFormation stack "${name}": waiter state transitioned to Failure`)
  }, `CloudFormation stack "${name}"`)
}

/** A stack by its name; undefined: there is none. */
export async function findStack({ cloudFormation }: Clients, name: string): Promise<Stack | undefined> {
  try {
    const { Stacks = [] } = await cloudFormation.describeStacks({ StackName: name })
    return Stacks[0]
  } catch (error) {
    if (/does not exist/.test((error as Error).message)) return undefined
    throw error
  }
}

/** The stacks that eksctl made for a cluster, newest first. */
export async function stacksOf({ cloudFormation }: Clients, cluster: string): Promise<Stack[]> {
  const { Stacks = [] } = await cloudFormation.describeStacks({})
  return Stacks.filter(({ Tags }) => Tags?.some(({ Key, Value }) => Key === CLUSTER_TAG && Value === cluster))
}

/** An output of a stack. */
export const outputOf = (stack: Stack | undefined, key: string): string | undefined =>
  stack?.Outputs?.find(({ OutputKey }) => OutputKey === key)?.OutputValue

/** Deletes a stack; with `wait`, returns when it is gone. */
export async function deleteStack(
  clients: Clients,
  log: Log,
  name: string,
  { wait }: { wait: boolean },
): Promise<void> {
  log.info(`will delete stack "${name}"`)
  const stack = await findStack(clients, name)
  if (!stack) return
  await clients.cloudFormation.deleteStack({ StackName: stack.StackId })
  if (!wait) return
  log.info(`waiting for stack "${name}" to get deleted`)
  log.info(`waiting for CloudFormation stack "${name}"`)
  await until(async () => {
    const left = await findStack(clients, stack.StackId!)
    if (left?.StackStatus === 'DELETE_FAILED')
      throw new EksctlError(
        `deleting CloudFormation stack "${name}": ${left.StackStatusReason?.trim() ?? 'it failed'}`,
      )
    return left === undefined || left.StackStatus === 'DELETE_COMPLETE' ? true : undefined
  }, `CloudFormation stack "${name}" to be deleted`)
}
