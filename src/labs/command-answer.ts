import type { CommandQuestion } from './lesson-schema.ts'

/** Where the script puts what it found, inside the home. */
const ANSWER_FOLDER = '.answer'
/** What is kept of an output, bytes; a command that prints more ends there. */
const OUTPUT_LIMIT = 64 * 1024
/** What is shown of an output, characters. */
const SHOWN = 4000

export interface AnswerRun {
  /** What the command printed, on both streams. */
  output: string
  /** Its exit code, and that of the question's check. Undefined when it was ended. */
  code: number | undefined
  check: number | undefined
}

/** How a command did as an answer. */
export interface CommandVerdict {
  right: boolean
  /** What it printed, cut. */
  output: string
  /** What is wrong with it: it failed or never ended, printed something else, or did something else. */
  reason?: 'failed' | 'timeout' | 'output' | 'effect'
}

/** A script that runs a command as an answer, then the question's check. Whatever the command is, the script ends with 0. */
export function answerScript(command: string, { check = 'true' }: CommandQuestion): string {
  return [
    'set +e',
    `mkdir -p ${ANSWER_FOLDER}`,
    `bash -o pipefail -c ${quote(command)} 2>&1 </dev/null | head -c ${OUTPUT_LIMIT} >${ANSWER_FOLDER}/output`,
    'CODE=${PIPESTATUS[0]}',
    `echo $CODE >${ANSWER_FOLDER}/code`,
    '[ $CODE = 0 ] || exit 0',
    `bash -euo pipefail -c ${quote(check)} >/dev/null 2>&1 </dev/null`,
    `echo $? >${ANSWER_FOLDER}/check`,
    'exit 0',
  ].join('\n')
}

/** How a run of the script went. `read` gives a file of the home, undefined where there is none. */
export async function readAnswer(read: (path: string) => Promise<string | undefined>): Promise<AnswerRun> {
  const [output = '', code, check] = await Promise.all(
    ['output', 'code', 'check'].map((name) => read(`${ANSWER_FOLDER}/${name}`)),
  )
  return { output, code: number(code), check: number(check) }
}

/** Whether a run is what the question asks for. */
export function judgeAnswer(
  { shows, hides }: CommandQuestion,
  { output, code, check }: AnswerRun,
): CommandVerdict {
  const shown = output.length > SHOWN ? `${output.slice(0, SHOWN)}\n…` : output.trimEnd()
  const wrong = (reason: CommandVerdict['reason']) => ({
    right: false,
    output: shown,
    ...(reason && { reason }),
  })
  if (code === undefined) return wrong('timeout')
  if (code !== 0) return wrong('failed')
  if (shows !== undefined && !new RegExp(shows, 'm').test(output)) return wrong('output')
  if (hides !== undefined && new RegExp(hides, 'm').test(output)) return wrong('output')
  if (check === undefined) return wrong('timeout')
  if (check !== 0) return wrong('effect')
  return { right: true, output: shown }
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

const number = (text: string | undefined) => (text === undefined ? undefined : Number(text))
