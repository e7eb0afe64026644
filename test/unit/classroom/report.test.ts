import { expect, it } from 'vitest'
import { reportCsv } from '../../../src/classroom/report.ts'

const exam = { id: 'exam', title: 'The exam', steps: [{ id: 'one', title: 'One', hints: [] }] }
const person = (id: string, name: string) => ({ id, name, cells: [], hints: {}, skipped: [] })
const result = (points: number) => ({ points, of: 10, needed: 7, passed: points >= 7, time: 0 })

it('has the points of scored labs, and none for who has not begun', () => {
  const people = [person('a', 'Ann'), person('b', 'Bea')]
  const lines = reportCsv([exam], people, new Map([['a', new Map([['exam', result(8)]])]])).split('\n')
  expect(lines).toEqual([
    'Name,Steps passed of 1,"exam: points of 10, 7 pass",exam/one',
    'Ann,0,8,',
    'Bea,0,,',
    '',
  ])
})

it('has no column of points where nothing is scored', () => {
  expect(reportCsv([exam], [person('a', 'Ann')], new Map()).split('\n')[0]).toBe(
    'Name,Steps passed of 1,exam/one',
  )
})
