import type * as sdk from '@aws-sdk/client-ecs'
import type { DeploymentRecord } from './records.ts'
import type { ServiceWork } from './service-work.ts'

/** How long a deployment still waits at a stage: ms, or for as long as its rollback takes. */
export type Pause = { ms: number } | 'rolls back'

/**
 * Holds a deployment at a stage for the pause hooks that the service has there; undefined: it goes on.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
 */
export function pauseAt(
  work: ServiceWork,
  deployment: DeploymentRecord,
  stage: sdk.DeploymentLifecycleHookStage,
): Pause | undefined {
  const { hooks = [] } = work.service
  const waits = hooks.flatMap((hook, number): Pause[] => {
    if (!hook.stages.includes(stage)) return []
    // Before every shift of traffic the hook is asked anew.
    const place = `${number}/${stage}/${deployment.shifted ?? 0}`
    const pauses = work.service.deployments.find(({ id }) => id === deployment.id)?.pauses ?? []
    const known = pauses.find((pause) => pause.place === place)
    if (!known) {
      const ms = hook.timeoutMinutes * 60_000
      const id = `ecs-pause-${work.scope.world.ids.text(43, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-')}`
      const pause = {
        id,
        place,
        status: 'AWAITING_ACTION' as const,
        expiresAt: work.now + ms,
        action: hook.action,
      }
      work.changeDeployment(deployment.id, { pauses: [...pauses, pause] })
      return [{ ms }]
    }
    if (known.status === 'AWAITING_ACTION') {
      if (work.now < known.expiresAt) return [{ ms: known.expiresAt - work.now }]
      const timedOut = { ...known, status: 'TIMED_OUT' as const }
      const rollsBack = known.action === 'ROLLBACK'
      work.changeDeployment(deployment.id, {
        pauses: pauses.map((pause) => (pause === known ? timedOut : pause)),
        ...(rollsBack && { stopRequested: 'ROLLBACK', stopReason: `lifecycle hook ${known.id} timed out` }),
      })
      return rollsBack ? ['rolls back'] : []
    }
    return []
  })
  if (waits.includes('rolls back')) return 'rolls back'
  return waits.length > 0 ? { ms: Math.min(...waits.map((wait) => (wait as { ms: number }).ms)) } : undefined
}

export const toHookDetails = ({ pauses = [] }: DeploymentRecord): sdk.DeploymentLifecycleHookDetail[] =>
  pauses.map(({ id, status, expiresAt, action }) => ({
    hookId: id,
    targetType: 'PAUSE',
    status,
    expiresAt: new Date(expiresAt),
    timeoutAction: action,
  }))
