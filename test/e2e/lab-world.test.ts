import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Part } from '#cloud/api.ts'
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

/** A cluster on three machines, a load balancer tied to a network interface, and some pods. */
function smallWorld(): Part[] {
  return [
    { id: 'account', kind: 'account', name: 'AWS account 1111-2222-3333', state: 'plain' },
    { id: 'region/us-east-1', kind: 'region', parent: 'account', name: 'us-east-1', state: 'plain' },
    { id: 'vpc-1', kind: 'vpc', parent: 'region/us-east-1', name: 'Default VPC', state: 'plain' },
    { id: 'subnet-1', kind: 'subnet', parent: 'vpc-1', name: 'us-east-1a', state: 'plain' },
    { id: 'eni-1', kind: 'network-interface', parent: 'subnet-1', name: 'ELB app', state: 'good' },
    { id: 'elb/app', kind: 'load-balancer', parent: 'vpc-1', name: 'app', state: 'good', links: ['eni-1'] },
    { id: 'i-1', kind: 'instance', parent: 'subnet-1', name: 'i-1', state: 'good', status: 'running' },
    { id: 'node/c/n1', kind: 'node', parent: 'i-1', name: 'ip-10-0-0-1', state: 'good', status: 'Ready' },
    pod('web-1'),
    pod('web-2', 'bad', 'CrashLoopBackOff'),
  ]
}
const pod = (name: string, state: Part['state'] = 'good', status = 'Running'): Part => ({
  id: `pod/c/default/${name}`,
  kind: 'pod',
  parent: 'node/c/n1',
  name,
  state,
  status,
  facts: { Namespace: 'default' },
})

const toggle = () =>
  lab.page.getByRole('group', { name: 'Parts of the page' }).getByRole('button', { name: 'World' })
const show = (shape: string) =>
  lab.page.getByRole('group', { name: 'Show as' }).getByRole('button', { name: shape }).click()
const map = () => lab.page.getByRole('img', { name: /A map of your cloud/ })

async function open(options: { dark?: boolean; width?: number } = {}): Promise<void> {
  lab = await LabPage.open(browser, test, options)
  await lab.start()
  await toggle().click()
  await map().waitFor()
}

beforeEach(() => {
  test.cloud.parts.clear()
  for (const part of smallWorld()) test.cloud.parts.set(part.id, part)
})
afterEach(async () => {
  expect(lab.faults).toEqual([])
  await lab.close()
})

/** How often the map was painted. */
const paints = () => lab.page.evaluate(() => performance.getEntriesByName('drydock:world-paint').length)

describe('a request to a load balancer', () => {
  it('is seen on its way to the pod, and told in words that lead to each part', async () => {
    test.cloud.parts.clear()
    for (const part of smallWorld()) test.cloud.parts.set(part.id, part)
    await open()
    test.cloud.travel([{ stops: ['elb/app', 'i-1', 'pod/c/default/web-1'], service: 'default/web' }])
    const requests = lab.page.getByRole('region', { name: 'Requests' })
    await requests.getByText('Service default/web').waitFor()
    expect((await requests.getByRole('listitem').first().textContent())!.replaceAll(/\s+/g, ' ')).toBe(
      'app → i-1 → Service default/web → web-1',
    )
    expect(await axeViolations(lab.page)).toEqual([])
    await show('Tree')
    await requests.getByRole('button', { name: 'web-1' }).click()
    await lab.page.getByRole('complementary').or(lab.page.locator('.part-panel')).first().waitFor()
  })
})

describe('the world', () => {
  it.each([
    { width: 1440, dark: false },
    { width: 1024, dark: true },
    { width: 390, dark: false },
  ])('has no accessibility violation as map, tree and table (%o)', async (options) => {
    await open(options)
    for (const shape of ['Table', 'Tree', 'Map']) {
      await show(shape)
      expect(await axeViolations(lab.page)).toEqual([])
    }
    expect(await lab.page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false)
  })

  it('brings its code and asks for the picture only when it is looked at', async () => {
    lab = await LabPage.open(browser, test)
    await lab.start()
    const asked = () =>
      lab.page.evaluate(
        () =>
          performance.getEntriesByType('resource').filter(({ name }) => /WorldView|\/world$/.test(name))
            .length,
      )
    expect(await asked()).toBe(0)
    await toggle().click()
    await map().waitFor()
    expect(await asked()).toBeGreaterThan(0)
  })

  it('follows what happens, in tree and table, and shows what is chosen with the command for it', async () => {
    await open()
    await show('Tree')
    const tree = lab.page.getByRole('tree', { name: 'Your cloud' })
    await tree.getByRole('treeitem', { name: /VPC Default VPC/ }).waitFor()
    await lab.page.getByRole('searchbox', { name: /Filter/ }).fill('web')
    await tree.getByRole('treeitem', { name: /web-2 CrashLoopBackOff/ }).waitFor()
    expect(await tree.getByRole('treeitem', { name: /Load balancer/ }).count()).toBe(0)
    test.cloud.draw([pod('web-2'), pod('web-3', 'waiting', 'ContainerCreating')])
    await tree.getByRole('treeitem', { name: /web-2 Running/ }).waitFor()
    await tree.getByRole('treeitem', { name: /web-3 ContainerCreating/ }).click()
    const details = lab.page.getByRole('complementary', { name: 'Details' })
    await details.getByText('kubectl describe pod web-3').waitFor()
    await details.getByRole('button', { name: 'Type into the terminal' }).click()
    await lab.seen('kubectl describe pod web-3')
    test.cloud.draw([], ['pod/c/default/web-3'])
    await details.getByText('It is not there any more').waitFor()
    await show('Table')
    await lab.page.getByRole('row', { name: /Pod web-1 Running/ }).waitFor()
    expect(await lab.page.getByRole('row', { name: /web-3/ }).count()).toBe(0)
    await lab.page.getByRole('checkbox', { name: 'Only what is not well' }).check()
    await lab.page.getByRole('row', { name: /web-1/ }).waitFor({ state: 'detached' })
    await lab.page.getByText('Nothing here matches.').waitFor()
    test.cloud.draw([], [...test.cloud.parts.keys()])
    await lab.page.getByText('The cloud is empty').waitFor()
  })

  it('is walked by keys: the tree opens and closes, the details come and go', async () => {
    await open()
    await show('Tree')
    await lab.page.getByRole('treeitem', { name: /AWS account/ }).focus()
    const focused = () => lab.page.evaluate(() => document.activeElement?.textContent)
    await lab.page.keyboard.press('ArrowRight')
    await expect.poll(focused).toContain('us-east-1')
    await lab.page.keyboard.press('ArrowLeft')
    await lab.page.getByRole('treeitem', { name: /Default VPC/ }).waitFor({ state: 'detached' })
    await lab.page.keyboard.press('ArrowRight')
    await lab.page.keyboard.press('End')
    await lab.page.keyboard.press('Enter')
    const details = lab.page.getByRole('complementary', { name: 'Details' })
    await details.waitFor()
    await expect.poll(() => lab.page.evaluate(() => document.activeElement?.tagName)).toBe('H3')
    await lab.page.keyboard.press('Escape')
    await details.waitFor({ state: 'detached' })
  })

  it('tells by what a part is tied to which other', async () => {
    await open()
    await show('Table')
    await lab.page.getByRole('button', { name: 'app', exact: true }).click()
    await lab.page.getByRole('button', { name: 'Network interface: ELB app' }).click()
    await lab.page.getByRole('heading', { name: /ELB app/ }).waitFor()
  })

  it('shows a thousand pods, moves under the mouse, and follows a hundred changes at once', async () => {
    for (let node = 0; node < 20; node++) {
      const id = `node/c/many-${node}`
      test.cloud.parts.set(id, {
        id,
        kind: 'node',
        parent: 'subnet-1',
        name: `many-${node}`,
        state: 'good',
        status: 'Ready',
      })
    }
    for (let at = 0; at < 1000; at++) {
      const part = { ...pod(`many-${at}`), parent: `node/c/many-${at % 20}` }
      test.cloud.parts.set(part.id, part)
    }
    await open()
    await lab.page.getByText('1025 well').waitFor()
    const box = (await map().boundingBox())!
    await lab.page.evaluate(() => performance.clearMeasures())
    await lab.page.mouse.move(box.x + 100, box.y + 100)
    await lab.page.mouse.down()
    for (let step = 0; step < 60; step++)
      await lab.page.mouse.move(box.x + 100 + step * 3, box.y + 100 + step)
    await lab.page.mouse.up()
    for (let step = 0; step < 10; step++) await lab.page.mouse.wheel(0, step < 5 ? -120 : 120)
    // How long each takes is bench/world-map.ts's to tell.
    expect(await paints()).toBeGreaterThan(20)

    for (let round = 0; round < 10; round++) {
      const state = round % 2 ? 'good' : 'bad'
      test.cloud.draw(
        Array.from({ length: 100 }, (_, at) => ({
          ...pod(`many-${at}`, state),
          parent: `node/c/many-${at % 20}`,
        })),
      )
      await lab.page.getByText(state === 'bad' ? '101 broken' : '1 broken', { exact: true }).waitFor()
    }
  })
})
