import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildSite } from '#site/build.ts'
import { axeViolations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { serveSite } from '../support/serve-site.ts'

let browser: Browser
let site: Awaited<ReturnType<typeof serveSite>>

beforeAll(async () => {
  site = await serveSite(await buildSite())
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

/** Opens a page and gathers what its policy refused, its errors, and requests to elsewhere. */
async function open(path: string, options: { width?: number; dark?: boolean } = {}) {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: 900 },
    colorScheme: options.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(site.url)) faults.push(`asks ${request.url()}`)
  })
  await page.addInitScript(() =>
    addEventListener('securitypolicyviolation', (event) =>
      console.error(`refused: ${event.violatedDirective}`),
    ),
  )
  page.on('console', (message) => {
    if (message.text().startsWith('refused')) faults.push(message.text())
  })
  await page.goto(site.url + path)
  return { page, faults, close: () => context.close() }
}

const scrollsSideways = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)

const PAGES = {
  home: '/',
  catalogue: '/labs/',
  lessons: '/lessons/',
  lesson: '/lessons/eks/what-eks-manages/',
  glossary: '/glossary/',
  'missing page': '/no/such/page/',
}

describe.each(Object.entries(PAGES))('%s', (_name, path) => {
  it.each([false, true])('has no accessibility violation (dark: %s)', async (dark) => {
    const { page, close } = await open(path, { dark })
    expect(await axeViolations(page)).toEqual([])
    await close()
  })

  it('obeys its content policy and asks nobody else', async () => {
    const { page, faults, close } = await open(path)
    await page.evaluate(() => document.fonts.ready)
    expect(faults).toEqual([])
    await close()
  })

  it.each([1440, 1024, 800, 390])('fits a width of %i px', async (width) => {
    const { page, close } = await open(path, { width })
    expect(await scrollsSideways(page)).toBe(false)
    await close()
  })
})

describe('the JavaScript of a page', () => {
  // What a reader waits for; the terminal, the editor and the world come when they are asked for.
  it.each([
    [PAGES.lesson, 30],
    [PAGES.catalogue, 30],
    ['/labs/first-eks-cluster/', 35],
  ])('at %s is less than %i kB, compressed', async (path, limit) => {
    const { page, close } = await open('/404/')
    const scripts: Promise<number>[] = []
    page.on('response', (response) => {
      if (response.request().resourceType() === 'script')
        scripts.push(response.body().then((body) => gzipSync(body).length))
    })
    await page.goto(site.url + path, { waitUntil: 'networkidle' })
    const sizes = await Promise.all(scripts)
    expect(sizes.length).toBeGreaterThan(2)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(limit * 1000)
    await close()
  })
})

describe('every page', () => {
  it('lets the keyboard skip to the content', async () => {
    const { page, close } = await open('/')
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true)
    await close()
  })

  it('keeps the chosen colours over a reload', async () => {
    const { page, close } = await open('/')
    const button = page.getByRole('button', { name: 'Colours' })
    await button.click()
    await button.click()
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const dark = await ground()
    await page.reload()
    expect(await ground()).toBe(dark)
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
    await close()
  })

  it('links only to pages that exist', async () => {
    const { page, close } = await open('/')
    const seen = new Set<string>()
    const missing: string[] = []
    const queue = ['/']
    for (let path = queue.pop(); path; path = queue.pop()) {
      if (seen.has(path)) continue
      seen.add(path)
      const answer = await page.goto(site.url + path)
      if (!answer?.ok()) missing.push(path)
      const links = await page.$$eval('a[href^="/"]', (all) =>
        all.map((a) => new URL((a as HTMLAnchorElement).href)),
      )
      queue.push(...links.map(({ pathname }) => pathname))
    }
    expect(missing).toEqual([])
    expect(seen).toContain('/labs/first-eks-cluster/')
    await close()
  })
})
