import type { IconName } from '../../components/icons.ts'
import { t } from '../../i18n/index.ts'
import { IconButton } from '../IconButton.tsx'
import { Divider } from './Divider.tsx'
import { aboveTerminal, narrow, PANES, type Pane, panes, togglePane } from './panes.ts'

const ICONS: Record<Pane, IconName> = {
  steps: 'text',
  files: 'files',
  world: 'world',
  preview: 'browser',
  terminal: 'terminal',
}

/** Which parts of the page are shown. */
export function PaneSwitch() {
  return (
    <fieldset class="views">
      <legend class="visually-hidden">{t.layout.panes}</legend>
      {PANES.map((pane) => (
        <IconButton
          key={pane}
          icon={ICONS[pane]}
          label={t.layout.pane[pane]}
          data-pane={pane}
          aria-pressed={panes.value[pane]}
          onClick={() => togglePane(pane)}
        />
      ))}
    </fieldset>
  )
}

/** Between the steps and what stands beside (or, where it is narrow, below) them. */
export function StepsDivider() {
  return panes.value.steps && (aboveTerminal.value || panes.value.terminal) ? (
    <Divider
      size={narrow.value ? 'steps-narrow' : 'steps'}
      label={t.layout.stepsSize}
      horizontal={narrow.value}
    />
  ) : null
}

/** Between files or world and the terminal below. */
export function AboveDivider() {
  return aboveTerminal.value && panes.value.terminal ? (
    <Divider size="above" label={t.layout.aboveSize} horizontal />
  ) : null
}
