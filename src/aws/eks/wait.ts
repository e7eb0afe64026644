import type { Result } from '#world/controller.ts'
import type { Scope } from '../ec2/index.ts'

/** Waits until `realMs` of provisioning have passed since `since`; then undefined. */
export function wait(scope: Scope, since: number, realMs: number): Result | undefined {
  const left = since + scope.world.provisioningTime(realMs) - scope.world.clock.now()
  return left > 0 ? { requeueAfterMs: left } : undefined
}
