import { resolvePath } from '../files/tree.ts'
import type { Program } from '../processes/process.ts'
import { evaluateTest, TestError } from '../shell/conditional.ts'

/** `test` and `[` as programs of their own: for probes and `exec`, which start no shell. */
export const test: Program = async (process) => {
  const [name, ...words] = process.argv
  try {
    if (name === '[' && words.pop() !== ']') throw new TestError("missing ']'")
    const place = {
      process,
      files: process.machine.files,
      resolve: (path: string) => resolvePath(process.cwd, path),
      dialect: { bash: false },
      lookup: (variable: string) => process.env.get(variable),
    }
    return evaluateTest(place, words) ? 0 : 1
  } catch (error) {
    if (!(error instanceof TestError)) throw error
    await process.complain(`${name}: ${error.message}\n`)
    return 2
  }
}
