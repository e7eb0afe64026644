import pc from 'picocolors'
import { formatFinding } from '#checks/report-text.ts'
import type { ProofReporter } from './proof.ts'

type Write = (text: string) => void

const OUTPUT_LINES_SHOWN = 30

/** Prints each proof as it is made; what is not proven with the check's findings and the script's last lines. */
export function humanReporter(write: Write): ProofReporter {
  let done = 0
  let total = 0
  return {
    lab({ title, id, proofs }) {
      total += proofs
      write(`${pc.bold(title)} ${pc.dim(`(${id}, ${proofs} proofs)`)}\n`)
    },
    proof({ step, title, proven, problem, findings, output, duration }) {
      done++
      const mark = proven ? pc.green('✓') : pc.red('✗')
      const time = pc.dim(`${(duration / 1000).toFixed(1)} s`)
      write(`${pc.dim(`[${done}/${total}]`)} ${mark} ${step}: ${title}  ${time}\n`)
      if (proven) return
      write(`    ${pc.red(problem ?? 'not proven')}\n`)
      for (const finding of findings ?? []) write(indent(formatFinding(finding)))
      if (output)
        write(
          `    what the script printed:\n${indent(output.split('\n').slice(-OUTPUT_LINES_SHOWN).join('\n'))}`,
        )
    },
    end({ proven, failed, duration }) {
      const seconds = (duration / 1000).toFixed(0)
      const result = failed === 0 ? pc.green('all proven') : pc.red(`${failed} not proven`)
      write(`${proven} of ${proven + failed} proofs, ${result}, in ${seconds} s\n`)
    },
  }
}

/** One JSON object a line: `{"type":"lab"|"proof"|"end",…}`. */
export function jsonReporter(write: Write): ProofReporter {
  const line = (type: string, value: object) => write(`${JSON.stringify({ type, ...value })}\n`)
  return {
    lab: (lab) => line('lab', lab),
    proof: (proof) => line('proof', proof),
    end: (summary) => line('end', summary),
  }
}

const indent = (text: string) =>
  `${text
    .trimEnd()
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n')}\n`
