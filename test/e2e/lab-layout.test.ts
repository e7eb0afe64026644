import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadLabs } from '#labs/load.ts'
import { buildSite } from '#site/build.ts'
import { axeViolations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { LabPage } from '../support/lab-page.ts'
import { TestServer } from '../support/server.ts'

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
  await test.call('POST', '/api/labs/first-eks-cluster/reset')
  await lab.close()
})

const width = async (selector: string) => (await lab.page.locator(selector).first().boundingBox())!.width
const divider = () => lab.page.getByRole('separator', { name: 'Size of the steps' })

describe('the panes', () => {
  it('are resized by dragging, and stay so over a reload', async () => {
    const before = await width('.steps')
    const handle = (await divider().boundingBox())!
    await lab.page.mouse.move(handle.x, handle.y + 100)
    await lab.page.mouse.down()
    await lab.page.mouse.move(handle.x + 200, handle.y + 120, { steps: 4 })
    await lab.page.mouse.up()
    expect(await width('.steps')).toBeCloseTo(before + 200, -1)
    await lab.page.reload()
    await lab.prompt()
    expect(await width('.steps')).toBeCloseTo(before + 200, -1)
  })

  it('are resized by keys and by single clicks', async () => {
    const before = await width('.steps')
    await divider().focus()
    await lab.page.keyboard.press('ArrowRight')
    expect(await width('.steps')).toBeGreaterThan(before)
    expect(await divider().getAttribute('aria-valuenow')).toBe('45')
    await lab.page.keyboard.press('Home')
    expect(await divider().getAttribute('aria-valuenow')).toBe('20')
    await divider().click()
    expect(await divider().getAttribute('aria-valuenow')).toBe('43')
    await divider().click()
    expect(await divider().getAttribute('aria-valuenow')).toBe('60')
  })

  it('are hidden and shown, but never all of them', async () => {
    const toggle = (name: string) =>
      lab.page.getByRole('group', { name: 'Parts of the page' }).getByRole('button', { name })
    await toggle('Terminal').click()
    await lab.page.locator('.terminal-pane').waitFor({ state: 'hidden' })
    await toggle('Steps').click()
    expect(await toggle('Steps').getAttribute('aria-pressed')).toBe('true')
    await lab.step('look-around').getByRole('button', { name: 'Type into the terminal' }).first().click()
    await lab.seen('aws sts get-caller-identity')
  })
})

/** Controls that somebody sees and cannot reach: beyond the edge, cut off or covered, wherever one scrolls. */
const unreachable = () =>
  lab.page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, a[href], input, select, summary')]
      .filter((control) => control.checkVisibility({ visibilityProperty: true }) && !control.matches('.skip'))
      .filter((control) => {
        control.scrollIntoView({ block: 'center', inline: 'center' })
        const { left, right, top, bottom, width } = control.getBoundingClientRect()
        const seen = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
        const reached = seen && (control.contains(seen) || seen.contains(control))
        return width > 1 && (left < 0 || right > innerWidth || !reached)
      })
      .map((control) => control.ariaLabel ?? control.textContent),
  )

describe('at 200 % zoom', () => {
  // A window of 1280 × 900, and of 1440 × 900: half as many CSS pixels of twice the size.
  it.each([640, 720])(
    'of a window twice %i px wide, everything is there and nothing is cut off',
    async (width) => {
      const near = await LabPage.open(browser, test, { width, height: 450, scale: 2 })
      lab = near
      await near.start()
      for (const name of ['World', 'Files', 'Web preview', 'Terminal', 'Steps']) {
        const button = near.page
          .getByRole('group', { name: 'Parts of the page' })
          .getByRole('button', { name })
        if ((await button.getAttribute('aria-pressed')) !== 'true') await button.click()
        expect(await unreachable()).toEqual([])
      }
      expect(
        await near.page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        ),
      ).toBe(0)
      await near.page.screenshot({ path: `test-results/zoom-${width}.png` })
    },
  )
})

describe('the keyboard', () => {
  it('has a map, opened by a question mark or a button, without an accessibility violation', async () => {
    await divider().focus()
    await lab.page.keyboard.press('?')
    const map = lab.page.getByRole('dialog', { name: 'Keyboard' })
    await map.getByText('Into the terminal, and out of it').waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
    await lab.page.keyboard.press('Escape')
    await map.waitFor({ state: 'detached' })
    await lab.page.getByRole('button', { name: 'Keyboard' }).click()
    await map.getByRole('checkbox').uncheck()
    await map.getByRole('button', { name: 'Close' }).click()
    await divider().focus()
    await lab.page.keyboard.press('?')
    expect(await map.count()).toBe(0)
  })

  it('has a map that begins at its top on a small screen', async () => {
    await lab.page.setViewportSize({ width: 390, height: 700 })
    await lab.page.getByRole('button', { name: 'Keyboard' }).click()
    const title = lab.page.getByRole('dialog').getByRole('heading', { name: 'Keyboard', exact: true })
    await title.waitFor()
    expect((await title.boundingBox())!.y).toBeGreaterThan(0)
  })

  it('goes to steps and terminal by a letter, but not while one types', async () => {
    await divider().focus()
    await lab.page.keyboard.press('t')
    expect(await lab.focused()).toContain('xterm-helper-textarea')
    await lab.page.keyboard.type('echo s-$((1+1))\n')
    await lab.seen('s-2')
    await lab.page.keyboard.press('F6')
    await lab.page.keyboard.press('s')
    expect(await lab.page.evaluate(() => document.activeElement?.tagName)).toBe('SUMMARY')
  })
})

describe('terminals', () => {
  it('stand side by side, each with its own keys, and join again', async () => {
    await lab.type('echo left-$((1+1))\n')
    await lab.seen('left-2')
    await lab.page.getByRole('button', { name: 'Two terminals side by side' }).click()
    await lab.page.getByRole('separator', { name: 'Size of the left terminal' }).waitFor()
    await lab.prompt()
    await lab.type('echo right-$((1+2))\n')
    await lab.seen('right-3')
    expect(await axeViolations(lab.page)).toEqual([])
    await lab.page.locator('.terminal-view').first().locator('.screen').click()
    await lab.seen('left-2')
    expect(await lab.screen.textContent()).not.toContain('right-3')
    await lab.page.reload()
    await lab.prompt()
    expect(await lab.page.locator('.terminal-view:not([hidden])').count()).toBe(2)
    await lab.page.getByRole('button', { name: 'Two terminals side by side' }).click()
    expect(await lab.page.locator('.terminal-view:not([hidden])').count()).toBe(1)
  })

  it('have colours of their own, remembered', async () => {
    const ground = () =>
      lab.page.locator('.terminal-view.active').evaluate((view) => getComputedStyle(view).backgroundColor)
    const button = lab.page.getByRole('button', { name: 'Terminal settings' })
    await button.click()
    for (const width of [1280, 390]) {
      await lab.page.setViewportSize({ width, height: 900 })
      const [opener, opened] = [
        await button.boundingBox(),
        await lab.page.locator('.settings:popover-open').boundingBox(),
      ]
      const gap =
        opened!.y > opener!.y
          ? opened!.y - opener!.y - opener!.height
          : opener!.y - opened!.y - opened!.height
      expect(gap).toBeGreaterThanOrEqual(0)
      expect(gap).toBeLessThan(16)
    }
    await lab.page.setViewportSize({ width: 1280, height: 900 })
    await lab.page.getByRole('combobox', { name: 'Colours' }).selectOption('High contrast')
    expect(await ground()).toBe('rgb(0, 0, 0)')
    expect(await axeViolations(lab.page)).toEqual([])
    await lab.page.reload()
    await lab.prompt()
    expect(await ground()).toBe('rgb(0, 0, 0)')
  })
})
