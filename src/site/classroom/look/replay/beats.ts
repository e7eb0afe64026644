import type { KeptMoment, LabState, SessionRecording, TimelineCall } from '#server/api.ts'
import { t } from '../../../i18n/index.ts'

/** Something that happened, as the list of a replay has it. */
export interface Beat {
  /** ms since the epoch */
  at: number
  kind: 'finding' | 'passed' | 'help' | 'call' | 'lab'
  text: string
  detail?: string
  /** The call, for the cloud just after it. */
  call?: TimelineCall
}

/** All that happened, in order. */
export function beatsOf({ moments, calls }: SessionRecording, steps: LabState['steps']): Beat[] {
  const titles = new Map(steps.map(({ id, title }) => [id, title]))
  const titleOf = (step: string) => titles.get(step) ?? step
  const beats = [...moments.flatMap((moment) => beatOf(moment, titleOf)), ...calls.map(beatOfCall)]
  return beats.sort((a, b) => a.at - b.at)
}

function beatOf(moment: KeptMoment, titleOf: (step: string) => string): Beat[] {
  const { at } = moment
  switch (moment.kind) {
    case 'started':
    case 'reset':
      return [{ at, kind: 'lab', text: t.replay[moment.kind] }]
    case 'check': {
      const step = titleOf(moment.step)
      if (moment.status === 'passed') return [{ at, kind: 'passed', text: t.replay.passed(step) }]
      // A check that could not run says nothing about the work.
      if (moment.status === 'error' || !moment.finding) return []
      const { title, observed } = moment.finding
      return [{ at, kind: 'finding', text: title, detail: observed ? `${step}: ${observed}` : step }]
    }
    case 'hints': {
      const step = titleOf(moment.step)
      const text = moment.solution ? t.replay.solution(step) : t.replay.hint(moment.opened, step)
      return [{ at, kind: 'help', text }]
    }
    case 'skipped':
      return [{ at, kind: 'help', text: t.replay.skipped(titleOf(moment.step)) }]
    case 'clock':
      return []
  }
}

function beatOfCall(call: TimelineCall): Beat {
  const source = call.source.replace('.amazonaws.com', '')
  return {
    at: call.at,
    kind: 'call',
    text: [source, call.operation, call.target].filter(Boolean).join(' '),
    ...(call.error && { detail: `${call.error.code}: ${call.error.message}` }),
    call,
  }
}
