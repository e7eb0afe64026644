import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import type { ApiProblem } from '#server/api.ts'
import { ProblemError } from '../api.ts'
import { Problem } from '../lab/Problem.tsx'

interface Props {
  action: string
  primary?: boolean
  children?: ComponentChildren
  /** What to do with the fields; a `ProblemError` is shown in the form. */
  onSubmit(fields: Record<string, string>): Promise<unknown>
}

/** Fields and one button. What was typed stays when the server refuses it. */
export function Form({ action, primary, children, onSubmit }: Props) {
  const problem = useSignal<ApiProblem['error'] | undefined>(undefined)
  const busy = useSignal(false)
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    if (busy.value) return
    busy.value = true
    problem.value = undefined
    const form = event.currentTarget as HTMLFormElement
    try {
      await onSubmit(Object.fromEntries(new FormData(form)) as Record<string, string>)
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      problem.value = error.problem
    } finally {
      busy.value = false
    }
  }
  return (
    <form class="form" onSubmit={submit}>
      {children}
      {problem.value && <Problem problem={problem.value} />}
      <button type="submit" class={`button ${primary ? 'primary' : ''}`} aria-disabled={busy.value}>
        {action}
        {busy.value && <span class="spinner" />}
      </button>
    </form>
  )
}
