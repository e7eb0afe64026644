import { computed, signal } from '@preact/signals'
import type { LabEvent, LabState, StepState } from '#server/api.ts'
import { t } from '../i18n/index.ts'

/** What the lab page shows. Islands read these signals; `session.ts` writes them. */
export const labId = document.querySelector<HTMLElement>('[data-lab-page]')?.dataset.labPage ?? ''

/** Of the API. */
export const labPath = `/api/labs/${encodeURIComponent(labId)}`
export const stepPath = (step: string) => `${labPath}/steps/${encodeURIComponent(step)}`

/** Of the API, for what only looks at cloud and calls: one's own lab, or what an instructor looks at. */
export const viewed = signal(labPath)

export const lab = signal<LabState | undefined>()
/** Ids of the steps whose check runs now. */
export const checking = signal<ReadonlySet<string>>(new Set())
export const link = signal<'connecting' | 'connected' | 'reconnecting'>('connecting')
/** Whether the browser has a network at all. */
export const online = signal(navigator.onLine)
for (const type of ['online', 'offline'])
  addEventListener(type, () => {
    online.value = navigator.onLine
  })
/** The server has said that it is being restarted. */
export const closing = signal(false)
export const cloud = signal<'up' | 'restarting'>('up')
/** The step that turned green last, while the page tells of it. */
export const justPassed = signal<string | undefined>()
/** Counts the times the lab was started over here: the terminals of before are gone. */
export const resets = signal(0)
/** What a screen reader is told next. */
export const announcement = signal('')

export const started = computed(() => lab.value?.started ?? false)
/** Whether steps bring points, fewer for each hint. */
export const scored = computed(() => lab.value?.result !== undefined)
export const passed = computed(() => lab.value?.steps.filter(({ status }) => status === 'passed').length ?? 0)

export function step(id: string): StepState | undefined {
  return lab.value?.steps.find((candidate) => candidate.id === id)
}

/** Takes a whole new state, telling a listener what changed since the one shown. */
export function showState(state: LabState): void {
  const before = lab.peek()
  lab.value = state
  if (!before) return
  for (const now of state.steps) {
    const then = before.steps.find(({ id }) => id === now.id)
    if (now.status !== 'passed' || then?.status === 'passed') continue
    announcement.value = t.lab.stepPassed(now.title)
    justPassed.value = now.id
  }
}

/** Acts on an event of the server. */
export function showEvent(event: LabEvent): void {
  switch (event.type) {
    case 'state':
      closing.value = false
      return showState(event.state)
    case 'closing':
      closing.value = true
      return
    case 'cloud':
      cloud.value = event.status
      return
    case 'checking':
      checking.value = new Set(checking.value).add(event.step)
      return
    case 'checked':
      return finishChecking(event.step)
    case 'report': {
      const { report } = event
      finishChecking(report.step)
      const known = step(report.step)
      if (!lab.value || !known) return
      // A step once passed stays passed: later steps may take its work away again.
      const status = report.status === 'passed' || known.status === 'passed' ? 'passed' : 'failed'
      const failing = report.findings.findLast((finding) => finding.status === 'failed')
      const failedBefore = known.report?.findings.findLast((finding) => finding.status === 'failed')
      const next: StepState = { ...known, report, status }
      if (status === 'passed') next.passedAt = known.passedAt ?? report.at
      // The first look at a step that nobody has worked on yet is no news.
      if (status === 'failed' && failing && failedBefore && failing.id !== failedBefore.id)
        announcement.value = t.lab.stepNotYet(known.title, failing.title)
      showState({
        ...lab.value,
        steps: lab.value.steps.map((other) => (other.id === known.id ? next : other)),
      })
    }
  }
}

export function finishChecking(id: string): void {
  const still = new Set(checking.value)
  still.delete(id)
  checking.value = still
}
