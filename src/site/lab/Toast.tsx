import { useSignalEffect } from '@preact/signals'
import { t } from '../i18n/index.ts'
import { Icon } from './Icon.tsx'
import { openStep } from './steps.ts'
import { justPassed, lab } from './store.ts'

/** How long the message stays, in ms. What it says also stands in the step. */
const STAY = 10_000

/** Tells somebody who looks at the terminal that a step is done, and leads to the next. */
export function Toast() {
  useSignalEffect(() => {
    if (!justPassed.value) return
    const timer = setTimeout(() => {
      justPassed.value = undefined
    }, STAY)
    return () => clearTimeout(timer)
  })
  const id = justPassed.value
  const steps = lab.value?.steps ?? []
  const at = steps.findIndex((step) => step.id === id)
  const step = steps[at]
  if (!step) return null
  const next = steps[at + 1]
  return (
    <div class="toast">
      <Icon name="check" />
      <p>{t.lab.stepPassed(step.title)}</p>
      {next && (
        <button type="button" class="button small" onClick={() => openStep(next.id, true)}>
          {t.lab.nextStep(next.title)}
        </button>
      )}
    </div>
  )
}
