import { describe, expect, it } from 'vitest'
import type { CheckReport } from '#checks/finding.ts'
import { currentStep, stepStatus, withReport } from '#checks/progress.ts'

const report = (step: string, status: CheckReport['status'], at: number): CheckReport => ({
  lab: 'l',
  step,
  status,
  findings: [],
  at,
  duration: 1,
})

describe('progress', () => {
  it('keeps a step passed when a later step undoes its work', () => {
    let progress = withReport({}, report('a', 'passed', 10))
    progress = withReport(progress, report('a', 'failed', 20))
    expect(stepStatus(progress.a)).toBe('passed')
    expect(progress.a).toMatchObject({ passedAt: 10, report: { status: 'failed' } })
  })

  it('does not blame the learner for a check that could not run', () => {
    expect(stepStatus(withReport({}, report('a', 'error', 10)).a)).toBe('todo')
  })

  it('names the first step that has not passed', () => {
    const steps = [{ id: 'a' }, { id: 'b' }]
    expect(currentStep(steps, {})).toEqual({ id: 'a' })
    const progress = withReport({}, report('a', 'passed', 1))
    expect(currentStep(steps, progress)).toEqual({ id: 'b' })
    expect(currentStep(steps, withReport(progress, report('b', 'passed', 2)))).toBeUndefined()
  })
})
