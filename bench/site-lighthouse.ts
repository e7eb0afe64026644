// Lighthouse, on its throttled phone, on pages of each kind: `node bench/site-lighthouse.ts [PATH…]`. Lighthouse (176 MB) is no part of the project:
// npm fetches it for this run. Prints scores and what takes them below 100. The browser is that of the tests.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { loadLabs } from '#labs/load.ts'
import { buildSite } from '#site/build.ts'
import { browserPath } from '../test/support/browser.ts'
import { TestServer } from '../test/support/server.ts'

const LIGHTHOUSE = 'lighthouse@13.5.0'
const PAGES = process.argv.slice(2)
if (PAGES.length === 0)
  PAGES.push(
    '/',
    '/course/',
    '/lessons/eks/what-eks-manages/',
    '/glossary/',
    '/zh-CN/course/',
    '/labs/first-eks-cluster/',
  )

interface Result {
  categories: Record<string, { score: number | null; auditRefs: { id: string; weight: number }[] }>
  audits: Record<
    string,
    { score: number | null; numericValue?: number; title: string; scoreDisplayMode: string }
  >
}

const run = promisify(execFile)
const folder = fileURLToPath(new URL('../node_modules/.cache/drydock/lighthouse', import.meta.url))
const cli = join(folder, 'node_modules/lighthouse/cli/index.js')
if (!existsSync(cli)) {
  await mkdir(folder, { recursive: true })
  await run('npm', ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', LIGHTHOUSE])
}

const server = await TestServer.start({ labs: loadLabs(), site: buildSite() })
/** The result for a page. On an overloaded machine a trace may lack its beginning: then Lighthouse says to run it again. */
async function audit(path: string, attempts = 3): Promise<Result> {
  try {
    const { stdout } = await run(
      process.execPath,
      [
        cli,
        server.url + path,
        '--chrome-flags=--headless --no-sandbox --disable-gpu',
        '--output=json',
        '--quiet',
        `--extra-headers=${JSON.stringify({ Cookie: server.cookie })}`,
        '--only-categories=performance,accessibility,best-practices,seo',
      ],
      {
        maxBuffer: 64 * 1024 * 1024,
        timeout: 180_000,
        env: { ...process.env, CHROME_PATH: await browserPath() },
      },
    )
    return JSON.parse(stdout)
  } catch (error) {
    console.log(`${path}: ${(error as { stderr?: string }).stderr?.trim() || error}`)
    if (attempts === 1) throw new Error(`Lighthouse gives no result for ${path}`)
    return audit(path, attempts - 1)
  }
}

for (const path of PAGES) {
  const { categories, audits } = await audit(path)
  const scores = Object.entries(categories).map(
    ([name, { score }]) => `${name} ${Math.round((score ?? 0) * 100)}`,
  )
  const ms = (id: string) => Math.round(audits[id]?.numericValue ?? 0)
  console.log(
    `${path}: ${scores.join(', ')}; first paint ${ms('first-contentful-paint')} ms, largest ${ms('largest-contentful-paint')} ms, interactive ${ms('interactive')} ms, blocked ${ms('total-blocking-time')} ms`,
  )
  for (const [name, { auditRefs }] of Object.entries(categories))
    for (const { id, weight } of auditRefs) {
      const audit = audits[id]!
      if (weight > 0 && audit.score !== null && audit.score < 0.9) console.log(`  ${name}: ${audit.title}`)
    }
}
await server.close()
process.exit(0)
