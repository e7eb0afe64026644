import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadLabs } from '#labs/load.ts'
import { buildSite } from '#site/build.ts'
import { axeViolations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { LabPage } from '../support/lab-page.ts'
import { terminalsProcess } from '../support/processes.ts'
import { TestServer } from '../support/server.ts'

// Server killed, and two tabs on one lab: in lab-page.test.ts.
const LAB = '/api/labs/first-eks-cluster'
const FIVE_MINUTES = 5 * 60_000

let browser: Browser
let test: TestServer
let lab: LabPage

beforeAll(async () => {
  browser = await launchBrowser()
  test = await TestServer.start({ site: buildSite(), labs: loadLabs() })
})
afterAll(async () => {
  await browser?.close()
  await test?.close()
})
beforeEach(async () => {
  lab = await LabPage.open(browser, test)
  await lab.start()
})
afterEach(async () => {
  expect(lab.faults).toEqual([])
  await lab.close()
})

const connected = () => lab.page.getByText('Connected', { exact: true }).waitFor({ state: 'attached' })

describe('nothing is lost, and the page goes on by itself', () => {
  it('when the network is cut for five minutes', async () => {
    await lab.page.clock.install()
    await lab.page.reload()
    await lab.prompt()
    await connected()
    await lab.type('until [ -e done ]; do sleep 0.1; done; echo went-on-$((1+1))\n')
    // The shell has it, and has begun: only then is the network cut.
    await lab.seen('echo went-on-$((1+1))')
    await lab.page.context().setOffline(true)
    // A cut network says nothing: the page notices by itself that it hears no more.
    await lab.page.clock.fastForward(FIVE_MINUTES)
    await lab.page.getByText('This computer has no network.').waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
    await test.call('PUT', `${LAB}/file?path=done`, {}, { text: 'now' })
    test.passing.add('look-around')
    await test.call('POST', `${LAB}/steps/look-around/check`)
    await lab.page.context().setOffline(false)
    await lab.page.clock.fastForward(10_000)
    await connected()
    await lab.step('look-around').getByText('Done, checked').waitFor()
    await lab.seen('went-on-2')
    await lab.type('echo again-$((1+2))\n')
    await lab.seen('again-3')
  })

  it('when the lid is closed, and opened after a check and a restart of the server', async () => {
    await lab.type('echo before-$((1+1))\n')
    await lab.seen('before-2')
    const devtools = await lab.page.context().newCDPSession(lab.page)
    await devtools.send('Page.enable')
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
    test.passing.add('create-cluster')
    await test.call('POST', `${LAB}/steps/create-cluster/check`)
    const { port } = test
    await test.server.close({ terminals: 'keep' })
    await test.listen(port)
    await devtools.send('Page.setWebLifecycleState', { state: 'active' })
    await connected()
    await lab.step('create-cluster').locator('summary').first().getByText('Done').waitFor()
    await lab.prompt()
    await lab.type('echo after-$((1+2))\n')
    await lab.seen('after-3')
    expect(await lab.screen.textContent()).toContain('before-2')
  })

  it('when the process of the terminals is killed: each has a new shell in its place', async () => {
    await lab.page.getByRole('button', { name: 'New terminal' }).click()
    await lab.page.getByRole('tab', { name: 'Terminal 2', selected: true }).waitFor()
    await lab.prompt()
    await lab.type('echo kept > kept.txt; echo made-$((1+1))\n')
    await lab.seen('made-2')
    process.kill(await terminalsProcess(test.data), 'SIGKILL')
    await lab.page.getByText('The shell that ran here was lost').waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
    await lab.type('cat kept.txt; echo went-on-$((1+1))\n')
    await lab.seen('went-on-2')
    expect(await lab.screen.textContent()).toContain('kept')
    expect(await lab.page.getByRole('tab').allTextContents()).toEqual(['Terminal 1', 'Terminal 2'])
    await lab.page.getByRole('tab', { name: 'Terminal 1' }).click()
    await lab.page.getByText('The shell that ran here was lost').waitFor()
    await lab.type('echo first-$((1+1))\n')
    await lab.seen('first-2')
  })

  it('when the browser’s storage is cleared: it says how to come in, and all is as it was', async () => {
    await lab.type('echo kept-$((1+1))\n')
    await lab.seen('kept-2')
    await lab.page.evaluate(() => {
      localStorage.clear()
      sessionStorage.clear()
    })
    await lab.page.context().clearCookies()
    await lab.page.reload()
    await lab.page.getByRole('heading', { name: 'Open the link that Drydock printed' }).waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
    await lab.page.goto(test.server.link)
    await lab.page.waitForURL(`${test.url}/`)
    await lab.page.goto(`${test.url}/labs/first-eks-cluster/`)
    await lab.prompt()
    await lab.seen('kept-2')
    await lab.type('echo on-$((1+2))\n')
    await lab.seen('on-3')
  })
})

describe('on the first visit', () => {
  it('a tour is offered, leads through the page by keyboard, and is not offered again', async () => {
    await lab.page.getByRole('button', { name: 'Show me' }).focus()
    await lab.page.keyboard.press('Enter')
    const tour = lab.page.getByRole('dialog')
    await tour.getByRole('heading', { name: 'Steps' }).waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
    for (const next of ['Terminal', 'Files', 'World', 'Web preview']) {
      await tour.getByRole('button', { name: 'Next' }).press('Enter')
      await tour.getByRole('heading', { name: next }).waitFor()
    }
    await lab.page.keyboard.press('Escape')
    await tour.waitFor({ state: 'detached' })
    await lab.page.reload()
    await lab.prompt()
    expect(await lab.page.getByRole('button', { name: 'Show me' }).count()).toBe(0)
  })

  it('it is told what is missing on the machine, with what to do', async () => {
    await lab.page.route('**/api/doctor', (route) =>
      route.fulfill({
        json: [
          { name: 'bash', status: 'ok', detail: '/bin/bash' },
          { name: 'helm', status: 'missing', detail: 'not on this platform', next: 'brew install helm' },
        ],
      }),
    )
    await lab.page.reload()
    await lab.page.getByText('Missing on this machine: helm.').click()
    await lab.page.getByText('brew install helm').waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
  })
})
