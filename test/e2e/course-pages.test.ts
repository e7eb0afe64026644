import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadLessons } from '#labs/lesson.ts'
import { loadLabs } from '#labs/load.ts'
import { contentsOf, loadPaths } from '#labs/paths.ts'
import type { ProgressFile } from '#server/api.ts'
import { buildSite } from '#site/build.ts'
import { axeViolations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { TestServer } from '../support/server.ts'

const LESSON = 'orchestration/engine-and-orchestrator'
const labs = loadLabs()
let browser: Browser
let server: TestServer
let page: Page

beforeAll(async () => {
  server = await TestServer.start({ labs, site: buildSite() })
  browser = await launchBrowser()
  page = await visit(server)
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

/** A browser that nobody has used, signed in. */
async function visit({ server: { link, url } }: TestServer): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true })
  const opened = await context.newPage()
  await opened.goto(link)
  await opened.waitForURL(`${url}/`)
  return opened
}
const open = (path: string, on = page) => on.goto(server.url + path)
/** Answers all questions of a lesson rightly, by the API. */
async function finish(id: string): Promise<void> {
  const [lesson] = await loadLessons([id])
  const answers = Object.fromEntries(
    lesson!.quiz.map((question, number) => [
      number,
      String(question.answers.findIndex(({ right }) => right)),
    ]),
  )
  await server.call('PUT', `/api/progress/lessons/${id}`, {}, { answers })
}

describe('a lesson', () => {
  it('keeps its answers on the server, so that a browser without storage has them again', async () => {
    await open(`/lessons/${LESSON}/`)
    await page.getByRole('radio', { name: 'Nobody, unless it has a restart policy' }).check()
    await page.getByText('Right answers: 1 / 3').waitFor()
    await expect
      .poll(async () => (await server.call<{ lessons: object }>('GET', '/api/progress')).body.lessons)
      .toMatchObject({ [LESSON]: { answers: { 0: { choice: '1' } }, done: false } })
    const elsewhere = await visit(server)
    await open(`/lessons/${LESSON}/`, elsewhere)
    await elsewhere.getByText('Right answers: 1 / 3').waitFor()
    await elsewhere.context().close()
  })

  it('is on paper with all that waits for a click on the screen', async () => {
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('.predict-rest').first().isVisible()).toBe(true)
    expect(await page.locator('.tab:visible').count()).toBe(2)
    expect(await page.locator('.site-bar').isVisible()).toBe(false)
    await page.emulateMedia({ media: 'screen' })
  })
})

describe('the catalogue', () => {
  const shown = () => page.locator('[data-group] [data-item]:visible')

  it('shows what fits all filters, which stand in the address, and the learner’s state', async () => {
    await open('/course/')
    const all = await shown().count()
    await page.getByLabel('State').selectOption('begun')
    expect(await shown().getByRole('link').allTextContents()).toEqual(['An engine and an orchestrator'])
    await page.getByRole('button', { name: 'Show all' }).click()
    expect(await shown().count()).toBe(all)
    await page.getByLabel('Track').selectOption('kubernetes')
    await page.getByLabel('Kind').selectOption('lab')
    await page.reload()
    expect(await page.getByRole('status').first().textContent()).toContain(`of ${all} shown`)
    const tracks = await shown().evaluateAll((items) =>
      items.map((item) => [item.dataset.track, item.dataset.kind]),
    )
    expect(tracks.length).toBeGreaterThan(2)
    expect(new Set(tracks.map(String))).toEqual(new Set(['kubernetes,lab']))
  })

  it('leads back to where the learner stopped, then to what comes next', async () => {
    await open('/course/')
    const link = page.locator('[data-go-on]').getByRole('link')
    await expect
      .poll(() => link.allTextContents())
      .toEqual([expect.stringContaining('An engine and an orchestrator')])
    await page.getByRole('complementary', { name: 'Go on where you stopped' }).waitFor()
    await finish(LESSON)
    await page.reload()
    await expect
      .poll(() => link.allTextContents())
      .toEqual([expect.stringContaining('What plain Docker and Swarm lack')])
    await page.getByRole('complementary', { name: 'Next' }).waitFor()
  })
})

describe('search', () => {
  it('opens with a key, finds a section by its words, and is left by arrow keys and Enter', async () => {
    await open('/glossary/')
    await page.keyboard.press('/')
    await page.waitForURL('**/search/')
    await page.keyboard.type('restart polic')
    const results = page.locator('[data-results] a')
    await expect
      .poll(() => results.first().textContent())
      .toBe('An engine and an orchestrator: And with a restart policy?')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/lessons/${LESSON}/#and-with-a-restart-policy`)
    await open('/search/?q=pod')
    await expect.poll(() => results.first().textContent()).toBe('Pod')
    // Text as it reads, without marks of how it is written.
    await page.getByText('first with ErrImagePull, then').waitFor()
    await open('/search/?q=nothingatallhasthisname')
    await page.getByText('Nothing found.').waitFor()
  })

  it('knows the words of a Chinese text', async () => {
    const context = await browser.newContext({ locale: 'zh-CN' })
    const chinese = await context.newPage()
    await chinese.goto(`${server.url}/zh-CN/search/?q=${encodeURIComponent('期望状态')}`)
    await expect
      .poll(() => chinese.locator('[data-results] a').first().textContent())
      .toContain('引擎与编排器')
    await context.close()
  })
})

describe('progress', () => {
  it('goes to another installation as a file', async () => {
    await open('/progress/')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Save the progress file' }).click(),
    ])
    const file = join(server.data, 'taken-along.json')
    await download.saveAs(file)
    const other = await TestServer.start({ labs, site: buildSite() })
    const there = await visit(other)
    await there.goto(`${other.url}/progress/`)
    await there.getByText('0 of').first().waitFor()
    await there.getByLabel('Read a progress file').setInputFiles(file)
    await there.getByText('Added: 1 lesson, 0 steps.').waitFor()
    await there.getByText(/^1 of \d+ lessons done/).waitFor()
    await writeFile(file, '{"format":"something else"}')
    await there.getByLabel('Read a progress file').setInputFiles(file)
    await there.getByText('This is no progress file of Drydock.').waitFor()
    await other.close()
  })

  it('is printed as notes: the questions that were answered, with the answers', async () => {
    await open('/notes/')
    await page.getByRole('heading', { name: 'What is desired state?' }).waitFor()
    expect(await page.locator('.note:visible').count()).toBe(1)
    expect(await page.getByText('Your answer:').filter({ visible: true }).count()).toBe(3)
  })

  it('ends in a certificate that anybody can verify', async () => {
    const path = (await loadPaths()).find(({ id }) => id === 'beginner')!
    const contents = contentsOf(path)
    for (const id of contents.lessons) await finish(id)
    const file = (await server.call<ProgressFile>('GET', '/api/progress/file')).body
    for (const id of contents.labs) {
      const { steps } = (await labs).find((lab) => lab.id === id)!
      file.labs[id] = Object.fromEntries(steps.map((step) => [step.id, 1]))
    }
    await server.call('POST', '/api/progress/file', {}, file)
    await open('/progress/')
    await page.getByRole('button', { name: 'Make the certificate' }).click()
    await page.getByLabel('Your name').fill('Ann Example')
    await page.getByRole('button', { name: 'Make it' }).click()
    await page.waitForURL('**/certificate/#*')
    await page.getByText('Ann Example').waitFor()
    expect(await axeViolations(page)).toEqual([])

    const code = new URL(page.url()).hash.slice(1)
    const stranger = await (await browser.newContext()).newPage()
    await stranger.goto(`${server.url}/verify/#${code}`)
    await stranger.getByText('Genuine: this server issued it.').waitFor()
    await stranger.getByText(`Ann Example: ${path.title}`).waitFor()
    await stranger.getByLabel('Code or link').fill(code.replace(/^./, 'f'))
    await stranger.getByRole('button', { name: 'Verify' }).click()
    await stranger.getByText('Not genuine: this server').waitFor()
    expect(await axeViolations(stranger)).toEqual([])
    await stranger.context().close()
  })
})

describe.each(['/course/', '/search/?q=pod', '/progress/', '/notes/'])('%s', (path) => {
  it('has no accessibility violation, whatever the colours, and fits a phone', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await open(path)
      await page.waitForLoadState('networkidle')
      expect(await axeViolations(page)).toEqual([])
    }
    await page.setViewportSize({ width: 390, height: 800 })
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
    ).toBe(0)
    await page.setViewportSize({ width: 1280, height: 900 })
  })
})
