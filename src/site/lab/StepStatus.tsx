import { t } from '../i18n/index.ts'
import { Icon } from './Icon.tsx'
import { checking, step } from './store.ts'

/** The state of a step, in the line that opens it. */
export function StepStatus({ step: id = '' }: Record<string, string>) {
  if (checking.value.has(id))
    return (
      <span class="status checking">
        <span class="spinner" />
        {t.lab.checking}
      </span>
    )
  const status = step(id)?.status ?? 'todo'
  return (
    <span class={`status ${status}`}>
      {status === 'passed' && <Icon name="check" />}
      {t.lab.status[status]}
    </span>
  )
}
