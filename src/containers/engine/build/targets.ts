import { badRequest } from '../api.ts'
import { type Instruction, parseInstruction, splitWords } from './dockerfile.ts'

/** The instructions up to the end of the target's stage; all without one. Throws EngineError when there is no such stage. */
export function untilTarget(instructions: Instruction[], target: string): Instruction[] {
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []))
  if (starts.length === 0) throw badRequest('no build stage in current context')
  if (target === '') return instructions
  const named = starts.findIndex(
    (index) => splitWords(instructions[index]!.text)[2]?.toLowerCase() === target.toLowerCase(),
  )
  const stage = named === -1 && /^\d+$/.test(target) ? Number(target) : named
  if (stage < 0 || stage >= starts.length)
    throw badRequest(`target stage ${JSON.stringify(target)} could not be found`)
  return instructions.slice(0, starts[stage + 1])
}

/** The step that `--label` adds. */
export function labelInstruction(key: string, value: string): Instruction {
  const plain = (text: string) => (/^[\w./:@+-]*$/.test(text) ? text : JSON.stringify(text))
  return parseInstruction(`LABEL ${plain(key)}=${plain(value)}`, 0)
}
