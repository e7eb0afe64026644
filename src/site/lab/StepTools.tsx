import { useSignal } from '@preact/signals'
import type { ApiProblem, Part, StillPicture, TimelineCall } from '#server/api.ts'
import { request } from '../api.ts'
import { t } from '../i18n/index.ts'
import { CallList } from './CallList.tsx'
import { CommandActions } from './CommandActions.tsx'
import { Dialog } from './Dialog.tsx'
import { Icon } from './Icon.tsx'
import { Problem } from './Problem.tsx'
import { problemOf, resetStep, skipStep } from './session.ts'
import { labPath, step, stepPath } from './store.ts'

interface Changes {
  calls: TimelineCall[]
  put: { part: Part; before: Part | undefined }[]
  gone: Part[]
}

type Act = 'solution' | 'skip' | 'reset'

const QUESTIONS: Record<Act, { title: string; text: string; confirm: string }> = {
  solution: { title: t.step.solutionAsk, text: t.step.solutionText, confirm: t.step.solution },
  skip: { title: t.step.skipTitle, text: t.step.skipText, confirm: t.step.skipConfirm },
  reset: { title: t.step.resetTitle, text: t.step.resetText, confirm: t.step.resetConfirm },
}

/** What else a step has: its solution, by which it can be skipped, what changed since it began, and the way back to there. */
export function StepTools({ id }: { id: string }) {
  const solution = useSignal<string | undefined>(undefined)
  const changes = useSignal<Changes | undefined>(undefined)
  const asking = useSignal<Act | undefined>(undefined)
  const busy = useSignal(false)
  const problem = useSignal<ApiProblem['error'] | undefined>(undefined)
  const { saved, status } = step(id) ?? {}

  async function attempt(act: () => Promise<void>) {
    if (busy.value) return
    busy.value = true
    problem.value = undefined
    await act().catch((error) => {
      problem.value = problemOf(error)
    })
    busy.value = false
  }

  return (
    <div class="step-tools">
      <div class="tool-bar" aria-busy={busy.value}>
        {saved && (
          <button
            type="button"
            class="button quiet small"
            onClick={() =>
              attempt(async () => {
                changes.value = await changesOf(id)
              })
            }
          >
            <Icon name="clock" />
            {t.step.changes}
          </button>
        )}
        <button
          type="button"
          class="button quiet small"
          onClick={() => {
            asking.value = 'solution'
          }}
        >
          <Icon name="book" />
          {t.step.solution}
        </button>
        {status !== 'passed' && (
          <button
            type="button"
            class="button quiet small"
            onClick={() => {
              asking.value = 'skip'
            }}
          >
            <Icon name="arrow" />
            {t.step.skip}
          </button>
        )}
        {saved && (
          <button
            type="button"
            class="button quiet small"
            onClick={() => {
              asking.value = 'reset'
            }}
          >
            {busy.value ? <span class="spinner" /> : <Icon name="reset" />}
            {t.step.reset}
          </button>
        )}
      </div>
      {problem.value && <Problem problem={problem.value} />}
      {solution.value !== undefined && (
        <section class="solution" aria-label={t.step.solutionTitle}>
          <h4>{t.step.solutionTitle}</h4>
          <div class="code-block">
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
            <pre class="code" tabIndex={0}>
              {solution.value}
            </pre>
            <CommandActions command={solution.value} />
          </div>
        </section>
      )}
      {changes.value && <ChangeList changes={changes.value} />}
      {asking.value && (
        <Dialog
          {...QUESTIONS[asking.value]}
          danger={asking.value === 'reset'}
          onDone={(confirmed) => {
            const what = asking.value
            asking.value = undefined
            if (!confirmed) return
            void attempt(async () => {
              if (what === 'reset') await resetStep(id)
              else if (what === 'skip') await skipStep(id)
              else {
                const answer = await request<{ text: string }>('GET', `${stepPath(id)}/solution`)
                solution.value = answer.text.trim()
              }
            })
          }}
        />
      )}
    </div>
  )
}

function ChangeList({ changes: { calls, put, gone } }: { changes: Changes }) {
  return (
    <section class="changes" aria-label={t.step.changes}>
      <h4>{t.step.objects}</h4>
      {put.length + gone.length === 0 ? (
        <p>{t.step.noObjects}</p>
      ) : (
        <ul>
          {put.map(({ part, before }) => (
            <li key={part.id} class={before ? 'changed' : 'new'}>
              <span class="kind">{t.world.kind[part.kind]}</span> <b>{part.name}</b>{' '}
              {before ? `${before.status ?? ''} → ${part.status ?? ''}` : t.step.made}
            </li>
          ))}
          {gone.map((part) => (
            <li key={part.id} class="gone">
              <span class="kind">{t.world.kind[part.kind]}</span> <b>{part.name}</b> {t.step.gone}
            </li>
          ))}
        </ul>
      )}
      <h4>{t.step.calls}</h4>
      <CallList calls={calls} />
    </section>
  )
}

/** The calls since a step began, and what is different since: made, changed in its state, gone. */
async function changesOf(id: string): Promise<Changes> {
  const [start, now, calls] = await Promise.all([
    request<StillPicture>('GET', `${stepPath(id)}/start`),
    request<Part[]>('GET', `${labPath}/world/now`),
    request<TimelineCall[]>('GET', `${labPath}/timeline`),
  ])
  const before = new Map(start.parts.map((part) => [part.id, part]))
  const after = new Set(now.map((part) => part.id))
  return {
    calls: calls.filter(({ number }) => number > start.revision),
    put: now
      .map((part) => ({ part, before: before.get(part.id) }))
      .filter(({ part, before }) => before === undefined || before.status !== part.status),
    gone: start.parts.filter((part) => !after.has(part.id)),
  }
}
