import { copyText } from '../code-actions.ts'
import { t } from '../i18n/index.ts'

/** The command that shows the same in a terminal, to copy. */
export function Command({ command }: { command: string }) {
  return (
    <div class="console-command">
      <span class="visually-hidden">{t.console.command}: </span>
      <code>{command}</code>
      <button
        type="button"
        class="button quiet small"
        onClick={({ currentTarget }) => void copyText(command, currentTarget)}
      >
        {t.code.copy}
      </button>
    </div>
  )
}
