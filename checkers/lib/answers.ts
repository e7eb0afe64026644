import { parse } from 'yaml'
import type { CheckContext } from '#checks/checker.ts'

/** A question that is answered in a file: `scheduler: pending`. */
export interface Question {
  key: string
  /** The good state: "What a stopped scheduler does is understood". */
  title: string
  /** The right answers, in lower case; the first is shown nowhere. */
  right: string[] | ((answer: string) => boolean)
  /** What may be answered, where there is a choice. */
  choices?: string[]
  /** Why a wrong answer is wrong, by answer; `else` for any other. */
  why: Record<string, string>
  hint: string
  evidence?: string
}

/**
 * The answers in a YAML file of the learner, each judged with a reason: `no-answers`, `answers-unreadable`,
 * `<key>-missing`, `<key>-not-a-choice`, `wrong-<key>`.
 */
export async function expectAnswers(t: CheckContext, file: string, questions: Question[]): Promise<void> {
  const text = t.found(await t.files.read(file), {
    id: 'no-answers',
    title: `${file} is in your home folder`,
    expected: `a file ~/${file} with a line for each of: ${questions.map(({ key }) => key).join(', ')}`,
    observed: 'there is no such file',
    evidence: `ls ~/${file}`,
    hint: `Make it with an editor: one line "name: answer" each.`,
  })
  const answers = readYaml(text)
  t.expect(answers !== undefined, {
    id: 'answers-unreadable',
    title: `${file} is valid YAML`,
    expected: 'lines such as "name: answer"',
    observed: `it begins with: ${text.trim().slice(0, 60)}`,
    evidence: `cat ~/${file}`,
    hint: 'Write one name, a colon, a space and the answer on each line.',
  })
  for (const question of questions) expectAnswer(t, file, question, answers![question.key])
}

function expectAnswer(t: CheckContext, file: string, question: Question, value: unknown): void {
  const { key, title, right, choices, why, hint } = question
  const written = String(value ?? '')
    .trim()
    .toLowerCase()
  // "Docker Hub" is meant as "docker-hub".
  const answer = choices ? written.replace(/[\s_]+/g, '-') : written
  const evidence = question.evidence ?? `cat ~/${file}`
  t.expect(answer !== '', {
    id: `${key}-missing`,
    title: `${key} is answered`,
    expected: choices ? `one of: ${choices.join(', ')}` : `an answer behind "${key}:"`,
    observed: 'nothing',
    evidence,
    hint,
  })
  t.expect(!choices || choices.includes(answer), {
    id: `${key}-not-a-choice`,
    title: `${key} is one of the choices`,
    expected: choices?.join(', ') ?? '',
    observed: answer,
    evidence,
    hint: `Write one of: ${choices?.join(', ')}.`,
  })
  t.expect(typeof right === 'function' ? right(answer) : right.includes(answer), {
    id: `wrong-${key}`,
    title,
    expected: 'another answer',
    observed: answer,
    seen: answer,
    evidence,
    cause: why[answer] ?? why.else ?? 'Look again at what the command shows.',
    hint,
  })
}

function readYaml(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = parse(text) ?? {}
    return typeof value === 'object' ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
