import { t } from '../../i18n/index.ts'
import { Dialog } from '../Dialog.tsx'
import { question } from './questions.ts'

/** Shows the question that the terminal asks, if any. */
export function Questions() {
  const asked = question.value
  if (!asked) return null
  const texts = {
    paste: () =>
      [t.terminal.pasteTitle(lines(asked).length), t.terminal.pasteText, t.terminal.pasteConfirm] as const,
    link: () => [t.terminal.linkTitle, t.terminal.linkText, t.terminal.linkConfirm] as const,
    close: () =>
      [t.terminal.closeTitle(shown(asked)), t.terminal.closeText, t.terminal.closeConfirm] as const,
  }
  const [title, text, confirm] = texts[asked.kind]()
  return (
    <Dialog key={shown(asked)} title={title} text={text} confirm={confirm} onDone={asked.answer}>
      {asked.kind !== 'close' && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        <pre tabIndex={0}>{shown(asked)}</pre>
      )}
    </Dialog>
  )
}

function shown(asked: NonNullable<typeof question.value>): string {
  return asked.kind === 'paste' ? asked.text : asked.kind === 'link' ? asked.address : asked.name
}

function lines(asked: NonNullable<typeof question.value>): string[] {
  return shown(asked).trimEnd().split('\n')
}
