import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadLabs } from '#labs/load.ts'
import { type Overlay, openOverlay } from '#labs/overlay/open.ts'
import { buildSite } from '#site/build.ts'
import { axeViolations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { TestServer } from '../support/server.ts'

let folder: string
let overlay: Overlay
let site: string
let browser: Browser
let server: TestServer

const names = async (place: string) => (await readdir(place)).map((name) => name.replace(/\..*/, ''))

/** The example, with all of Drydock's own hidden but one lab: so the pages are built in seconds. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-acme-'))
  await cp('examples/acme-onboarding', folder, { recursive: true })
  const file = join(folder, 'drydock.config.ts')
  const hide = {
    labs: (await names('labs')).filter((name) => name !== 'README' && name !== 'first-eks-cluster'),
    lessons: await names('content/lessons'),
    paths: await names('content/paths'),
  }
  const config = await readFile(file, 'utf8')
  await writeFile(file, config.replace(/hide: .*,\n/, `hide: ${JSON.stringify(hide)},\n`))
  overlay = await openOverlay(folder)
  site = await buildSite({ overlay })
  browser = await launchBrowser()
  server = await TestServer.start({ site: Promise.resolve(site), labs: loadLabs(overlay.folders) })
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await server?.close()
  for (const path of [folder, overlay?.root, site]) if (path) await rm(path, { recursive: true, force: true })
})

it('shows the company’s name, logo and start page, and its labs before the others', async () => {
  const context = await browser.newContext({ reducedMotion: 'reduce' })
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  await page.goto(server.server.link)
  await page.getByRole('heading', { name: 'Welcome to Acme’s platform team' }).waitFor()
  const brand = page.getByRole('link', { name: 'Acme', exact: true })
  const loaded = await brand
    .locator('img')
    .evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth)
  expect(loaded).toBeGreaterThan(0)
  await page.getByText('#platform-help').waitFor()
  const pictures = process.env.DRYDOCK_PICTURES
  for (const [name, scheme, width] of [
    ['light', 'light', 1440],
    ['dark-390', 'dark', 390],
  ] as const) {
    await page.emulateMedia({ colorScheme: scheme })
    await page.setViewportSize({ width, height: 900 })
    expect(await axeViolations(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    if (pictures) await page.screenshot({ path: `${pictures}/acme-${name}.png` })
  }
  await page.getByRole('link', { name: 'the other labs' }).click()
  await page.getByRole('heading', { name: 'Acme’s own ways' }).waitFor()
  expect(await page.locator('.card h3').allTextContents()).toEqual([
    'Your first repository at Acme',
    'Tags that stay what they are',
    'Your first EKS cluster',
  ])
  if (pictures) await page.screenshot({ path: `${pictures}/acme-labs.png` })
  await page.getByRole('link', { name: 'Your first repository at Acme' }).click()
  await page.getByText('Every service has one repository, acme/<service>, in eu-central-1.').waitFor()
})
