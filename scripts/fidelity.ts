// Writes what the simulation covers into FIDELITY.md: `node scripts/fidelity.ts`.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { coverage } from '#cloud/coverage.ts'

const file = fileURLToPath(new URL('../FIDELITY.md', import.meta.url))
const START = '<!-- coverage: written by scripts/fidelity.ts from the code -->'
const END = '<!-- /coverage -->'

const text = await readFile(file, 'utf8')
const [before, rest = ''] = text.split(START)
const after = rest.split(END)[1]
if (after === undefined) throw new Error(`FIDELITY.md lacks its marks ${START} and ${END}`)
const next = `${before}${START}\n\n${await coverage()}\n${END}${after}`
if (process.argv.includes('--check')) {
  if (next !== text) {
    console.error('FIDELITY.md is not up to date: run "node scripts/fidelity.ts"')
    process.exit(1)
  }
} else await writeFile(file, next)
