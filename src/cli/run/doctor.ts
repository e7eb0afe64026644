import pc from 'picocolors'
import { doctor } from '#workspace/doctor.ts'
import { prepare } from '../prepare.ts'
import { showProgress } from '../progress.ts'

/** Tells what the machine has and lacks. */
export async function tellFindings({ json }: { json?: boolean }): Promise<void> {
  const { progress, done } = showProgress()
  const toolbox = await prepare(progress)
  done()
  const findings = await doctor({ toolbox })
  if (findings.some(({ status }) => status === 'missing')) process.exitCode = 1
  if (json) return console.log(JSON.stringify(findings, undefined, 2))
  const mark = { ok: pc.green('✓'), warning: pc.yellow('!'), missing: pc.red('✗') }
  const width = Math.max(...findings.map(({ name }) => name.length))
  for (const { name, status, detail, next } of findings) {
    console.log(`${mark[status]} ${name.padEnd(width)}  ${detail}`)
    if (next) console.log(`  ${' '.repeat(width)}  ${pc.dim(next)}`)
  }
}
