import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CheckReport } from '#checks/finding.ts'
import { loadLabs } from '#labs/load.ts'
import { buildSite } from '#site/build.ts'
import { axeViolations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { LabPage } from '../support/lab-page.ts'
import { TestServer } from '../support/server.ts'

let browser: Browser
let test: TestServer
let page: Page
let lab: LabPage
/** Steps whose check passes. */
let passing: Set<string>

beforeAll(async () => {
  await buildSite()
  browser = await launchBrowser()
})
afterAll(() => browser?.close())

beforeEach(async () => {
  passing = new Set()
  test = await TestServer.start({
    site: buildSite(),
    labs: loadLabs(),
    runner: { run: async ({ lab, step }) => report(lab, step), warm() {}, async close() {} },
  })
  page = await newPage()
})
afterEach(async () => {
  await page.context().close()
  await test.close()
  expect(lab.faults).toEqual([])
})

function report(lab: string, step: string): CheckReport {
  const good = passing.has(step)
  return {
    lab,
    step,
    status: good ? 'passed' : 'failed',
    at: 1_800_000_000_000,
    duration: 5,
    findings: [
      { id: 'role', status: 'passed', title: 'The role exists' },
      good
        ? { id: 'nodes', status: 'passed', title: 'The nodes are Ready' }
        : {
            id: 'no-nodes',
            status: 'failed',
            title: 'The nodes are Ready',
            expected: 'two nodes, Ready',
            observed: 'no node',
            evidence: 'kubectl get nodes',
            cause: 'The node group was not made.',
            hint: 'Look at create-nodegroup.',
            lesson: '/lessons/eks/what-eks-manages/',
          },
    ],
  }
}

async function newPage(options: { dark?: boolean; width?: number } = {}): Promise<Page> {
  lab = await LabPage.open(browser, test, options)
  return lab.page
}

const startButton = () => lab.startButton
const screen = () => lab.screen
const step = (id: string): Locator => lab.step(id)
const start = () => lab.start()
const prompt = () => lab.prompt()
const type = (text: string) => lab.type(text)
const seen = (text: string) => lab.seen(text)

describe('the lab page', () => {
  it.each([false, true])('has no accessibility violation at any moment (dark: %s)', async (dark) => {
    await page.context().close()
    page = await newPage({ dark })
    await startButton().waitFor()
    expect(await axeViolations(page)).toEqual([])
    await start()
    await step('look-around').getByRole('button', { name: 'Check' }).click()
    await page.getByRole('heading', { name: 'The nodes are Ready' }).waitFor()
    expect(await axeViolations(page)).toEqual([])
    passing.add('look-around')
    await step('look-around').getByRole('button', { name: 'Check' }).click()
    await step('look-around').getByText('Done, checked').waitFor()
    expect(await axeViolations(page)).toEqual([])
  })

  it.each([1440, 1024, 800, 390])('fits a width of %i px, with text and terminal in reach', async (width) => {
    await page.setViewportSize({ width, height: 844 })
    await start()
    const over = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
    expect(over).toBe(false)
    for (const part of ['.steps', '.screen']) {
      const box = await page.locator(part).first().boundingBox()
      expect(box?.width).toBeGreaterThan(300)
      expect(box?.height).toBeGreaterThan(150)
    }
  })

  it('has the glossary at hand: a card within the pane, by pointer and keyboard, that Escape puts away', async () => {
    const term = step('look-around').getByRole('link', { name: 'availability zone' })
    const card = step('look-around').getByText('One or more data centres', { exact: false })
    await term.focus()
    await card.waitFor()
    const [pane, box] = [await page.locator('.steps').boundingBox(), await card.boundingBox()]
    expect(box!.x).toBeGreaterThanOrEqual(pane!.x)
    expect(box!.x + box!.width).toBeLessThanOrEqual(pane!.x + pane!.width)
    await page.keyboard.press('Escape')
    await card.waitFor({ state: 'hidden' })
  })

  it('says when a later step is checked', async () => {
    await start()
    const later = step('create-cluster')
    await later.locator('summary').first().click()
    await later.getByText('Checked by itself once “', { exact: false }).waitFor()
  })

  it('brings no terminal code before the start', async () => {
    const scripts = () =>
      page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
    await startButton().waitFor()
    expect((await scripts()).filter((name) => name.includes('Terminals') && name.endsWith('.js'))).toEqual([])
    await start()
    expect(
      (await scripts()).filter((name) => name.includes('Terminals') && name.endsWith('.js')),
    ).toHaveLength(1)
  })

  it('names account and region, and says how fast provisioning is', async () => {
    await start()
    await page.getByText('1111-2222-3333').waitFor()
    await page.getByText('us-east-1').first().waitFor()
    await page.getByText('AWS needs about 10 min, here about 15 s').waitFor()
  })
})

describe('a check', () => {
  it('shows in its place what was expected, what was seen, the command for it, and more help by choice', async () => {
    await start()
    const here = step('look-around')
    await here.getByRole('button', { name: 'Check' }).click()
    await here.getByText('two nodes, Ready').waitFor()
    await here.getByText('no node', { exact: true }).waitFor()
    await here.getByText('The node group was not made.').waitFor()
    expect(await here.getByText('Look at create-nodegroup.').isVisible()).toBe(false)
    await here.getByText('Show a hint', { exact: true }).click()
    await here.getByText('Look at create-nodegroup.').waitFor()
    expect(await here.getByRole('link', { name: 'Read the lesson' }).getAttribute('href')).toBe(
      '/lessons/eks/what-eks-manages/',
    )
  })

  it('turns green by itself when the world changes, tells it aloud, and shows the way on', async () => {
    await start()
    await step('look-around').getByText('Not yet').first().waitFor()
    passing.add('look-around')
    test.cloud.change('aws/111122223333/us-east-1/ec2/vpc/vpc-1')
    await step('look-around').getByText('Done, checked').waitFor()
    await page
      .locator('[data-island=announcer]', { hasText: 'Done: Look around' })
      .waitFor({ state: 'attached' })
    await page.locator('.toast').getByRole('button', { name: 'Next: Create the cluster' }).click()
    await page.locator('.toast').waitFor({ state: 'detached' })
    await step('create-cluster').getByText('A role for the cluster').waitFor()
    expect(await step('look-around').evaluate((details: HTMLDetailsElement) => details.open)).toBe(false)
    await page.getByText('1 of 5 done').waitFor({ state: 'attached' })
  })
})

describe('the terminal', () => {
  it('runs what is typed, and shows the same after a reload', async () => {
    await start()
    await type('echo sum-$((20 + 22))\n')
    await seen('sum-42')
    await page.reload()
    await prompt()
    await seen('sum-42')
    await type('echo again-$((1 + 1))\n')
    await seen('again-2')
  })

  it('types a command of the text without running it', async () => {
    await start()
    await step('look-around').getByRole('button', { name: 'Type into the terminal' }).first().click()
    await seen('aws sts get-caller-identity')
    expect(await page.evaluate(() => document.activeElement?.className)).toContain('xterm-helper-textarea')
    expect(await screen().textContent()).not.toContain('Unable to locate')
  })

  it('shows several pasted lines first, and runs none if told not to', async () => {
    await start()
    await page.evaluate(() => navigator.clipboard.writeText('echo one-$((0+1))\necho two-$((1+1))\n'))
    await type('')
    await page.keyboard.press('Control+Shift+V')
    const dialog = page.getByRole('dialog', { name: 'Paste 2 lines?' })
    await dialog.getByText('echo two').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.waitFor({ state: 'detached' })
    await type('echo after-$((1+2))\n')
    await seen('after-3')
    expect(await screen().textContent()).not.toContain('echo one')
  })

  it('lets the keyboard out and in again with F6', async () => {
    await start()
    await type('')
    await page.keyboard.press('F6')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('tab')
    await page.keyboard.press('F6')
    expect(await page.evaluate(() => document.activeElement?.className)).toContain('xterm-helper-textarea')
  })

  it('opens more of them as tabs, goes between them by arrow keys, and closes one after a question', async () => {
    await start()
    await page.getByRole('button', { name: 'New terminal' }).click()
    await page.getByRole('tab', { name: 'Terminal 2', selected: true }).waitFor()
    await prompt()
    await type('echo second-$((1+1))\n')
    await seen('second-2')
    await page.getByRole('tab', { name: 'Terminal 2' }).focus()
    await page.keyboard.press('ArrowLeft')
    expect(await page.getByRole('tab', { name: 'Terminal 1' }).getAttribute('aria-selected')).toBe('true')
    await page.getByRole('tab', { name: 'Terminal 2' }).click()
    await page.locator('.terminal-view.active .xterm-helper-textarea:focus').waitFor()
    await page.getByRole('button', { name: 'Close Terminal 2' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Close it' }).click()
    await page.getByRole('tab', { name: 'Terminal 2' }).waitFor({ state: 'detached' })
    await prompt()
  })

  it('says when a shell has ended, and starts another', async () => {
    await start()
    await type('exit 3\n')
    await page.getByText('The shell ended with exit code 3.').waitFor()
    await page.getByRole('button', { name: 'Start a new one' }).click()
    await prompt()
    await type('echo new-$((1+1))\n')
    await seen('new-2')
  })

  it('opens a printed address only after a question', async () => {
    await start()
    await type('clear; printf "%s\\n" http"://"example.com/page\n')
    await seen('http://example.com/page')
    const at = await screen().getByText('http://example.com/page').last().boundingBox()
    await page.mouse.move(at!.x + 30, at!.y + at!.height / 2)
    await page.mouse.move(at!.x + 40, at!.y + at!.height / 2)
    await page.mouse.click(at!.x + 40, at!.y + at!.height / 2)
    const dialog = page.getByRole('dialog', { name: 'Open this address?' })
    await dialog.getByText('http://example.com/page').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(page.context().pages()).toHaveLength(1)
  })

  it('finds text in what was printed', async () => {
    await start()
    await type('clear; printf "%s\\n" alpha beta gamma\n')
    await seen('gamma')
    await page.keyboard.press('Control+Shift+F')
    const field = page.getByRole('searchbox', { name: 'Find in the terminal' })
    await field.fill('beta')
    await page.keyboard.press('Enter')
    await page.locator('.xterm-selection div').first().waitFor({ state: 'attached' })
    await field.fill('omega')
    await page.keyboard.press('Enter')
    await page.getByText('Not found').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await field.press('Escape')
    expect(await page.evaluate(() => document.activeElement?.className)).toContain('xterm-helper-textarea')
  })

  it('copies what is selected, as a block of the text is copied, and has text of another size, remembered', async () => {
    await start()
    const copied = () => page.evaluate(() => navigator.clipboard.readText())
    await type('echo selected-$((40+2))\n')
    await seen('selected-42')
    const line = (await screen()
      .locator('div', { hasText: /^selected-42/ })
      .boundingBox())!
    await page.mouse.dblclick(line.x + 20, line.y + line.height / 2)
    await page.keyboard.press('Control+Shift+C')
    await expect.poll(copied).toContain('selected')
    await step('look-around').getByRole('button', { name: 'Copy' }).first().click()
    await expect.poll(copied).toContain('aws ')
    const size = () => screen().evaluate((rows) => getComputedStyle(rows).fontSize)
    const usual = Number.parseFloat(await size())
    await page.getByRole('button', { name: 'Terminal settings' }).click()
    await page.getByRole('button', { name: 'Larger text' }).click()
    await expect.poll(size).toBe(`${usual + 1}px`)
    await page.reload()
    await prompt()
    expect(await size()).toBe(`${usual + 1}px`)
  })

  it('gives screen readers the lines, if asked to', async () => {
    await start()
    await page.getByRole('button', { name: 'Terminal settings' }).click()
    await page.getByRole('checkbox', { name: 'Screen reader mode' }).check()
    expect(await axeViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await type('echo line-$((40+2))\n')
    await page
      .getByRole('listitem')
      .filter({ hasText: /^line-42/ })
      .waitFor()
  })

  it('types nothing before the start, but leads to it', async () => {
    await startButton().waitFor()
    await step('look-around').getByRole('button', { name: 'Type into the terminal' }).first().click()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Start the lab')
  })

  it('stops a flood at once with Ctrl+C', async () => {
    await start()
    await type('yes drydock\n')
    await seen('drydock')
    await page.waitForFunction(() => document.querySelectorAll('.xterm-rows > div').length > 20)
    await page.keyboard.press('Control+C')
    await type('echo calm-$((1+1))\n')
    await seen('calm-2')
  })
})

describe('when something goes away', () => {
  it('says that the server is gone, keeps what is shown, and comes back by itself', async () => {
    await start()
    await type('echo before-$((1+1))\n')
    await seen('before-2')
    const { port } = test
    await test.server.close({ terminals: 'keep' })
    await page.getByText('Reconnecting…').first().waitFor()
    expect(await screen().textContent()).toContain('before-2')
    await test.listen(port)
    await page.getByText('Connected', { exact: true }).waitFor({ state: 'attached' })
    await prompt()
    await type('echo after-$((1+2))\n')
    await seen('after-3')
    expect(await screen().textContent()).toContain('before-2')
  })

  it('says that the cloud is restarting', async () => {
    await start()
    test.cloud.tell('restarting')
    await page.getByText('The cloud is restarting…').waitFor()
    test.cloud.tell('up')
    await page.getByText('The cloud is restarting…').waitFor({ state: 'detached' })
  })

  it('gives a terminal to the window that asks last, and back on demand', async () => {
    await start()
    const second = await page.context().newPage()
    await second.goto(page.url())
    await page.getByText('This terminal is open in another window.').waitFor()
    await page.getByRole('button', { name: 'Use it here' }).click()
    await prompt()
    await second.getByText('This terminal is open in another window.').waitFor()
  })

  it('starts over after a question, with a fresh terminal and no progress', async () => {
    passing.add('look-around')
    await start()
    await step('look-around').getByText('Done, checked').waitFor()
    await type('echo old-$((1+1))\n')
    await seen('old-2')
    passing.clear()
    await page.getByRole('button', { name: 'Start over' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete all and start over' }).click()
    await page.getByText('0 of 5 done').waitFor({ state: 'attached' })
    await page.waitForFunction(() => !document.querySelector('.xterm-rows')?.textContent?.includes('old-2'))
    await prompt()
    await type('echo fresh-$((1+1))\n')
    await seen('fresh-2')
  })
})
