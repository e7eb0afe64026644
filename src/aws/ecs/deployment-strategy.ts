import type * as sdk from '@aws-sdk/client-ecs'
import type { RequestContext } from '../wire/service.ts'
import { checkShifting } from './blue-green.ts'
import { invalid, notSimulated } from './errors.ts'
import type { HookRecord, ServiceRecord } from './records.ts'

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-linear.html, …/canary-deployment.html, …/pause-lifecycle-hooks.html
// and the API reference (read 2026-11); the texts are our own.

const DAY_MINUTES = 1440

export type Strategy = Pick<ServiceRecord, 'deploymentStrategy' | 'bakeTimeMinutes' | 'step' | 'hooks'>

/** The parts of a service's deployments that are refused by name. */
export function refuseUnsimulated(
  input: Pick<sdk.CreateServiceCommandInput, 'deploymentController' | 'deploymentConfiguration'>,
): void {
  if (input.deploymentController?.type === 'CODE_DEPLOY')
    throw notSimulated('AWS CodeDeploy, and with it the deployment controller CODE_DEPLOY')
  const hooks = input.deploymentConfiguration?.lifecycleHooks ?? []
  if (hooks.some(({ targetType = 'AWS_LAMBDA' }) => targetType === 'AWS_LAMBDA'))
    throw notSimulated('AWS Lambda, and with it lifecycle hooks of the type AWS_LAMBDA (PAUSE is simulated)')
}

/** How ECS is to deploy; nothing for a rolling update. Throws ECS's errors. */
export function strategyOf(
  context: RequestContext,
  config: sdk.DeploymentConfiguration | undefined,
  { scheduling, balancers }: { scheduling: string; balancers: sdk.LoadBalancer[] },
): Strategy {
  const { strategy = 'ROLLING' } = config ?? {}
  for (const [own, given] of [
    ['LINEAR', config?.linearConfiguration],
    ['CANARY', config?.canaryConfiguration],
  ] as const)
    if (given && strategy !== own)
      throw invalid(`${own.toLowerCase()}Configuration is only valid with the deployment strategy ${own}.`)
  if (strategy === 'ROLLING') {
    if (config?.lifecycleHooks?.length)
      throw invalid('lifecycleHooks are not supported with the deployment strategy ROLLING.')
    return {}
  }
  if (scheduling === 'DAEMON')
    throw invalid(`The DAEMON scheduling strategy is not supported with the ${strategy} deployment strategy.`)
  if (config!.bakeTimeInMinutes === undefined && strategy === 'BLUE_GREEN')
    throw invalid('bakeTimeInMinutes must be specified when the deployment strategy is BLUE_GREEN.')
  const bakeTimeMinutes = within('bakeTimeInMinutes', config!.bakeTimeInMinutes ?? 0, 0, DAY_MINUTES)
  checkShifting(context, balancers)
  const hooks = (config!.lifecycleHooks ?? []).map(hookOf)
  return {
    deploymentStrategy: strategy,
    bakeTimeMinutes,
    ...stepOf(config!),
    ...(hooks.length > 0 ? { hooks } : {}),
  }
}

function stepOf({
  strategy,
  linearConfiguration: linear,
  canaryConfiguration: canary,
}: sdk.DeploymentConfiguration): Pick<ServiceRecord, 'step'> {
  if (strategy === 'LINEAR') {
    const percent = within('stepPercent', linear?.stepPercent ?? 10, 3, 100)
    const bakeMinutes = linear?.stepBakeTimeInMinutes ?? 6
    return { step: { percent, bakeMinutes: within('stepBakeTimeInMinutes', bakeMinutes, 0, DAY_MINUTES) } }
  }
  if (strategy !== 'CANARY') return {}
  const percent = within('canaryPercent', canary?.canaryPercent ?? 5, 0.1, 100)
  const bakeMinutes = canary?.canaryBakeTimeInMinutes ?? 10
  return { step: { percent, bakeMinutes: within('canaryBakeTimeInMinutes', bakeMinutes, 0, DAY_MINUTES) } }
}

function within(name: string, value: number, least: number, most: number): number {
  if (value < least || value > most) throw invalid(`${name} must be between ${least} and ${most}.`)
  if (Math.abs(value * 10 - Math.round(value * 10)) > 1e-9)
    throw invalid(`${name} must be a multiple of 0.1.`)
  return value
}

function hookOf({ lifecycleStages = [], timeoutConfiguration }: sdk.DeploymentLifecycleHook): HookRecord {
  if (lifecycleStages.length === 0) throw invalid('lifecycleStages must be specified for lifecycle hooks.')
  const wrong = lifecycleStages.find((stage) => /^(TEST|PRODUCTION)_TRAFFIC_SHIFT$/.test(stage))
  if (wrong) throw invalid(`PAUSE lifecycle hooks are not supported at the lifecycle stage ${wrong}.`)
  return {
    stages: lifecycleStages,
    timeoutMinutes: timeoutConfiguration?.timeoutInMinutes ?? DAY_MINUTES,
    action: timeoutConfiguration?.action ?? 'ROLLBACK',
  }
}
