import { expect, it } from 'vitest'
import { type StepRecord, scoreLab, scoreStep } from '#labs/score.ts'

const MINUTE = 60_000
const record: StepRecord = { minutes: 6, time: 5 * MINUTE, hints: 0, solution: false, collateral: [] }
const points = (change: Partial<StepRecord>) => scoreStep({ ...record, ...change }).points

it('gives all points for a step in time, by oneself, with nothing harmed', () => {
  expect(points({})).toBe(10)
  expect(points({ time: 6 * MINUTE })).toBe(10)
})

it('takes points for hints, time and harm, and leaves one', () => {
  expect(points({ hints: 1 })).toBe(8)
  expect(points({ hints: 9 })).toBe(4)
  expect(points({ time: 7 * MINUTE })).toBe(9)
  expect(points({ time: 24 * 60 * MINUTE })).toBe(7)
  expect(points({ collateral: ['deployments prod/web'] })).toBe(9)
  expect(points({ hints: 3, time: 60 * MINUTE, collateral: ['a', 'b', 'c', 'd'] })).toBe(1)
})

it('gives none for a solution that was shown', () => {
  expect(points({ solution: true })).toBe(0)
})

it('passes with two thirds of the points of all steps', () => {
  const scores = Array.from({ length: 14 }, () => scoreStep(record))
  expect(scoreLab(20, scores)).toEqual({ points: 140, of: 200, needed: 134, passed: true, time: 70 * MINUTE })
  expect(scoreLab(20, scores.slice(1)).passed).toBe(false)
})
