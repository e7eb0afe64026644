import { copyText } from '../code-actions.ts'
import { t } from '../i18n/index.ts'
import { Icon } from './Icon.tsx'
import { typeCommand } from './type-command.ts'

/** What can be done with a command: copy it, or type it into the terminal, where the learner presses Enter. */
export function CommandActions({ command }: { command: string }) {
  return (
    <div class="code-actions">
      <button
        type="button"
        class="button quiet small"
        onClick={({ currentTarget }) => void copyText(command, currentTarget)}
      >
        {t.code.copy}
      </button>
      <button type="button" class="button quiet small" onClick={() => typeCommand(command)}>
        <Icon name="terminal" />
        {t.code.type}
      </button>
    </div>
  )
}
