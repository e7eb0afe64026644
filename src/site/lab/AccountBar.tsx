import { t } from '../i18n/index.ts'
import { accountNumber } from './account-number.ts'
import { ClockControl } from './ClockControl.tsx'
import { CostMeter } from './CostMeter.tsx'
import { lab } from './store.ts'

/** What AWS needs to make an EKS cluster, in seconds: https://docs.aws.amazon.com/eks/latest/userguide/getting-started-console.html (2026-11). */
const EKS_CLUSTER_SECONDS = 600

/** The learner's account and region, and how much faster than AWS things are provisioned. */
export function AccountBar() {
  const world = lab.value?.world
  if (!world) return null
  const { provisioning } = world
  const here =
    provisioning === 'instant'
      ? t.lab.noWait
      : t.lab.about(duration(EKS_CLUSTER_SECONDS / provisioning / world.speed))
  return (
    <div class="account-bar">
      <dl>
        <div>
          <dt>{t.lab.account}</dt>
          <dd>{accountNumber(world.accountId)}</dd>
        </div>
        <div>
          <dt>{t.lab.region}</dt>
          <dd>{world.region}</dd>
        </div>
        <div class="speed">
          <dt class="visually-hidden">{t.lab.speed}</dt>
          <dd>{t.lab.provisioning(t.lab.about(duration(EKS_CLUSTER_SECONDS)), here)}</dd>
        </div>
      </dl>
      <ClockControl />
      <CostMeter />
    </div>
  )
}

function duration(seconds: number): string {
  return seconds < 90 ? t.lab.seconds(Math.round(seconds)) : t.lab.minutes(Math.round(seconds / 60))
}
