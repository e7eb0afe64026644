import type * as sdk from '@aws-sdk/client-ecs'
import type { Result } from '#world/controller.ts'
import type { Scope } from '../ec2/index.ts'
import { balancerOfRule, balancersByGroup, shiftTraffic, targetGroups } from '../elbv2/index.ts'
import { roleMay } from '../iam/identity.ts'
import type { RequestContext } from '../wire/service.ts'
import { invalid } from './errors.ts'
import { type Pause, pauseAt } from './pause-hooks.ts'
import type { DeploymentRecord, ServiceRecord } from './records.ts'
import { backOff, PLACEMENT_RETRY_MS, startTasks } from './service-starts.ts'
import type { ServiceWork } from './service-work.ts'

type Stage = sdk.ServiceDeploymentLifecycleStage

/** The target groups that a deployment's tasks stand in: the given ones, or in every other deployment the alternate ones. */
export function balancersFor(
  { loadBalancers }: Pick<ServiceRecord, 'loadBalancers'>,
  { alternate }: Pick<DeploymentRecord, 'alternate'>,
): sdk.LoadBalancer[] {
  if (!alternate) return loadBalancers
  return loadBalancers.map((one) => ({
    ...one,
    targetGroupArn: one.advancedConfiguration?.alternateTargetGroupArn ?? one.targetGroupArn,
  }))
}

/**
 * Throws for load balancers that traffic cannot be shifted on.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html; the texts are our own.
 */
export function checkShifting(context: RequestContext, balancers: sdk.LoadBalancer[]): void {
  for (const { targetGroupArn = '', advancedConfiguration: advanced } of balancers) {
    if (!advanced?.alternateTargetGroupArn || !advanced.productionListenerRule || !advanced.roleArn)
      throw invalid(
        'advancedConfiguration with alternateTargetGroupArn, productionListenerRule and roleArn must be specified for load balancers when the deployment strategy shifts traffic.',
      )
    const { alternateTargetGroupArn: other, productionListenerRule, testListenerRule, roleArn } = advanced
    if (!targetGroups.find(context, other))
      throw invalid(`The specified target group does not exist: ${other}`)
    if (other === targetGroupArn)
      throw invalid('targetGroupArn and alternateTargetGroupArn must be different target groups.')
    if (!balancersByGroup(context).has(other))
      throw invalid(
        `The target group with targetGroupArn ${other} does not have an associated load balancer.`,
      )
    for (const rule of [productionListenerRule, testListenerRule])
      if (rule !== undefined && !balancerOfRule(context, rule))
        throw invalid(`The specified listener rule does not exist: ${rule}`)
    context.authorize('iam:PassRole', roleArn, { 'iam:PassedToService': 'ecs.amazonaws.com' })
  }
}

/** One step of a service that goes over to a new revision by shifting traffic, at once or in steps. */
export function rollByShifting(work: ServiceWork, settle: (desired: number) => void): Result | undefined {
  const { service, primary } = work
  const before = service.deployments.find(
    ({ id, rolloutState }) => id !== primary.id && rolloutState === 'COMPLETED',
  )
  if (primary.stage === undefined && primary.rolloutState === 'IN_PROGRESS') {
    // Where another deployment is overtaken, more revisions than the one that serves are there.
    const stage = service.deployments.length > 2 ? 'RECONCILE_SERVICE' : 'PRE_SCALE_UP'
    work.changeDeployment(primary.id, { stage, stageAt: work.now })
  }
  const waits = [work.primary.rolloutState === 'IN_PROGRESS' ? advance(work, before) : 0]
  const { stage = 'CLEAN_UP' } = work.primary
  // What neither serves nor is to serve has been given up or overtaken; before it goes, its share of the traffic goes back.
  const kept = [primary.id, ...(before ? [before.id] : [])]
  if (stage !== 'RECONCILE_SERVICE')
    work.stop(work.active().filter(({ startedBy }) => !kept.includes(startedBy ?? '')))
  if (!/^(RECONCILE_SERVICE|PRE_SCALE_UP)$/.test(stage)) waits.push(keep(work, work.primary))
  if (before && stage !== 'CLEAN_UP') waits.push(keep(work, before))
  settle(service.desiredCount)
  const soonest = waits.filter((ms) => ms > 0)
  return soonest.length > 0 ? { requeueAfterMs: Math.min(...soonest) } : undefined
}

/** Holds a deployment at the desired count; gives how long to wait before the next start, ms. */
function keep(work: ServiceWork, deployment: DeploymentRecord): number {
  const all = work.active().filter(({ startedBy }) => startedBy === deployment.id)
  work.stop(all.filter(({ unwell }) => unwell !== undefined))
  const own = all.filter(({ unwell }) => unwell === undefined)
  const surplus = own.slice(work.service.desiredCount)
  if (surplus.length > 0) work.stop(surplus)
  const missing = work.service.desiredCount - own.length
  if (missing <= 0 || deployment.rolloutState === 'FAILED') return 0
  const wait = backOff(work)
  if (wait > 0) return wait
  const places = Array.from({ length: missing }, () => undefined)
  return startTasks(work, deployment, places) ? 0 : PLACEMENT_RETRY_MS
}

/** Takes the new revision through its stages as far as it goes now; gives how long it waits at the present one, ms (0: for an event). */
function advance(work: ServiceWork, before: DeploymentRecord | undefined): number {
  const { primary, service } = work
  // With nothing to compare, or on the way back, the traffic goes over at once.
  const direct = primary.rollsBack || !before
  const enter = (stage: Stage) => work.changeDeployment(primary.id, { stage, stageAt: work.now })
  const stage = primary.stage ?? 'PRE_SCALE_UP'
  const pause = direct || !isHookStage(stage) ? undefined : pauseAt(work, primary, stage)
  if (pause) return waitOf(pause)
  switch (stage) {
    case 'RECONCILE_SERVICE':
      // What the overtaken deployment had been given goes back.
      if (before && !shift(work, before, 'productionListenerRule', 100)) return PLACEMENT_RETRY_MS
      enter('PRE_SCALE_UP')
      break
    case 'PRE_SCALE_UP':
      enter('SCALE_UP')
      break
    case 'SCALE_UP': {
      const own = work.active().filter(({ startedBy }) => startedBy === primary.id)
      const serves = own.length === service.desiredCount && own.every((task) => work.isHealthy(task))
      if (!serves) return 0
      enter('POST_SCALE_UP')
      break
    }
    case 'POST_SCALE_UP':
      enter(direct ? 'PRODUCTION_TRAFFIC_SHIFT' : 'TEST_TRAFFIC_SHIFT')
      break
    case 'TEST_TRAFFIC_SHIFT':
      if (!shift(work, primary, 'testListenerRule', 100)) return PLACEMENT_RETRY_MS
      enter('POST_TEST_TRAFFIC_SHIFT')
      break
    case 'POST_TEST_TRAFFIC_SHIFT':
      enter('PRODUCTION_TRAFFIC_SHIFT')
      break
    case 'PRODUCTION_TRAFFIC_SHIFT': {
      const wait = shiftStep(work, direct)
      if (wait !== 'done') return wait
      enter('POST_PRODUCTION_TRAFFIC_SHIFT')
      break
    }
    case 'POST_PRODUCTION_TRAFFIC_SHIFT':
      enter('BAKE_TIME')
      break
    case 'BAKE_TIME': {
      const bakeMs = direct ? 0 : (service.bakeTimeMinutes ?? 0) * 60_000
      const left = (primary.stageAt ?? 0) + bakeMs - work.now
      if (left > 0) return left
      enter('CLEAN_UP')
      break
    }
    default:
      if (before) work.stop(work.active().filter(({ startedBy }) => startedBy === before.id))
      return 0
  }
  return advance(work, before)
}

const isHookStage = (stage: Stage): stage is Stage & sdk.DeploymentLifecycleHookStage =>
  !['SCALE_UP', 'BAKE_TIME', 'CLEAN_UP'].includes(stage)

/** A rollback begins at the next look, which is now. */
const waitOf = (pause: Pause): number => (pause === 'rolls back' ? 1 : pause.ms)

/** Shifts the next part of the production traffic when it is time; gives how long to wait, ms. */
function shiftStep(work: ServiceWork, direct: boolean): number | 'done' {
  const { primary, service } = work
  const { shifted = 0, shiftedAt = 0 } = primary
  if (shifted >= 100) return 'done'
  const { percent, bakeMinutes } = (!direct && service.step) || { percent: 100, bakeMinutes: 0 }
  const left = shifted === 0 ? 0 : shiftedAt + bakeMinutes * 60_000 - work.now
  if (left > 0) return left
  const pause = direct ? undefined : pauseAt(work, primary, 'PRE_PRODUCTION_TRAFFIC_SHIFT')
  if (pause) return waitOf(pause)
  const isLast = service.deploymentStrategy === 'CANARY' && shifted > 0
  const next = isLast ? 100 : Math.min(100, Math.round((shifted + percent) * 10) / 10)
  if (!shift(work, primary, 'productionListenerRule', next)) return PLACEMENT_RETRY_MS
  work.changeDeployment(primary.id, { shifted: next, shiftedAt: work.now })
  return shiftStep(work, direct)
}

/** Leads a rule's traffic to the deployment, with the right of the role that the load balancer was given with. */
function shift(
  work: ServiceWork,
  deployment: DeploymentRecord,
  which: 'testListenerRule' | 'productionListenerRule',
  percent: number,
): boolean {
  const { service, scope } = work
  for (const { targetGroupArn = '', advancedConfiguration: advanced } of service.loadBalancers) {
    const rule = advanced?.[which]
    if (!advanced || rule === undefined) continue
    if (!mayShift(scope, advanced.roleArn ?? '', rule)) {
      work.eventOnce(
        `(deployment ${deployment.id}) is unable to shift traffic: the role ${advanced.roleArn} may not change ${rule}.`,
      )
      return false
    }
    const other = advanced.alternateTargetGroupArn ?? targetGroupArn
    if (deployment.alternate) shiftTraffic(scope, rule, other, targetGroupArn, percent)
    else shiftTraffic(scope, rule, targetGroupArn, other, percent)
  }
  return true
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html */
function mayShift({ world }: Scope, role: string, rule: string): boolean {
  const action = rule.includes(':listener-rule/') ? 'ModifyRule' : 'ModifyListener'
  return roleMay(world, role, `elasticloadbalancing:${action}`, rule).allowed
}
