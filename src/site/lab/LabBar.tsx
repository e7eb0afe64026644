import { useSignal } from '@preact/signals'
import type { ApiProblem } from '#server/api.ts'
import { t } from '../i18n/index.ts'
import { Dialog } from './Dialog.tsx'
import { Icon } from './Icon.tsx'
import { Problem } from './Problem.tsx'
import { problemOf, resetLab } from './session.ts'
import { closing, cloud, lab, link, online, passed, started } from './store.ts'

/** How many steps are done, as a bar and in words. */
export function Progress() {
  const total = lab.value?.steps.length
  if (!total) return null
  return (
    <div class="progress">
      <progress value={passed.value} max={total} aria-label={t.lab.progress(passed.value, total)} />
      <span aria-hidden="true">{t.lab.progress(passed.value, total)}</span>
    </div>
  )
}

/** Whether the page hears from the server, and the server from the cloud. */
export function Connection() {
  const state = link.value === 'connected' && cloud.value === 'restarting' ? 'restarting' : link.value
  const text = {
    connecting: t.connection.connecting,
    connected: t.connection.connected,
    reconnecting: t.connection.reconnecting,
    restarting: t.connection.cloudRestarting,
  }[state]
  return (
    <span class={`connection ${state}`} role="status">
      {state === 'connected' ? <span class="light" /> : <span class="spinner" />}
      <span class="words">{text}</span>
    </span>
  )
}

/** What to know while something is away. */
export function Notice() {
  const text = closing.value
    ? t.connection.closing
    : link.value === 'reconnecting'
      ? online.value
        ? t.connection.offline
        : t.connection.noNetwork
      : cloud.value === 'restarting'
        ? t.connection.cloudNote
        : undefined
  return text ? <p class="notice">{text}</p> : null
}

/** “Start over”, after a question. */
export function Reset() {
  const asking = useSignal(false)
  const busy = useSignal(false)
  const problem = useSignal<ApiProblem['error'] | undefined>(undefined)
  if (!started.value) return null

  async function answer(confirmed: boolean) {
    asking.value = false
    if (!confirmed) return
    busy.value = true
    problem.value = undefined
    await resetLab().catch((error) => {
      problem.value = problemOf(error)
    })
    busy.value = false
  }

  return (
    <>
      <button
        type="button"
        class="button quiet small"
        aria-disabled={busy.value}
        onClick={() => {
          if (!busy.value) asking.value = true
        }}
      >
        {busy.value ? <span class="spinner" /> : <Icon name="reset" />}
        <span class="words">{t.lab.reset}</span>
      </button>
      {asking.value && (
        <Dialog
          title={t.lab.resetTitle}
          text={t.lab.resetText}
          confirm={t.lab.resetConfirm}
          danger
          onDone={answer}
        />
      )}
      {problem.value && <Problem problem={problem.value} />}
    </>
  )
}
