import { describe, expect, it } from 'vitest'
import { type Certificate, newSecret, Seal } from '#course/certificate.ts'
import { isProven, progressFileSchema, writeProgressFile } from '#course/progress-file.ts'
import { isDone, mark, mergeRecords } from '#course/record.ts'
import type { Question } from '#labs/lesson-schema.ts'

const QUIZ = [
  {
    ask: 'One?',
    answers: [
      { text: 'a', why: '' },
      { text: 'b', right: true, why: '' },
    ],
  },
  {
    ask: 'Two?',
    answers: [
      { text: 'a', right: true, why: '' },
      { text: 'b', why: '' },
    ],
  },
] as Question[]

describe('a lesson’s record', () => {
  const answered = (choice: string, at: number) =>
    mark({ opened: at, visited: at, answers: { 0: { choice, at } } }, QUIZ)

  it('keeps that a question was once right, whichever record is merged into which', () => {
    const right = answered('1', 100)
    const wrongLater = answered('0', 200)
    for (const merged of [mergeRecords(right, wrongLater), mergeRecords(wrongLater, right)]) {
      expect(merged).toEqual({
        opened: 100,
        visited: 200,
        answers: { 0: { choice: '0', at: 200, rightAt: 100 } },
      })
    }
  })

  it('is done when each question was answered rightly', () => {
    expect(isDone(answered('1', 1), QUIZ)).toBe(false)
    const both = mergeRecords(
      answered('1', 1),
      mark({ opened: 2, visited: 2, answers: { 1: { choice: '0', at: 2 } } }, QUIZ),
    )
    expect(isDone(both, QUIZ)).toBe(true)
  })

  it('does not believe that a wrong answer was right', () => {
    const claimed = { opened: 1, visited: 1, answers: { 0: { choice: '0', at: 1, rightAt: 1 } } }
    expect(mark(claimed, QUIZ).answers[0]).toEqual({ choice: '0', at: 1 })
    expect(mark({ ...claimed, answers: { 7: { choice: '', at: 1, rightAt: 1 } } }, QUIZ).answers[7]).toEqual({
      choice: '',
      at: 1,
    })
  })
})

describe('a progress file', () => {
  const seal = new Seal(newSecret())
  const file = writeProgressFile(seal, 'ann', {
    learner: 'Ann',
    lessons: {},
    labs: { web: { one: 1, two: 2 } },
    at: 3,
  })

  it('is proven where it was written and for whom, and read in any order', () => {
    const read = progressFileSchema.parse(
      JSON.parse(JSON.stringify({ ...file, labs: { web: { two: 2, one: 1 } } })),
    )
    expect(isProven(seal, 'ann', read)).toBe(true)
    expect(isProven(seal, 'bob', read)).toBe(false)
    expect(isProven(new Seal(newSecret()), 'ann', read)).toBe(false)
    expect(isProven(seal, 'ann', { ...read, labs: { web: { one: 1, two: 2, three: 3 } } })).toBe(false)
  })
})

describe('a certificate', () => {
  const seal = new Seal(newSecret())
  const certificate: Certificate = {
    id: 'x',
    name: 'Ann Example',
    title: 'Beginner',
    lessons: 2,
    labs: 1,
    steps: 3,
    unproven: 0,
    results: [{ title: 'The exam', points: 150, of: 200, passed: true }],
    finishedAt: 1,
    issuedAt: 2,
    issuer: 'https://learn.example.com',
  }

  it('opens where it was issued, and with no letter changed', () => {
    const code = seal.issue(certificate)
    expect(seal.open(` ${code}\n`)).toEqual(certificate)
    expect(new Seal(newSecret()).open(code)).toBeUndefined()
    const forged = Buffer.from(JSON.stringify({ ...certificate, name: 'Bob' })).toString('base64url')
    expect(seal.open(`${forged}.${code.split('.')[1]}`)).toBeUndefined()
    expect(seal.open('nonsense')).toBeUndefined()
  })

  it('of a time before results were written on it still opens', () => {
    const { results: _, ...old } = certificate
    const claims = Buffer.from(JSON.stringify(old)).toString('base64url')
    expect(seal.open(`${claims}.${seal.sign(claims)}`)).toEqual({ ...old, results: [] })
  })
})
