import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Part } from '#cloud/api.ts'
import { loadLabs } from '#labs/load.ts'
import { buildSite } from '#site/build.ts'
import { axeViolations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { LabPage } from '../support/lab-page.ts'
import { TestServer } from '../support/server.ts'

const ACCOUNT: Part = { id: 'account', kind: 'account', name: 'AWS account 1111-2222-3333', state: 'plain' }
const CLUSTER: Part = {
  id: 'eks/us-east-1/harbor',
  kind: 'eks-cluster',
  parent: 'account',
  name: 'harbor',
  state: 'good',
  status: 'ACTIVE',
}

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
  test.cloud.parts.clear()
  test.cloud.parts.set(ACCOUNT.id, ACCOUNT)
  lab = await LabPage.open(browser, test)
  await lab.start()
})
afterEach(async () => {
  expect(lab.faults).toEqual([])
  await lab.close()
  test.passing.clear()
  test.cloud.calls.length = 0
  await test.call('POST', '/api/labs/first-eks-cluster/reset')
})

const call = (operation: string, error?: string) => {
  test.cloud.calls.push({
    number: test.cloud.calls.length,
    at: 1_800_000_000_000,
    source: 'eks.amazonaws.com',
    operation,
    region: 'us-east-1',
    principal: 'arn:aws:iam::111122223333:user/admin',
    parameters: { name: 'harbor' },
    ...(error && { error: { code: error, message: `${error}: it cannot be done.` } }),
  })
}

/** Passes the first step, which begins the second. */
async function passFirst(): Promise<void> {
  test.passing.add('look-around')
  await lab.step('look-around').getByRole('button', { name: 'Check' }).click()
  await lab.step('look-around').getByText('Done, checked').waitFor()
  const second = lab.step('create-cluster')
  await second.locator('summary').first().click()
  await second.getByRole('button', { name: 'Back to where it began' }).waitFor()
}

it('leads on to the next lab when all steps are done', async () => {
  const [first] = (await loadLabs()).filter(({ id }) => id === 'first-eks-cluster')
  for (const { id } of first!.steps) {
    test.passing.add(id)
    await test.call('POST', `/api/labs/first-eks-cluster/steps/${id}/check`)
  }
  const next = lab.page.getByRole('link', { name: /^Next lab: / })
  await next.waitFor()
  expect(await axeViolations(lab.page)).toEqual([])
  await next.click()
  await lab.page.getByRole('button', { name: 'Start the lab' }).waitFor()
  expect(lab.page.url()).not.toContain('first-eks-cluster')
})

describe('a step of a drill', () => {
  let drill: TestServer
  beforeAll(async () => {
    const [first] = (await loadLabs()).filter(({ id }) => id === 'first-eks-cluster')
    const finding = {
      id: 'no-cluster',
      title: 'The cluster exists',
      status: 'failed' as const,
      cause: 'It was never made.',
    }
    drill = await TestServer.start({
      site: buildSite(),
      labs: Promise.resolve([{ ...first!, scored: { about: ['harbor'] } }]),
      runner: {
        async run({ lab, step }) {
          const status = drill.passing.has(step) ? 'passed' : 'failed'
          return { lab, step, status, findings: [{ ...finding, status }], at: 1, duration: 1 }
        },
        warm() {},
        async close() {},
      },
    })
  })
  afterAll(() => drill?.close())

  it('says that it is not done, and what is not in order only by choice, as a hint', async () => {
    const page = await LabPage.open(browser, drill)
    await page.start()
    const first = page.step('look-around')
    await first.getByRole('button', { name: 'Check' }).click()
    await first.getByText('Show what is not in order yet').waitFor()
    expect(await first.getByText('It was never made.').isVisible()).toBe(false)
    await first.getByText('Show what is not in order yet').click()
    await first.getByText('It was never made.').waitFor()
    drill.passing.add('look-around')
    await first.getByRole('button', { name: 'Check again' }).click()
    await first.getByText('8 points.').waitFor()
    expect(page.faults).toEqual([])
    await page.close()
  })
})

describe('a step', () => {
  it('tells what changed since it began: calls and things', async () => {
    call('CreateRole')
    await passFirst()
    call('CreateCluster')
    call('DeleteCluster', 'ResourceNotFoundException')
    test.cloud.draw([CLUSTER])
    const second = lab.step('create-cluster')
    await second.getByRole('button', { name: 'What changed in this step' }).click()
    const changes = second.getByRole('region', { name: 'What changed in this step' })
    await changes.getByText('harbor').first().waitFor()
    await changes.getByText('is new').waitFor()
    await changes.getByText('CreateCluster').waitFor()
    await changes.getByText('ResourceNotFoundException', { exact: true }).waitFor()
    expect(await changes.getByText('CreateRole').count()).toBe(0)
    expect(await axeViolations(lab.page)).toEqual([])
  })

  it('is gone back to, after a question: cloud, files and progress, with a new terminal', async () => {
    await passFirst()
    test.cloud.draw([CLUSTER])
    await lab.type('echo mine > later.txt; echo written-$((1+1))\n')
    await lab.seen('written-2')
    await lab.step('create-cluster').getByRole('button', { name: 'Back to where it began' }).click()
    await lab.page.getByRole('dialog').getByRole('button', { name: 'Go back' }).click()
    await lab.page.waitForFunction(
      () => !document.querySelector('.xterm-rows')?.textContent?.includes('written-2'),
    )
    await lab.prompt()
    await lab.type('ls; echo listed-$((1+1))\n')
    await lab.seen('listed-2')
    expect(await lab.screen.textContent()).not.toContain('later.txt')
    expect([...test.cloud.parts.keys()]).toEqual(['account'])
    await lab.step('look-around').getByText('Done', { exact: true }).waitFor()
  })

  it('is skipped, after a question: its own solution is run', async () => {
    await lab.page.goto(`${test.url}/labs/choose-six-customers/`)
    await lab.start()
    test.passing.add('orchestrator')
    const first = lab.step('orchestrator')
    await first.getByRole('button', { name: 'Do this step for me' }).click()
    await lab.page.getByRole('dialog', { name: 'Go on without doing this step?' }).waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
    await lab.page.getByRole('button', { name: 'Do it for me' }).click()
    await first.getByText('Done, checked').waitFor()
    await first.getByRole('button', { name: 'Do this step for me' }).waitFor({ state: 'detached' })
    // The check of this test passes at once, also before the solution has run.
    await lab.type('until grep "bakery: ecs" answers.yaml; do sleep 0.1; done; echo solved-$((1+1))\n')
    await lab.seen('solved-2')
    await test.call('POST', '/api/labs/choose-six-customers/reset')
  })

  it('shows its solution only after a question, and types it without running it', async () => {
    const first = lab.step('look-around')
    await first.getByRole('button', { name: 'Show the solution' }).click()
    const dialog = lab.page.getByRole('dialog', { name: 'Show the solution?' })
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(await first.getByRole('region', { name: 'One way to do it' }).count()).toBe(0)
    await first.getByRole('button', { name: 'Show the solution' }).click()
    await dialog.getByRole('button', { name: 'Show the solution' }).click()
    await first.getByRole('region', { name: 'One way to do it' }).getByText('describe-subnets').waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
  })
})

describe('a lab of two sides', () => {
  const SIDES = 'Side by side: Docker Hub and ECR'
  const minute = 60_000
  const done = (source: string, operation: string) =>
    test.cloud.calls.push({
      ...{ number: test.cloud.calls.length, at: 1_800_000_000_000 + test.cloud.calls.length * minute },
      ...{ source, operation, principal: 'arn:aws:iam::111122223333:user/admin' },
    })
  const pass = async (id: string) => {
    test.passing.add(id)
    const step = lab.step(id)
    if (!(await step.getByRole('button', { name: 'Check' }).isVisible()))
      await step.locator('summary').first().click()
    await step.getByRole('button', { name: 'Check' }).click()
    await step.getByText('Done, checked').waitFor()
  }

  it('shows under its steps how the learner’s own work on them differs, and follows it', async () => {
    const { page } = lab
    await page.goto(`${test.url}/labs/same-image-twice/`)
    await lab.start()
    await page.getByText(SIDES).click()
    const table = page.getByRole('region', { name: SIDES })
    const cells = (name: string) =>
      table
        .getByRole('row')
        .filter({ has: page.getByRole('rowheader', { name, exact: true }) })
        .getByRole('cell')
        .allTextContents()
    await page.getByText('Nothing yet on the side of ECR.').waitFor()
    await pass('build')
    done('docker', 'image push')
    await pass('docker-hub')
    await table.getByRole('row', { name: 'docker image push' }).waitFor()
    await page.getByText('Nothing yet on the side of').waitFor({ state: 'detached' })
    done('ecr.amazonaws.com', 'CreateRepository')
    done('docker', 'image push')
    test.cloud.draw([{ id: 'ecr/site', kind: 'repository', parent: 'account', name: 'site', state: 'plain' }])
    await pass('ecr')
    await table.getByRole('row', { name: 'ecr CreateRepository' }).waitFor()
    expect(await cells('ecr CreateRepository')).toEqual(['–', '1'])
    expect(await cells('ecr:CreateRepository')).toEqual(['–', '1'])
    expect(await cells('Repository')).toEqual(['–', '1'])
    expect(await cells('Time from the first call to the last')).toEqual(['0 s', '60 s'])
    expect(await table.getByRole('row', { name: 'docker image push' }).count()).toBe(0)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await axeViolations(page)).toEqual([])
    }
    await test.call('POST', '/api/labs/same-image-twice/reset')
  })
})

describe('the world', () => {
  it('is looked at as it was where a step began, and as it is', async () => {
    await passFirst()
    test.cloud.draw([CLUSTER])
    await lab.page.getByRole('button', { name: 'World' }).click()
    await lab.page.getByRole('button', { name: 'Tree' }).click()
    const cluster = lab.page.getByRole('treeitem', { name: /harbor/ })
    await cluster.waitFor()
    await lab.page
      .getByRole('combobox', { name: 'At' })
      .selectOption({ label: 'the beginning of “Create the cluster”' })
    await cluster.waitFor({ state: 'detached' })
    expect(await axeViolations(lab.page)).toEqual([])
    await lab.page.getByRole('combobox', { name: 'At' }).selectOption('now')
    await cluster.waitFor()
  })

  it('lists the calls that changed something, by whom and with what result', async () => {
    call('CreateCluster')
    call('DeleteNodegroup', 'ResourceInUseException')
    await lab.page.getByRole('button', { name: 'World' }).click()
    await lab.page.getByRole('button', { name: 'Calls' }).click()
    const calls = lab.page.getByRole('region', { name: 'Calls that changed something' })
    await calls.getByText('DeleteNodegroup').click()
    await calls.getByText('arn:aws:iam::111122223333:user/admin').first().waitFor()
    await calls.getByText('it cannot be done').waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
    await lab.page.getByRole('checkbox', { name: 'Only what is not well' }).check()
    await calls.getByText('CreateCluster').waitFor({ state: 'detached' })
  })

  it('goes back to just after any call, to look, and on from call to call', async () => {
    call('CreateCluster')
    await lab.page.getByRole('button', { name: 'World' }).click()
    await lab.page.getByRole('button', { name: 'Calls' }).click()
    const calls = lab.page.getByRole('region', { name: 'Calls that changed something' })
    await calls.getByText('CreateCluster').waitFor()
    call('DeleteCluster')
    test.cloud.change('cloudtrail/111122223333/writes/1')
    await calls.getByText('DeleteCluster').waitFor()
    test.cloud.past.set(0, [ACCOUNT, CLUSTER])
    test.cloud.past.set(1, [ACCOUNT])
    await calls.getByText('CreateCluster').click()
    await calls.getByRole('button', { name: 'Look at the world just after it' }).click()
    await lab.page.getByRole('button', { name: 'Tree' }).click()
    const cluster = lab.page.getByRole('treeitem', { name: /harbor/ })
    await cluster.waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
    await lab.page.getByRole('button', { name: 'Later' }).click()
    await cluster.waitFor({ state: 'detached' })
    await lab.page.getByRole('button', { name: 'Earlier' }).click()
    await cluster.waitFor()
    await lab.page.getByRole('button', { name: 'Back to now' }).click()
    await cluster.waitFor({ state: 'detached' })
    test.cloud.past.clear()
    await lab.page.getByRole('button', { name: 'Calls' }).click()
    await calls.getByText('CreateCluster').click()
    await calls.getByRole('button', { name: 'Look at the world just after it' }).click()
    await lab.page.getByText('So much of the past is not kept.').waitFor()
  })
})

describe('time and money', () => {
  it('lets the clock run faster, and says what is true of it', async () => {
    const speed = lab.page.getByRole('combobox', { name: 'Time' })
    await speed.selectOption('60 times as fast')
    await lab.page
      .getByText('here less than a second')
      .or(lab.page.getByText('here about 0 s'))
      .first()
      .waitFor()
    await lab.page.reload()
    await lab.prompt()
    expect(await speed.inputValue()).toBe('60')
    await speed.selectOption('true speed')
  })

  it('says what the cloud would cost on AWS', async () => {
    await lab.page.getByRole('button', { name: /^AWS: \$.*\/h/ }).click()
    await lab.page.getByRole('heading', { name: 'What this would cost on AWS' }).waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
  })
})
