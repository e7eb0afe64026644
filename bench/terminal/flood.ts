/**
 * A terminal that prints 200 MB, in a real browser: `node bench/terminal/flood.ts`. How long the page was busy at a stretch, how long a click
 * took, what server and pty-host grew, and how long Ctrl+C took in the midst of it. Exits with 1 if an aim is missed.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchBrowser } from '../../test/support/browser.ts'
import { LabPage } from '../../test/support/lab-page.ts'
import { memoryRise, residentMiB } from '../../test/support/memory.ts'

const BYTES = 200_000_000
/** In the first, V8 also gets to know the code and how much of its young generation it needs; the second is what a flood costs. */
const FLOODS = 2
const AIM = { click: 500, stop: 1_000, growth: 20 }

const folder = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
const file = join(folder, 'flood')
await writeFile(file, `${'0123456789abcdef'.repeat(5).slice(0, 79)}\n`.repeat(BYTES / 80))

const server = fork(
  new URL('../../test/support/serve.ts', import.meta.url),
  [join(folder, 'data'), '0', 'pages'],
  {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  },
)
const [said] = await once(server.stdout!, 'data')
const link = String(said).trim()
const browser = await launchBrowser()
const lab = await LabPage.open(browser, { url: new URL(link).origin, server: { link } })
const { page } = lab
await lab.start()
const map = page.getByRole('dialog', { name: 'Keyboard' })
/** ms from a click on a button until its dialog is seen. */
async function click(): Promise<number> {
  const started = performance.now()
  await page.getByRole('button', { name: 'Keyboard' }).click()
  await map.waitFor()
  const time = performance.now() - started
  await page.keyboard.press('Escape')
  await map.waitFor({ state: 'detached' })
  return time
}
const quantile = (sorted: number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!
const calm: number[] = []
for (let round = 0; round < 10; round++) calm.push(await click())
calm.sort((a, b) => a - b)

const children = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
const host = Number(children.split(' ')[0])
await page.evaluate(() => {
  const frames: number[] = []
  let last = performance.now()
  const frame = () => {
    const now = performance.now()
    frames.push(now - last)
    last = now
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
  Object.assign(globalThis, { frames })
})
const clicks: number[] = []
const times: number[] = []
const rises: { server: number; host: number; after: number }[] = []
/** 200 MB, with clicks meanwhile. */
async function flood(round: number): Promise<void> {
  const before = residentMiB(server.pid!) + residentMiB(host)
  let rise = 0
  const serverRise = await memoryRise(server.pid!, async () => {
    rise = await memoryRise(host, async () => {
      const started = performance.now()
      await lab.type(`cat ${file}; echo th""e-end-${round}\n`)
      let over = false
      const end = page
        .waitForFunction(
          (round) =>
            document
              .querySelector('.terminal-view.active .xterm-rows')
              ?.textContent?.includes(`the-end-${round}`),
          round,
          { timeout: 600_000, polling: 200 },
        )
        .then(() => {
          over = true
          times.push(performance.now() - started)
        })
      while (!over) {
        clicks.push(await click())
        await new Promise((done) => setTimeout(done, 300))
      }
      await end
    })
  })
  const after = residentMiB(server.pid!) + residentMiB(host)
  rises.push({ server: serverRise, host: rise, after: after - before })
}
for (let round = 0; round < FLOODS; round++) await flood(round)
const frames = await page.evaluate(() => (globalThis as unknown as { frames: number[] }).frames)
frames.sort((a, b) => a - b)
clicks.sort((a, b) => a - b)

const stops: number[] = []
for (let round = 0; round < 5; round++) {
  await lab.type(`cat ${file} ${file}\n`)
  await page.waitForTimeout(2_000)
  const started = performance.now()
  await page.keyboard.press('Control+C')
  await lab.type(`echo calm-$((${round}+100))\n`)
  await lab.seen(`calm-${round + 100}`)
  stops.push(performance.now() - started)
}
stops.sort((a, b) => a - b)
await browser.close()
server.disconnect()
await once(server, 'exit')
await rm(folder, { recursive: true, force: true })

const ms = (value: number) => `${value.toFixed(0)} ms`
for (const time of times)
  console.log(`200 MB in ${(time / 1000).toFixed(1)} s (${(BYTES / time / 1000).toFixed(1)} MB/s)`)
console.log(
  `frames: p50 ${ms(quantile(frames, 0.5))}, p99 ${ms(quantile(frames, 0.99))}, max ${ms(frames.at(-1)!)}`,
)
console.log(
  `a click on a button until its dialog is seen: p50 ${ms(quantile(clicks, 0.5))}, p95 ${ms(quantile(clicks, 0.95))} of ${clicks.length}; with a quiet terminal ${ms(quantile(calm, 0.5))} (aim: p95 ${AIM.click} ms)`,
)
for (const { server, host, after } of rises)
  console.log(
    `memory at its most: server +${server.toFixed(1)} MiB, pty-host +${host.toFixed(1)} MiB (aim: ${AIM.growth} MiB together); afterwards ${after.toFixed(1)} MiB more than before`,
  )
console.log(
  `Ctrl+C until the next command has answered: p50 ${ms(quantile(stops, 0.5))}, max ${ms(stops.at(-1)!)} (aim: ${AIM.stop} ms)`,
)
process.exitCode =
  quantile(clicks, 0.95) < AIM.click &&
  rises.every(({ server, host }) => server + host < AIM.growth) &&
  stops.at(-1)! < AIM.stop
    ? 0
    : 1
