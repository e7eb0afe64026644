import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { t } from '../i18n/index.ts'

interface Props {
  title: string
  text: string
  confirm: string
  danger?: boolean
  children?: ComponentChildren
  /** Called once, with whether it was confirmed; Escape and the backdrop say no. */
  onDone(confirmed: boolean): void
}

/** A question that must be answered before going on. */
export function Dialog({ title, text, confirm, danger, children, onDone }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog
      ref={dialog}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onClose={({ currentTarget }) => onDone(currentTarget.returnValue === 'confirm')}
    >
      <form method="dialog">
        <h2 id={`${id}-title`}>{title}</h2>
        <p id={`${id}-text`}>{text}</p>
        {children}
        <div class="dialog-actions">
          <button type="submit" class="button" value="cancel">
            {t.lab.cancel}
          </button>
          <button type="submit" class={`button ${danger ? 'danger' : 'primary'}`} value="confirm">
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  )
}
