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
async function open(path: string, options: { width?: number; dark?: boolean; locale?: string } = {}) {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: 900 },
    colorScheme: options.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    // A page in another language than the reader's leads to the reader's.
    locale: options.locale ?? (path.startsWith('/zh-CN/') ? 'zh-CN' : 'en-US'),
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
  catalogue: '/course/',
  labs: '/labs/',
  lesson: '/lessons/eks/what-eks-manages/',
  glossary: '/glossary/',
  paths: '/paths/',
  'a certificate to verify': '/verify/',
  'lesson in Chinese': '/zh-CN/lessons/orchestration/engine-and-orchestrator/',
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

describe('what is read', () => {
  it.each([PAGES.home, PAGES.catalogue, PAGES.lesson, '/labs/first-eks-cluster/'])(
    'does not move while %s loads',
    async (path) => {
      const { page, close } = await open('/404/', { width: 390 })
      await page.addInitScript(() => {
        let moved = 0
        new PerformanceObserver((list) => {
          for (const shift of list.getEntries()) moved += (shift as unknown as { value: number }).value
          Object.assign(globalThis, { moved })
        }).observe({ type: 'layout-shift', buffered: true })
      })
      await page.goto(site.url + path, { waitUntil: 'networkidle' })
      await page.evaluate(() => document.fonts.ready)
      // What counts as good: https://web.dev/articles/cls
      expect(await page.evaluate(() => (globalThis as { moved?: number }).moved ?? 0)).toBeLessThan(0.1)
      await close()
    },
  )
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

  it('is there in Chinese, with what belongs to it, and stays in the language that was chosen', async () => {
    const { page, close } = await open('/lessons/orchestration/engine-and-orchestrator/')
    await page.getByRole('link', { name: '简体中文' }).click()
    await page.waitForURL('**/zh-CN/lessons/orchestration/engine-and-orchestrator/')
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN')
    expect(await page.locator('h1').textContent()).toBe('引擎与编排器')
    await page.goto(`${site.url}/glossary/#pod`)
    await page.waitForURL('**/zh-CN/glossary/#pod')
    await page.getByRole('link', { name: 'English' }).click()
    await page.waitForURL(`${site.url}/glossary/#pod`)
    await close()
  })

  it('says in which language a text is that nobody has translated', async () => {
    const { page, close } = await open('/zh-CN/lessons/eks/what-eks-manages/')
    expect(await page.locator('article').getAttribute('lang')).toBe('en')
    expect(await page.getByText('本课还没有中文版').count()).toBe(1)
    await close()
  })

  it('shows a reader with a Chinese browser the Chinese page', async () => {
    const { page, close } = await open('/', { locale: 'zh-SG' })
    await page.waitForURL(`${site.url}/zh-CN/`)
    await close()
  })

  it('links only to pages and places that exist, in its own language', async () => {
    const pages = new Map<string, string | undefined>()
    const missing = new Set<string>()
    const queue = ['/']
    const links: { from: string; path: string; place: string }[] = []
    for (let path = queue.pop(); path; path = queue.pop()) {
      if (pages.has(path)) continue
      const answer = await fetch(site.url + path)
      const html = answer.ok ? await answer.text() : undefined
      pages.set(path, html)
      for (const [, to, place] of html?.matchAll(/<a\b[^>]*? href="(\/[^"#]*)(?:#([^"]+))?"/g) ?? []) {
        // The server's, not the site's.
        if (to!.startsWith('/api/')) continue
        links.push({ from: path, path: to!, place: place ?? '' })
        queue.push(to!)
      }
    }
    for (const { from, path, place } of links) {
      const html = pages.get(path)
      if (html === undefined || (place !== '' && !html.includes(` id="${place}"`)))
        missing.add(`${from} → ${path}#${place}`)
    }
    expect([...missing]).toEqual([])
    expect([...pages.keys()]).toContain('/labs/first-eks-cluster/')
    expect([...pages.keys()]).toContain('/zh-CN/labs/first-eks-cluster/')
    const chinese = links.filter(
      ({ from, path }) => from.startsWith('/zh-CN/') && !path.startsWith('/zh-CN/'),
    )
    // The one way back is the switch: to the same page in English.
    expect(chinese.filter(({ from, path }) => from !== `/zh-CN${path}`)).toEqual([])
  })
})
