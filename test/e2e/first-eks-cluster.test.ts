import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { axeViolations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { Drydock } from '../support/drydock.ts'
import { countPointing, tabTo } from '../support/keyboard.ts'
import { ShellPage } from '../support/shell-page.ts'

const LAB = 'first-eks-cluster'
/** In order, with the longest wait of a single command in it, ms: the CLI's waiters ask every 30 s. */
const STEPS = [
  { id: 'look-around', patience: 30_000 },
  { id: 'create-cluster', patience: 240_000 },
  { id: 'push-image', patience: 120_000 },
  { id: 'deploy', patience: 240_000 },
  { id: 'clean-up', patience: 240_000 },
]

let browser: Browser
let drydock: Drydock
let page: Page
let shell: ShellPage

beforeAll(async () => {
  drydock = await Drydock.start()
  browser = await launchBrowser()
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  page = await context.newPage()
  page.setDefaultTimeout(20_000)
  shell = new ShellPage(page)
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await drydock?.close()
})

const status = (step: string) => page.locator(`details[data-step="${step}"] > summary .status`)
const statuses = () => page.locator('details.step > summary .status').allTextContents()

/** Types a step's solution and waits until the page turns the step green by itself. */
async function doStep({ id, patience }: (typeof STEPS)[number]): Promise<void> {
  const file = fileURLToPath(new URL(`../../labs/${LAB}/solutions/${id}.sh`, import.meta.url))
  await shell.run(await readFile(file, 'utf8'), patience)
  await status(id)
    .and(page.getByText('Done'))
    .waitFor({ timeout: 30_000 })
    .catch(async () => {
      const findings = await page.locator(`details[data-step="${id}"] .report`).allTextContents()
      throw new Error(`"${id}" did not turn green.\n${findings.join('\n')}\n${await shell.text()}`)
    })
}

it('leads by keyboard alone from the first command to a clean account, over a reload and a crash of the server', async () => {
  const pointed = await countPointing(page)
  await page.goto(drydock.link)
  await tabTo(page, page.getByRole('link', { name: 'Start “Your first EKS cluster”' }))
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Start the lab' }).waitFor()
  await page.keyboard.press('t')
  await page.keyboard.press('Enter')
  await shell.ready(60_000)

  const [lookAround, createCluster, pushImage, deploy, cleanUp] = STEPS
  // Out of the terminal to the step, to its first command, and with that back.
  await page.keyboard.press('F6')
  await page.keyboard.press('s')
  const first = page.locator(`details[data-step="${lookAround!.id}"]`)
  await tabTo(page, first.getByRole('button', { name: 'Type into the terminal' }).first())
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await page
    .getByText(/"?Arn"?:/)
    .first()
    .waitFor()
  await shell.ready(30_000)
  await doStep(lookAround!)
  await doStep(createCluster!)
  expect(await axeViolations(page)).toEqual([])

  // A reload: the screen and the progress are as they were.
  const before = await shell.text()
  await page.reload()
  await shell.ready(20_000)
  expect((await shell.text()).split('\n').slice(-5)).toEqual(before.split('\n').slice(-5))
  expect((await statuses()).slice(0, 2)).toEqual(['Done', 'Done'])
  await doStep(pushImage!)

  // A crash: the page waits, and goes on with the same shell in the same cloud.
  await drydock.kill()
  await page.getByText('Reconnecting…').first().waitFor()
  await drydock.run()
  await page.getByText('Connected', { exact: true }).waitFor({ state: 'attached', timeout: 60_000 })
  await doStep(deploy!)
  await doStep(cleanUp!)
  await page.getByText('All steps are done.').waitFor()
  expect(await statuses()).toEqual(['Done', 'Done', 'Done', 'Done', 'Done'])
  expect(await pointed()).toBe(0)
}, 1_500_000)
