import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CheckReport } from '#checks/finding.ts'
import { loadLabs } from '#labs/load.ts'
import { buildSite } from '#site/build.ts'
import type { Cohort } from '../../src/server/api.ts'
import { axeViolations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { firstAdministrator, joined, startHosted } from '../support/hosted.ts'
import type { TestServer } from '../support/server.ts'

const LAB = 'first-eks-cluster'
/** A name that would run a script where names are not text. */
const MARKUP = `<img src=x onerror="document.title='hacked'">`
const LEARNERS = ['Ana', 'Ben', 'Cho', 'Dee', 'Eli']

let browser: Browser
let server: TestServer
const faults: string[] = []

beforeAll(async () => {
  await buildSite()
  browser = await launchBrowser()
  server = await startHosted(
    { replayDays: 14 },
    {
      site: buildSite(),
      labs: loadLabs(),
      runner: { run: async ({ lab, step }) => report(lab, step), warm() {}, async close() {} },
    },
  )
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

function report(lab: string, step: string): CheckReport {
  const good = server.passing.has(step)
  const finding = { id: 'no-nodes', title: 'The nodes are Ready', observed: 'no node' }
  return {
    lab,
    step,
    status: good ? 'passed' : 'failed',
    at: Date.now(),
    duration: 5,
    findings: [{ ...finding, status: good ? 'passed' : 'failed' }],
  }
}

/** A browser of somebody's own. */
async function newPage(options: { dark?: boolean; width?: number; locale?: string } = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1440, height: 900 },
    colorScheme: options.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    locale: options.locale ?? 'en-US',
    acceptDownloads: true,
  })
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(message.text())
  })
  return page
}

/** A picture for people to look at, where the environment says so. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.DRYDOCK_PICTURES
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
}

it('is a bootcamp: join, work, get stuck, be helped, hear the instructor, wait for the next lab, be reported', async () => {
  // The first administrator comes in by the printed link, and invites an instructor.
  const admin = await newPage()
  await admin.goto(server.server.link)
  await admin.getByRole('heading', { name: 'Welcome, Administrator' }).waitFor()
  await picture(admin, 'invited')
  await admin.getByLabel('Your name').fill('Ada Admin')
  await admin.getByRole('button', { name: 'Come in' }).click()
  await admin.getByRole('link', { name: 'People' }).click()
  await admin.getByLabel('Their name').fill('Tia Teacher')
  await admin.getByLabel('E-mail address').fill('tia@example.com')
  await admin.getByLabel('Role', { exact: true }).selectOption('instructor')
  await admin.getByRole('button', { name: 'Make the link' }).click()
  const invitation = await admin.locator('code', { hasText: '#invitation=' }).textContent()
  await admin.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await admin.getByRole('button', { name: 'Copy' }).click()
  await admin.getByRole('button', { name: 'Copied' }).waitFor()
  expect(await admin.evaluate(() => navigator.clipboard.readText())).toBe(invitation)
  expect(await axeViolations(admin)).toEqual([])
  await picture(admin, 'people')

  const teacher = await newPage()
  await teacher.goto(invitation!)
  await teacher.getByLabel('Password').fill('correct horse battery')
  await teacher.getByRole('button', { name: 'Come in' }).click()
  await teacher.getByRole('link', { name: 'Classroom' }).click()
  await teacher.getByLabel('Name').fill('Autumn bootcamp')
  await teacher.getByRole('button', { name: 'Create' }).click()
  await teacher.getByRole('heading', { name: 'Autumn bootcamp' }).waitFor()
  const code = (await teacher.locator('.join-code').textContent())!
  await teacher.getByLabel('Lab', { exact: true }).selectOption(LAB)

  // Five learners join by the code, and their own address leads to the lab.
  const learners: Page[] = []
  for (const name of LEARNERS) {
    const page = await newPage(name === 'Ana' ? { width: 390 } : {})
    await page.goto(`${server.url}/labs/${LAB}/`)
    await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
    if (name === 'Ana') {
      expect(await axeViolations(page)).toEqual([])
      await picture(page, 'sign-in-390')
      // Before anybody says who they are, the page says what is kept of them.
      await page.getByRole('link', { name: 'Privacy: what is kept of you' }).click()
      await page.getByText('at most 14 days').waitFor()
      await page.getByText('audit log').first().waitFor()
      await page.getByText('Nobody: what is kept here stays on this server.').waitFor()
      await page.getByRole('contentinfo').getByRole('link', { name: 'Privacy' }).waitFor()
      expect(await page.getByRole('link', { name: 'Download what is kept of me' }).count()).toBe(0)
      expect(await axeViolations(page)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
      await picture(page, 'privacy-390')
      await page.goBack()
    }
    await page.getByLabel('Code of the course').fill(code.toLowerCase())
    await page.getByLabel('Your name').fill(name)
    await page.getByRole('button', { name: 'Join', exact: true }).click()
    await page.getByText(/^\w{4}-\w{4}-\w{4}$/).waitFor()
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('button', { name: 'Start the lab' }).waitFor()
    learners.push(page)
  }
  const [ana, ben] = learners as [Page, Page]
  const row = (name: string) => teacher.getByRole('row').filter({ hasText: name })
  for (const name of LEARNERS) await row(name).getByText('(here)').waitFor()

  // One works and gets stuck, raises a hand; the instructor sees the finding and answers.
  await ben.getByRole('button', { name: 'Start the lab' }).click()
  await row('Ben').getByText('The nodes are Ready').waitFor()
  await ben.getByRole('button', { name: 'Raise hand' }).click()
  await ben.getByLabel('What is the matter?').fill('I see no <b>nodes</b>')
  await ben.locator('.classroom-note form').getByRole('button', { name: 'Raise hand' }).click()
  const queue = teacher.getByRole('region', { name: 'Raised hands' })
  await queue.getByText('“I see no <b>nodes</b>”').waitFor()
  await queue.getByText('The nodes are Ready: no node').waitFor()
  await teacher.getByRole('region', { name: 'Where people are stuck' }).getByText('1 person').waitFor()
  await queue.getByRole('button', { name: 'I go' }).click()
  await ben.getByText('Somebody comes').waitFor()
  await queue.getByRole('button', { name: 'Answer' }).click()
  const hint = queue.getByLabel('Prepared hint')
  expect(await hint.locator('option').count()).toBeGreaterThan(1)
  await hint.selectOption({ index: 1 })
  expect(await queue.getByLabel('Your answer').inputValue()).not.toBe('')
  await queue.getByLabel('Your answer').fill('Look at the role of the nodes')
  await queue.getByLabel('Lead them to').selectOption({ index: 2 })
  expect(await axeViolations(teacher)).toEqual([])
  await picture(teacher, 'board')
  // A line a person, in which all that can be clicked is large enough; or everything, as somebody chose before.
  const height = async () => (await row('Ben').boundingBox())!.height
  expect(await height()).toBeLessThan(32)
  for (const target of await row('Ben').locator('label, a, button').all()) {
    const { width, height } = (await target.boundingBox())!
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(24)
  }
  await teacher.getByLabel('Rows').selectOption('All of it')
  await row('Ben').getByText('not yet · just now').waitFor()
  expect(await height()).toBeGreaterThan(32)
  expect(await axeViolations(teacher)).toEqual([])
  await picture(teacher, 'board-full')
  await teacher.getByLabel('Rows').selectOption('One line each')
  await queue.getByRole('button', { name: 'Answer and lower the hand' }).click()
  await ben.getByText('Look at the role of the nodes').waitFor()
  await ben.getByRole('link', { name: 'Look', exact: true }).click()
  await ben.locator('details.step[open] .number', { hasText: '2' }).waitFor()
  await queue.getByText('Nobody has a hand up.').waitFor()

  // Hints that a learner opens are on the board.
  await ben.locator('details.step[open] .hint > summary').first().click()
  await row('Ben')
    .getByText(/^1 of \d+ hints$/)
    .waitFor()

  // The instructor looks in. What the learner's shell prints does nothing but show.
  await row('Ben').getByRole('link', { name: 'Look in' }).click()
  await teacher.getByRole('heading', { name: 'Looking at Ben’s work' }).waitFor()
  await ben.getByText('Tia Teacher looks at your terminals and your cloud.').waitFor()
  const typed = ben.locator('.terminal-view.active .xterm-helper-textarea')
  await typed.pressSequentially(
    "clear; printf '\\033]52;c;aGFja2Vk\\007\\033]0;hacked\\007\\033]8;;https://evil.example\\033\\\\me\\033]8;;\\033\\\\ %s\\n' https://evil.example pri''nted\n",
  )
  const seen = teacher.locator('.look-terminals .xterm-rows')
  await seen.getByText('printed').waitFor()
  expect(await teacher.title()).toMatch(/^Look in/)
  await seen.getByText('me https://evil.example').click({ force: true })
  expect(await teacher.locator('.look-terminals .xterm-cursor-pointer').count()).toBe(0)
  expect(await teacher.getByRole('dialog').count()).toBe(0)
  expect(await axeViolations(teacher)).toEqual([])
  await picture(teacher, 'look')

  // How it went: the learner, who was told that it is recorded, is told that it is looked at; by the keyboard alone.
  await ben.getByText('What is shown here is recorded for 14 days').waitFor()
  const own = await newPage({ dark: true, locale: 'zh-CN' })
  await own.context().addCookies(await ben.context().cookies())
  await own.goto(`${server.url}/zh-CN/privacy/`)
  await own.getByText('最多 14 天').waitFor()
  expect(await axeViolations(own)).toEqual([])
  await picture(own, 'privacy-dark-zh')
  const [mine] = await Promise.all([
    own.waitForEvent('download'),
    own.getByRole('link', { name: '下载关于我的数据' }).click(),
  ])
  const data = JSON.parse(await readFile(await mine.path(), 'utf8'))
  expect(data).toMatchObject({ people: [{ name: 'Ben' }], recordings: [{ lab: LAB }] })
  await own.context().close()
  await picture(ben, 'recorded')
  await teacher.getByRole('button', { name: 'Replay' }).focus()
  await teacher.keyboard.press('Enter')
  await ben.getByText('They look at how your work went, too.').waitFor()
  const replay = teacher.getByRole('region', { name: 'How it went' })
  await replay.getByRole('button', { name: 'Play' }).focus()
  await picture(teacher, 'replay-begin')
  const moment = replay.getByRole('slider', { name: 'Moment' })
  await moment.focus()
  await teacher.keyboard.press('End')
  await replay.locator('.xterm-rows').getByText('printed').waitFor()
  expect(await moment.getAttribute('aria-valuetext')).toMatch(/\d/)
  await teacher.keyboard.press('Home')
  await replay.locator('.xterm-rows').getByText('printed').waitFor({ state: 'detached' })
  await replay.getByRole('button', { name: 'Next finding' }).press('Enter')
  await replay.locator('[aria-current]', { hasText: 'The nodes are Ready' }).waitFor()
  await picture(teacher, 'replay')
  expect(await axeViolations(teacher)).toEqual([])
  await replay.getByRole('button', { name: 'Play' }).press('Enter')
  await replay.locator('.xterm-rows').getByText('printed').waitFor()
  await teacher.emulateMedia({ colorScheme: 'dark' })
  await picture(teacher, 'replay-dark')
  await teacher.setViewportSize({ width: 390, height: 844 })
  expect(await axeViolations(teacher)).toEqual([])
  expect(await teacher.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await picture(teacher, 'replay-dark-390')
  await teacher.emulateMedia({ colorScheme: 'light' })
  await teacher.setViewportSize({ width: 1440, height: 900 })
  await teacher.getByRole('button', { name: 'Now', exact: true }).press('Enter')
  await seen.getByText('printed').waitFor()
  await teacher.getByRole('button', { name: 'Ask to type' }).click()
  await ben.getByText('and asks to type').waitFor()
  await ben.getByRole('button', { name: 'Let them type' }).click()
  await teacher.getByText('Ben lets you type').waitFor()
  await teacher.locator('.look-terminals .xterm-helper-textarea').pressSequentially("echo he''lp\n")
  await ben.locator('.terminal-view.active .xterm-rows').getByText('help', { exact: true }).waitFor()
  expect(await axeViolations(ben)).toEqual([])
  await picture(ben, 'looked-at')
  await ben.getByRole('button', { name: 'Take the keyboard back' }).click()
  await teacher.getByText('your keys go nowhere').waitFor()
  await teacher.emulateMedia({ colorScheme: 'dark' })
  await teacher.setViewportSize({ width: 390, height: 844 })
  expect(await axeViolations(teacher)).toEqual([])
  expect(await teacher.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await picture(teacher, 'look-dark-390')
  await teacher.emulateMedia({ colorScheme: 'light' })
  await teacher.setViewportSize({ width: 1440, height: 900 })
  await teacher.getByRole('link', { name: 'Back to the board' }).click()
  await ben.getByText('Tia Teacher looks').waitFor({ state: 'detached' })
  await teacher.getByLabel('Lab', { exact: true }).selectOption(LAB)

  // It passes, and the board shows it by itself.
  server.passing.add('look-around')
  await ben.locator('details.step[data-step="look-around"] > summary').click()
  await ben
    .getByRole('button', { name: 'Check again' })
    .or(ben.getByRole('button', { name: 'Check now' }))
    .first()
    .click()
  await row('Ben').getByText('✓ done').waitFor()

  // A message to all; a lab that is not open.
  await teacher.getByLabel('What all learners of the course see at once').fill('Coffee until 10:30')
  await teacher.getByRole('button', { name: 'Send' }).click()
  for (const page of learners) await page.getByText('Coffee until 10:30').waitFor()
  await teacher.getByLabel('Pace').selectOption('gated')
  await ana.getByText('This lab is not open yet').waitFor()
  expect(await axeViolations(ana)).toEqual([])
  await picture(ana, 'lab-not-open-390')
  await teacher.getByRole('button', { name: 'Open this lab for all' }).click()
  await ana.getByText('The lab is open now.').waitFor()
  expect(await teacher.getByLabel('Pace').inputValue()).toBe('gated')

  // The report.
  const [download] = await Promise.all([
    teacher.waitForEvent('download'),
    teacher.getByRole('link', { name: 'Report (CSV)' }).click(),
  ])
  const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n')
  expect(lines).toHaveLength(1 + LEARNERS.length)
  expect(lines.find((line) => line.startsWith('Ben,1,'))).toBeDefined()

  // A path is assigned until yesterday; one learner gets more time; whoever assigned it reads and prints who is where.
  const assignment = teacher.getByRole('region', { name: 'What is to be done, and when' })
  await assignment.getByLabel('Learning path').selectOption({ index: 1 })
  await assignment.getByLabel('To be done by').fill('2026-01-31')
  await assignment.getByRole('button', { name: 'Save' }).click()
  await teacher.getByText('Saved.').waitFor()
  await row('Eli').getByRole('button', { name: 'Help Eli' }).click()
  await teacher.getByLabel('What to do').selectOption('Give them more time')
  await teacher.getByLabel('Until').fill('2096-12-31')
  expect(await axeViolations(teacher)).toEqual([])
  await picture(teacher, 'extend')
  await teacher.getByRole('button', { name: 'Do it' }).click()
  await teacher.getByText('Done.', { exact: true }).waitFor()
  await assignment.getByRole('link', { name: 'Report for whoever assigned it' }).click()
  await teacher.getByText('0 of 5 people have done all of it; 4 are late.').waitFor()
  await row('Eli').getByText('under way').waitFor()
  expect(await axeViolations(teacher)).toEqual([])
  await picture(teacher, 'attainment')
  await teacher.emulateMedia({ colorScheme: 'dark' })
  await teacher.setViewportSize({ width: 390, height: 844 })
  expect(await axeViolations(teacher)).toEqual([])
  expect(await teacher.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await picture(teacher, 'attainment-dark-390')
  await teacher.emulateMedia({ media: 'print', colorScheme: 'light' })
  await picture(teacher, 'attainment-print')
  await teacher.emulateMedia({ media: 'screen' })
  await teacher.setViewportSize({ width: 1440, height: 900 })
  await teacher.getByRole('link', { name: 'To the board' }).click()
  await row('Ben').getByText('(here)').waitFor()

  // One goes, and takes all that is theirs along: not by a slip, and the board shows it.
  const eli = learners.at(-1)!
  await eli.goto(`${server.url}/privacy/`)
  const forGood = eli.getByRole('dialog', { name: 'Delete your account?' })
  for (const name of ['Ben', 'Eli']) {
    await eli.getByRole('button', { name: 'Delete my account…' }).click()
    await forGood.getByLabel('type the name of your account: Eli').fill(name)
    if (name === 'Eli') {
      expect(await axeViolations(eli)).toEqual([])
      await picture(eli, 'delete-account')
    }
    await forGood.getByRole('button', { name: 'Delete for good' }).click()
    if (name === 'Ben') await eli.getByText('This is not the name of your account.').waitFor()
  }
  await eli.getByText('Your account is deleted, with all that was kept of it.').waitFor()
  expect(await eli.getByRole('link', { name: 'Download what is kept of me' }).count()).toBe(0)
  expect(await eli.evaluate(() => localStorage.length)).toBe(0)
  expect(await eli.getByRole('button', { name: 'Sign out' }).count()).toBe(0)
  await row('Eli').waitFor({ state: 'detached' })

  // Dark and narrow, and a server that restarts: the board comes back by itself.
  await teacher.emulateMedia({ colorScheme: 'dark' })
  await teacher.setViewportSize({ width: 390, height: 844 })
  expect(await axeViolations(teacher)).toEqual([])
  expect(await teacher.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await picture(teacher, 'board-dark-390')
  await server.server.close()
  await teacher.getByText('The server does not answer.').waitFor()
  await server.listen()
  await teacher.getByText('The server does not answer.').waitFor({ state: 'detached' })
  expect(faults).toEqual([])
}, 180_000)

it('lets people wait in line where all seats are taken, and starts their lab by itself', async () => {
  const full = await startHosted({ labsAtOnce: 1 }, { site: buildSite(), labs: loadLabs() })
  try {
    const admin = await firstAdministrator(full)
    const { body: cohort } = await admin.call<Cohort>('POST', '/api/cohorts', { name: MARKUP })
    const [ana, ben] = [await joined(full, cohort, 'Ana'), await joined(full, cohort, MARKUP)]
    await ana.call('POST', `/api/labs/${LAB}/start`)
    const page = await newPage({ width: 390 })
    const [name, value] = ben.cookie.split('=') as [string, string]
    await page.context().addCookies([{ name, value, url: full.url }])
    await page.goto(`${full.url}/labs/${LAB}/`)
    await page.getByRole('button', { name: 'Start the lab' }).click()
    await page.locator('.place').getByText('You are next.').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await picture(page, 'waiting-390')
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize({ width: 1440, height: 900 })
    expect(await axeViolations(page)).toEqual([])
    await picture(page, 'waiting-dark')
    const [world] = await full.cloud.worlds()
    await full.cloud.deleteWorld(world!.id)
    await page.locator('.terminal-view.active .xterm-rows').waitFor()

    // Markup in names of people, courses, pods and calls is text, for the learner and for who leads the course.
    await page
      .getByRole('group', { name: 'Parts of the page' })
      .getByRole('button', { name: 'World' })
      .click()
    full.cloud.draw([
      { id: 'account', kind: 'account', name: MARKUP, state: 'plain', status: MARKUP, facts: { Id: MARKUP } },
    ])
    await page.getByRole('button', { name: 'Tree' }).click()
    await page.getByRole('treeitem', { name: /<img src=x/ }).waitFor()
    const teacher = await newPage()
    const [adminName, adminCookie] = admin.cookie.split('=') as [string, string]
    await teacher.context().addCookies([{ name: adminName, value: adminCookie, url: full.url }])
    await teacher.goto(`${full.url}/classroom/#${cohort.id}`)
    await teacher.getByRole('heading', { name: MARKUP }).waitFor()
    await teacher.getByRole('row').filter({ hasText: MARKUP }).waitFor()
    await teacher.goto(`${full.url}/classroom/report/#${cohort.id}`)
    await teacher.getByRole('row').filter({ hasText: MARKUP }).waitFor()
    for (const shown of [page, teacher]) {
      expect(await shown.locator('img[src="x"]').count()).toBe(0)
      expect(await shown.title()).not.toBe('hacked')
    }

    // A lesson has notes for who leads courses, and a window for the projector that goes along.
    const lesson = `${full.url}/lessons/orchestration/engine-and-orchestrator/`
    await teacher.goto(lesson)
    const notes = teacher.getByRole('complementary', { name: 'For the trainer' })
    await notes.getByText('Bootcamp, three days with a trainer').waitFor()
    const [projector] = await Promise.all([
      teacher.waitForEvent('popup'),
      notes.getByRole('button', { name: 'Show on the projector' }).click(),
    ])
    await projector.locator('html[data-present]').waitFor()
    await notes.getByRole('button', { name: 'Next section' }).click()
    await notes.getByText(/^2 of \d+: /).waitFor()
    await expect.poll(() => projector.evaluate(() => scrollY)).toBeGreaterThan(0)
    await projector.keyboard.press('ArrowRight')
    await notes.getByText(/^3 of \d+: /).waitFor()
    for (const hidden of ['.site-bar', '.trainer', '.lesson nav.track'])
      expect(await projector.locator(hidden).isVisible()).toBe(false)
    expect(await axeViolations(teacher)).toEqual([])
    expect(await axeViolations(projector)).toEqual([])
    await picture(teacher, 'trainer')
    await projector.screenshot({ path: `${process.env.DRYDOCK_PICTURES ?? full.data}/projector.png` })
    await page.goto(lesson)
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    expect(await page.locator('.trainer').isVisible()).toBe(false)
    expect(faults).toEqual([])
  } finally {
    await full.close()
  }
}, 60_000)
