import { t } from '../i18n/index.ts'
import { Icon } from './Icon.tsx'
import { lab, passed } from './store.ts'

/** What stands under the steps when all are done. */
export function Finish() {
  const total = lab.value?.steps.length
  if (!total || passed.value < total) return null
  return (
    <p class="finish">
      <Icon name="check" />
      {t.lab.allDone}
    </p>
  )
}
