import { t } from './i18n/index.ts'

const SHELLS = new Set(['bash', 'sh', 'shell', 'shellscript', 'zsh'])

/** What else can be done with a command, beside copying it: the lab page types it into the terminal. */
export interface CommandAction {
  label: string
  run(command: string): void
}

/** Puts a bar with “Copy” under each code block, and further actions under those that hold shell commands. */
export function addCodeActions(root: ParentNode, ...actions: CommandAction[]): void {
  for (const pre of root.querySelectorAll<HTMLPreElement>('pre.code')) {
    const language = pre.dataset.language ?? ''
    pre.tabIndex = 0
    pre.role = 'group'
    pre.ariaLabel = t.code.block
    if (!SHELLS.has(language)) continue
    const block = document.createElement('div')
    block.className = 'code-block'
    pre.replaceWith(block)
    const bar = document.createElement('div')
    bar.className = 'code-actions'
    const command = () => (pre.textContent ?? '').trimEnd()
    const copy = button(t.code.copy, () => void copyText(command(), copy))
    bar.append(copy, ...actions.map(({ label, run }) => button(label, () => run(command()))))
    block.append(pre, bar)
  }
}

function button(label: string, onClick: () => void): HTMLButtonElement {
  const element = document.createElement('button')
  element.type = 'button'
  element.className = 'button quiet small'
  element.textContent = label
  element.addEventListener('click', onClick)
  return element
}

/** Copies, and says so on the button that asked for it. */
export async function copyText(text: string, on: HTMLElement): Promise<void> {
  const done = await navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  )
  on.textContent = done ? t.code.copied : t.code.copyFailed
  setTimeout(() => {
    on.textContent = t.code.copy
  }, 2000)
}
