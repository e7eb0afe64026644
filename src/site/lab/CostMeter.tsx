import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { CostReport } from '#server/api.ts'
import { request } from '../api.ts'
import { t } from '../i18n/index.ts'
import { lab, labPath } from './store.ts'

/** Between two looks the sum grows by itself, at this pace, ms. */
const PACE = 5000

/** What the learner's resources would cost on AWS, an hour and so far; all of them on demand. */
export function CostMeter() {
  const report = useSignal<{ costs: CostReport; heardAt: number } | undefined>(undefined)
  const now = useSignal(Date.now())
  const speed = lab.value?.world?.speed ?? 1
  const load = () =>
    request<CostReport>('GET', `${labPath}/costs`).then(
      (costs) => {
        report.value = { costs, heardAt: Date.now() }
      },
      () => {},
    )
  // The server tells of a new state when the cloud has changed.
  useEffect(() => void load(), [lab.value])
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) now.value = Date.now()
    }, PACE)
    return () => clearInterval(timer)
  }, [])
  if (!report.value) return null
  const { costs, heardAt } = report.value
  const hours = (Math.max(0, now.value - heardAt) * speed) / 3_600_000
  const soFar = costs.soFar + costs.perHour * hours
  return (
    <div class="costs">
      <button type="button" class="button quiet small" popovertarget="cost-list" onClick={() => void load()}>
        {t.costs.meter(dollars(costs.perHour), dollars(soFar))}
      </button>
      <div id="cost-list" class="settings" popover="auto">
        <h2>{t.costs.title}</h2>
        {costs.resources.length === 0 ? (
          <p>{t.costs.none}</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th scope="col">{t.costs.resource}</th>
                <th scope="col">{t.costs.perHour}</th>
                <th scope="col">{t.costs.soFar}</th>
              </tr>
            </thead>
            <tbody>
              {costs.resources.map((resource) => (
                <tr key={`${resource.type}${resource.region}${resource.name}`}>
                  <th scope="row">
                    {resource.type} <span class="kind">{resource.name}</span>
                  </th>
                  <td>{dollars(resource.perHour)}</td>
                  <td>{dollars(resource.soFar)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <p>{t.costs.note(costs.prices.region, costs.prices.date)}</p>
      </div>
    </div>
  )
}

const dollars = (amount: number) => `$${amount.toFixed(amount < 10 ? 3 : 2)}`
