import { useSignal } from '@preact/signals'
import type { CheckReport, Finding } from '#checks/finding.ts'
import type { ApiProblem } from '#server/api.ts'
import { t } from '../i18n/index.ts'
import { FindingCard } from './FindingCard.tsx'
import { Icon } from './Icon.tsx'
import { Problem } from './Problem.tsx'
import { StepScore } from './StepScore.tsx'
import { StepTools } from './StepTools.tsx'
import { checkStep, problemOf } from './session.ts'
import { openStep } from './steps.ts'
import { announcement, checking, lab, scored, started, step } from './store.ts'

/** The end of a step: the button, what the last check found, and the way on. */
export function StepCheck({ step: id = '' }: Record<string, string>) {
  const problem = useSignal<ApiProblem['error'] | undefined>(undefined)
  const state = step(id)
  const busy = checking.value.has(id)
  if (!started.value) return <p class="check-note">{t.check.needStart}</p>

  async function check() {
    if (busy) return
    problem.value = undefined
    await checkStep(id).catch((error) => {
      problem.value = problemOf(error)
    })
    const { title = '', report } = step(id) ?? {}
    const failing = report?.findings.findLast(({ status }) => status === 'failed')
    if (report?.status === 'error') announcement.value = t.lab.stepError(title)
    else if (report?.status === 'failed' && failing)
      announcement.value = t.lab.stepNotYet(title, scored.value ? '' : failing.title)
  }

  return (
    <div class="check">
      <div class="check-bar">
        <button type="button" class="button" aria-disabled={busy} onClick={check}>
          {busy ? <span class="spinner" /> : <Icon name="check" />}
          {busy ? t.lab.checking : state?.report ? t.check.again : t.check.button}
        </button>
        <span class="check-note">
          {state?.report ? t.check.at(new Date(state.report.at).toLocaleTimeString()) : whenChecked(id)}
        </span>
      </div>
      {problem.value && <Problem problem={problem.value} />}
      {state?.report && <Report report={state.report} passed={state.status === 'passed'} />}
      {state?.score && <StepScore score={state.score} />}
      <StepTools id={id} />
      {state?.status === 'passed' && <NextStep after={id} />}
    </div>
  )
}

/** By itself is checked the first step that is not done. */
function whenChecked(id: string): string {
  const current = lab.value?.steps.find(({ status }) => status !== 'passed')
  return current === undefined || current.id === id ? t.check.auto : t.check.autoLater(current.title)
}

/** What a check saw. A step that is done keeps its good report short. */
function Report({ report, passed }: { report: CheckReport; passed: boolean }) {
  const good = report.findings.filter(({ status }) => status === 'passed')
  const failed = report.findings.filter(({ status }) => status === 'failed')
  const kind = passed ? 'passed' : report.status
  return (
    <div class={`report ${kind}`}>
      <p class="verdict">
        <Icon name={kind === 'passed' ? 'check' : kind === 'error' ? 'alert' : 'clock'} />
        {t.check[kind]}
      </p>
      {good.length > 0 && (
        <details class="in-order">
          <summary>{t.check.inOrder(good.length)}</summary>
          <ul>
            {good.map(({ id, title, observed }) => (
              <li key={id}>
                {title}
                {observed && <span class="seen">{observed}</span>}
              </li>
            ))}
          </ul>
        </details>
      )}
      {!passed &&
        failed.length > 0 &&
        (scored.value ? <Hidden findings={failed} /> : <Cards findings={failed} />)}
    </div>
  )
}

function Cards({ findings }: { findings: Finding[] }) {
  return findings.map((finding) => <FindingCard key={finding.id} finding={finding} />)
}

/** In a drill a check that said what is wrong would take the search away: it opens by choice, as the hints do, and counts as one. */
function Hidden({ findings }: { findings: Finding[] }) {
  return (
    <details class="hint">
      <summary>{t.check.notInOrder}</summary>
      <Cards findings={findings} />
    </details>
  )
}

function NextStep({ after }: { after: string }) {
  const steps = lab.value?.steps ?? []
  const next = steps[steps.findIndex(({ id }) => id === after) + 1]
  if (!next) return null
  return (
    <button type="button" class="button primary next" onClick={() => openStep(next.id, true)}>
      {t.lab.nextStep(next.title)}
      <Icon name="arrow" />
    </button>
  )
}
