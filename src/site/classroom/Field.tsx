import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

type Props = JSX.IntrinsicElements['input'] & { label: string; help?: string; children?: ComponentChildren }

/** An input with its label and a word of help. */
export function Field({ label, help, ...input }: Props) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} {...input} {...(help && { 'aria-describedby': `${id}-help` })} />
      {help && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  )
}
