import { t } from '../../i18n/index.ts'
import { IconButton } from '../IconButton.tsx'
import { COLOURS, changeFontSize, colours, screenReader } from './preferences.ts'
import { active } from './sessions.ts'

/** Text size, screen reader mode, search, and the keys, in a small panel that opens by choice. */
export function TerminalSettings() {
  return (
    <>
      <IconButton icon="settings" label={t.terminal.settings} popovertarget="terminal-settings" />
      <div id="terminal-settings" class="settings" popover="auto">
        <div class="row">
          <button type="button" class="button small" onClick={() => changeFontSize(-1)}>
            {t.terminal.fontSmaller}
          </button>
          <button type="button" class="button small" onClick={() => changeFontSize(1)}>
            {t.terminal.fontLarger}
          </button>
          <button
            type="button"
            class="button small"
            popovertarget="terminal-settings"
            popovertargetaction="hide"
            onClick={() => {
              if (active.value) active.value.finding.value = true
            }}
          >
            {t.terminal.find}
          </button>
        </div>
        <label class="row">
          {t.terminal.colours}
          <select
            value={colours.value}
            onChange={({ currentTarget }) => {
              colours.value = currentTarget.value as typeof colours.value
            }}
          >
            {COLOURS.map((name) => (
              <option key={name} value={name}>
                {t.terminal.colour[name]}
              </option>
            ))}
          </select>
        </label>
        <label class="row">
          <input
            type="checkbox"
            checked={screenReader.value}
            onChange={({ currentTarget }) => {
              screenReader.value = currentTarget.checked
            }}
          />
          {t.terminal.screenReader}
        </label>
        <p>{t.terminal.keys}</p>
      </div>
    </>
  )
}
