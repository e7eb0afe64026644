import { href } from '../../href.ts'
import { t } from '../../i18n/index.ts'
import { Icon } from '../Icon.tsx'
import { lab } from '../store.ts'

/** Says, where one types, that it is kept what the terminals show, for how long and for whom. */
export function Recorded() {
  const days = lab.value?.recordedDays
  if (days === undefined) return null
  return (
    <p class="recorded">
      <Icon name="dot" /> {t.terminal.recorded(days)} <a href={href('/privacy/')}>{t.menu.privacy}</a>
    </p>
  )
}
