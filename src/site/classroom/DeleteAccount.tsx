import { useSignal } from '@preact/signals'
import type { ProblemError } from '../api.ts'
import { request } from '../api.ts'
import { t } from '../i18n/index.ts'
import { Dialog } from '../lab/Dialog.tsx'
import { SIGNED_OUT } from '../sign-in.ts'
import { Field } from './Field.tsx'

interface Props {
  /** The account's. */
  name: string
  onDone(): void
}

/** Deletes the account of whoever is signed in, once they have typed its name. */
export function DeleteAccount({ name, onDone }: Props) {
  const asking = useSignal(false)
  const typed = useSignal('')
  const problem = useSignal('')
  const answer = async (confirmed: boolean) => {
    asking.value = false
    if (!confirmed) return
    try {
      await request('DELETE', '/api/privacy/mine', { name: typed.value })
      // The browser's copy of the progress: it must not become another's who signs in here.
      localStorage.clear()
      document.dispatchEvent(new Event(SIGNED_OUT))
      onDone()
    } catch (error) {
      const { what, next } = (error as ProblemError).problem
      problem.value = `${what} ${next ?? ''}`.trim()
    }
  }
  return (
    <>
      <button
        type="button"
        class="button danger"
        onClick={() => {
          typed.value = problem.value = ''
          asking.value = true
        }}
      >
        {t.privacy.deleteMine}
      </button>
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      {asking.value && (
        <Dialog
          danger
          title={t.privacy.dialog.title}
          text={t.privacy.dialog.text}
          confirm={t.privacy.dialog.confirm}
          onDone={answer}
        >
          <Field
            label={t.privacy.dialog.name(name)}
            name="name"
            autocomplete="off"
            onInput={({ currentTarget }) => {
              typed.value = currentTarget.value
            }}
          />
        </Dialog>
      )}
    </>
  )
}
