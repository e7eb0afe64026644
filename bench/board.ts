/**
 * An instructor's board with many learners: `node bench/board.ts [learners] [checks a second] [seconds] [folder for pictures]`, 100 learners,
 * 20 checks a second and 20 seconds when left out. The checks go through the server's API and database, their verdicts are made up; the board
 * is a page in a real browser that is loaded once. Prints how long the page's frames take and how much it computes, beside the same page in
 * the same browser while nothing happens, and how long it takes from a check's answer to its cell. Exits with 1 when the page asked for the board again.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { CheckReport } from '#checks/finding.ts'
import { loadLabs } from '#labs/load.ts'
import { buildSite } from '#site/build.ts'
import type { Cohort } from '../src/server/api.ts'
import type { Workspace } from '../src/workspace/terminals.ts'
import { launchBrowser } from '../test/support/browser.ts'
import { firstAdministrator, joined, startHosted, type Visitor } from '../test/support/hosted.ts'

const LAB = 'first-eks-cluster'
const FINDINGS = [
  ['no-cluster', 'There is a cluster named harbour'],
  ['cluster-creating', 'The cluster is ACTIVE'],
  ['no-nodes', 'The nodes are Ready'],
  ['wrong-image', 'The Deployment runs the image that you pushed'],
  ['no-endpoints', 'The Service has endpoints'],
] as const
const GIVEN = ['Ana', 'Bao', 'Chidi', 'Dilnoza', 'Emil', 'Fatou', 'Giorgos', 'Hana', 'Inés', 'Jun']
const FAMILY = [
  'Alvarez',
  'Baptiste',
  'Chaudhary',
  'Dvořák',
  'Eriksen',
  'Fujimoto',
  'Grünwald',
  'Haddad',
  'Iyer',
  'Jansen-Obermayer',
]

/** No shells: terminals are not what is measured. */
const noTerminals: Workspace = {
  open: async () => crypto.randomUUID(),
  list: async () => new Map(),
  end: async () => {},
  attach: () => Promise.reject(new Error('no terminals here')),
  watch: () => Promise.reject(new Error('no terminals here')),
  close: async () => {},
  stop: async () => {},
}

/** Steps that a learner's work passes, by learner and step; the verdicts of the moment. */
let verdict: { passed: boolean; finding: number } = { passed: false, finding: 0 }
const [learners = 100, rate = 20, seconds = 20] = process.argv.slice(2, 5).map(Number)
const pictures = process.argv[5]

const server = await startHosted(
  {},
  {
    site: buildSite(),
    labs: loadLabs(),
    workspace: noTerminals,
    runner: {
      run: async ({ lab, step }): Promise<CheckReport> => {
        const [id, title] = FINDINGS[verdict.finding]!
        const status = verdict.passed ? 'passed' : 'failed'
        return {
          lab,
          step,
          status,
          at: Date.now(),
          duration: 5,
          findings: [{ id, title, status, observed: 'as it is' }],
        }
      },
      warm() {},
      async close() {},
    },
  },
)
const admin = await firstAdministrator(server)
const { body: cohort } = await admin.call<Cohort>('POST', '/api/cohorts', {
  name: `Bootcamp of ${learners}`,
  labs: [LAB],
})
const lab = (await loadLabs()).find(({ id }) => id === LAB)
const steps = lab!.steps.map(({ id }) => id)
const people: { visitor: Visitor; at: number }[] = []
for (let index = 0; index < learners; index++) {
  const name = `${GIVEN[index % 10]} ${FAMILY[Math.floor(index / 10) % 10]}`
  const visitor = await joined(server, cohort, name)
  await visitor.call('POST', `/api/labs/${LAB}/start`)
  people.push({ visitor, at: 0 })
}

/** The same numbers in each run. */
let seed = 1
const random = () => {
  seed = (seed * 48_271) % 2_147_483_647
  return seed / 2_147_483_647
}
const check = async () => {
  const person = people[Math.floor(random() * people.length)]!
  const step = steps[Math.min(person.at, steps.length - 1)]!
  verdict = { passed: random() < 0.4, finding: Math.floor(random() * FINDINGS.length) }
  if (verdict.passed) person.at++
  await person.visitor.call('POST', `/api/labs/${LAB}/steps/${step}/check`)
}
for (let index = 0; index < learners * 3; index++) await check()
for (const { visitor } of people.slice(0, 8))
  await visitor.call('POST', '/api/hands', {
    lab: LAB,
    step: steps[1],
    note: 'It says that there is no node, and I do not see why.',
  })

const browser = await launchBrowser()
const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
const [name, value] = admin.cookie.split('=') as [string, string]
await page.context().addCookies([{ name, value, url: server.url }])
let asked = 0
page.on('request', (request) => {
  if (request.url().endsWith('/board')) asked++
})
await page.goto(`${server.url}/classroom/#${cohort.id}`)
await page
  .locator('.board-table tbody tr')
  .nth(learners - 1)
  .waitFor()
const protocol = await page.context().newCDPSession(page)
await protocol.send('Performance.enable')

/** How the page does for a while: frames (ms), and its computing (share of one core). */
async function measure(during: () => Promise<void>) {
  const computed = async () => {
    const { metrics } = await protocol.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')!.value
  }
  await page.evaluate(() => {
    const frames: number[] = []
    let last = performance.now()
    const next = (now: number) => {
      frames.push(now - last)
      last = now
      Object.assign(window, { frames, frame: requestAnimationFrame(next) })
    }
    requestAnimationFrame(next)
  })
  const [before, began] = [await computed(), performance.now()]
  await during()
  const share = ((await computed()) - before) / ((performance.now() - began) / 1000)
  const frames = await page.evaluate(() => {
    const { frames, frame } = window as unknown as { frames: number[]; frame: number }
    cancelAnimationFrame(frame)
    return frames.sort((a, b) => a - b)
  })
  const at = (part: number) => Math.round(frames[Math.floor((frames.length - 1) * part)] ?? 0)
  return { frames: frames.length, p50: at(0.5), p99: at(0.99), longest: at(1), share: share.toFixed(2) }
}

const idle = await measure(() => pause(5_000))
const lags: number[] = []
const busy = await measure(async () => {
  const end = performance.now() + seconds * 1000
  for (let count = 0; performance.now() < end; count++) {
    const next = performance.now() + 1000 / rate
    if (count % rate === 0) {
      const changed = page.evaluate(
        () =>
          new Promise<void>((resolve) => {
            const watch = new MutationObserver(() => {
              watch.disconnect()
              resolve()
            })
            watch.observe(document.querySelector('.board-table')!, {
              subtree: true,
              childList: true,
              characterData: true,
              attributes: true,
            })
          }),
      )
      const began = performance.now()
      await check()
      const shown = await Promise.race([changed.then(() => true), pause(1000, false)])
      // A check that says what it said before changes nothing.
      if (shown) lags.push(performance.now() - began)
    } else await check()
    await pause(Math.max(0, next - performance.now()))
  }
})
console.log(`${learners} learners, ${steps.length} steps, ${rate} checks a second for ${seconds} s`)
console.table({ 'nothing happens': idle, 'checks come in': busy })
lags.sort((a, b) => a - b)
console.log(
  `from a check to its cell: median ${Math.round(lags[lags.length >> 1] ?? 0)} ms, longest ${Math.round(lags.at(-1) ?? 0)} ms`,
)
console.log(`the board was asked for ${asked} time(s)`)
if (pictures)
  for (const [file, width, scheme] of [
    ['light', 1440, 'light'],
    ['dark', 1440, 'dark'],
    ['1024', 1024, 'light'],
    ['390', 390, 'light'],
  ] as const) {
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme: scheme })
    await page.screenshot({ path: `${pictures}/board-${file}.png` })
  }
await browser.close()
await server.close()
process.exitCode = asked === 1 ? 0 : 1
