import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadLabs } from '#labs/load.ts'
import { buildSite } from '#site/build.ts'
import { axeViolations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { LabPage } from '../support/lab-page.ts'
import { TestServer } from '../support/server.ts'

const APPS = fileURLToPath(new URL('../../generated/kubernetes/v3/apis__apps__v1.json', import.meta.url))
const DEPLOYMENT = 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n'

let browser: Browser
let test: TestServer
let lab: LabPage

beforeAll(async () => {
  browser = await launchBrowser()
  test = await TestServer.start({ site: buildSite(), labs: loadLabs() })
  test.cloud.served.set('apps/v1', JSON.parse(await readFile(APPS, 'utf8')).components.schemas)
})
afterAll(async () => {
  await browser?.close()
  await test?.close()
})
beforeEach(() => open())
afterEach(async () => {
  expect(lab.faults).toEqual([])
  await lab.close()
  await test.call('POST', '/api/labs/first-eks-cluster/reset')
})

async function open(options: { dark?: boolean; width?: number } = {}): Promise<void> {
  lab = await LabPage.open(browser, test, options)
  await lab.start()
  await lab.page
    .getByRole('group', { name: 'Parts of the page' })
    .getByRole('button', { name: 'Files' })
    .click()
  await tree().waitFor()
}

const tree = () => lab.page.getByRole('navigation', { name: 'Your home folder' })
const file = (name: string) => tree().getByRole('button', { name, exact: true })
const text = () => lab.page.locator('.cm-content')
const saved = () => lab.page.getByText('Saved', { exact: true }).waitFor()

/** Makes a file by the page and types into it. */
async function write(name: string, content: string): Promise<void> {
  await lab.page.getByRole('button', { name: 'New file' }).click()
  await lab.page.getByRole('textbox', { name: 'Path of the new file' }).fill(name)
  await lab.page.keyboard.press('Enter')
  await file(name.slice(name.lastIndexOf('/') + 1)).waitFor()
  await text().focus()
  await lab.page.keyboard.insertText(content)
}

describe('the files', () => {
  it('are made, saved by themselves, and are there for the shell', async () => {
    await write('notes/a.txt', 'hello-$((1+1))')
    await saved()
    await lab.type('cat notes/a.txt; echo\n')
    await lab.seen('hello-$((1+1))')
    expect(await axeViolations(lab.page)).toEqual([])
  })

  it('follow what commands do to them', async () => {
    await write('b.txt', 'one')
    await saved()
    await lab.type('echo two > b.txt; touch c.txt\n')
    await text().getByText('two').waitFor()
    await file('c.txt').waitFor()
    await lab.type('rm b.txt\n')
    await file('b.txt').waitFor({ state: 'detached' })
  })

  it('are compared with what the lab brought, and put back', async () => {
    await file('cluster-trust.json').click()
    await text().getByText('eks.amazonaws.com').waitFor()
    await text().getByText('eks.amazonaws.com').click()
    await lab.page.keyboard.press('Home')
    await lab.page.keyboard.insertText(' ')
    await saved()
    await lab.page.getByRole('button', { name: 'Compare with the start' }).click()
    await lab.page.locator('.cm-changedLine').first().waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
    await lab.page.getByRole('button', { name: 'Put back the start' }).click()
    await lab.page.getByRole('dialog').getByRole('button', { name: 'Put back the start' }).click()
    await lab.page.locator('.cm-changedLine').first().waitFor({ state: 'detached' })
  })

  it('are kept when the server goes away, and saved when it is back', async () => {
    await write('d.txt', 'before')
    await saved()
    const { port } = test
    await test.server.close({ terminals: 'keep' })
    await text().focus()
    await lab.page.keyboard.press('Control+End')
    await lab.page.keyboard.insertText(' and after')
    await lab.page.getByText('Not saved', { exact: true }).waitFor()
    await test.listen(port)
    await saved()
    await lab.type('clear; cat d.txt; echo\n')
    await lab.seen('before and after')
  })

  it('ask when a command has changed what was being written', async () => {
    await write('e.txt', 'mine')
    await saved()
    await lab.page.route('**/file?path=e.txt', (route) =>
      route.request().method() === 'PUT' ? undefined : route.continue(),
    )
    await text().focus()
    await lab.page.keyboard.insertText('more ')
    await lab.page.getByText('Saving…').waitFor()
    await lab.type('echo theirs > e.txt; echo done-$((1+1))\n')
    await lab.seen('done-2')
    await lab.page.unroute('**/file?path=e.txt')
    await lab.page.reload()
    await lab.page.getByText('has changed this file').waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
    await lab.page.getByRole('button', { name: 'Take the one on disk' }).click()
    await text().getByText('theirs').waitFor()
  })
})

describe('a manifest', () => {
  it('is checked against what the cluster serves', async () => {
    await write('web.yaml', `${DEPLOYMENT}  replcas: 2\n`)
    const mark = lab.page.locator('.cm-lintRange-error')
    await mark.first().waitFor()
    await lab.page.getByText('replcas').hover()
    await lab.page.getByText('unknown field "spec.replcas"').first().waitFor()
  })

  it('is completed, and its fields are explained', async () => {
    await write('web.yaml', DEPLOYMENT)
    // Letters that do something elsewhere on the page are letters here.
    await lab.page.keyboard.type('  st')
    await lab.page.keyboard.press('Escape')
    await lab.page.keyboard.press('Backspace')
    await lab.page.keyboard.press('Backspace')
    await lab.page.keyboard.type('rep')
    const option = lab.page.getByRole('option', { name: /^replicas/ })
    await option.waitFor()
    // Enter takes an option only once it has been there for a moment.
    await lab.page.clock.setSystemTime(Date.now() + 1_000)
    await lab.page.keyboard.press('Enter')
    await lab.page.keyboard.type('3')
    await text().getByText('replicas').hover()
    await lab.page
      .getByText(/Number of desired pods/)
      .first()
      .waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
  })
})

describe('the editor', () => {
  it('lets the keyboard out with F6', async () => {
    await file('cluster-trust.json').click()
    await text().getByText('eks.amazonaws.com').waitFor()
    await text().focus()
    await lab.page.keyboard.press('F6')
    await expect
      .poll(() => lab.page.evaluate(() => document.activeElement?.textContent))
      .toContain('cluster-trust.json')
  })

  it.each([
    { width: 1024, dark: true },
    { width: 390, dark: false },
  ])('fits the page (%o)', async (options) => {
    await lab.close()
    await open(options)
    await file('cluster-trust.json').click()
    await text().getByText('eks.amazonaws.com').waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
    expect(await lab.page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false)
  })
})
