import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { loadLabs } from '#labs/load.ts'
import { buildSite } from '#site/build.ts'
import { axeViolations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { LabPage } from '../support/lab-page.ts'
import { LabShell } from '../support/lab-shell.ts'
import { TestServer } from '../support/server.ts'

const LAB = '/labs/first-eks-cluster/'
const CONSOLE = `${LAB}console/`
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { Service: ['eks.amazonaws.com', 'ec2.amazonaws.com'] },
    Action: 'sts:AssumeRole',
  },
})

let directory: string
let cloud: OwnedCloud
let test: TestServer
let browser: Browser
let lab: LabPage
let page: Page
let shell: LabShell
/** What the server did not answer well. */
const refused: string[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-console-'))
  cloud = await startCloud({ directory })
  test = await TestServer.start({ cloud: Promise.resolve(cloud), site: buildSite(), labs: loadLabs() })
  browser = await launchBrowser()
  lab = await LabPage.open(browser, test, { width: 1360 })
  page = lab.page
  page.on('response', (answer) => {
    if (answer.status() >= 400) refused.push(`${answer.status()} ${answer.url()}`)
  })
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await shell?.close()
  await test?.close()
  await cloud?.stop()
  await rm(directory, { recursive: true, force: true })
  expect(lab?.faults).toEqual([])
  expect(refused).toEqual([])
})

const heading = (name: string) => page.getByRole('heading', { level: 1, name, exact: true })
const main = () => page.getByRole('main')
const follow = (name: string | RegExp) => main().getByRole('link', { name, exact: true }).first().click()

it('says that a lab without a world has nothing to show, and shows it as soon as it is started', async () => {
  await page.goto(test.url + CONSOLE)
  await page.getByText('The lab has not been started').waitFor()
  expect(await axeViolations(page)).toEqual([])
  const other = await page.context().newPage()
  await other.goto(test.url + LAB)
  await other.getByRole('button', { name: 'Start the lab' }).click()
  await page.getByRole('link', { name: 'Subnets' }).waitFor({ state: 'attached' })
  const [summary] = await cloud.worlds()
  const world = await cloud.world(summary!.id)
  const number = world!.accountId.replace(/^(\d{4})(\d{4})(\d{4})$/, '$1-$2-$3')
  await page.getByText(number).waitFor()
  expect(await page.getByRole('combobox', { name: 'Region' }).inputValue()).toBe('us-east-1')
  expect(await other.getByRole('link', { name: 'Console' }).getAttribute('href')).toBe(CONSOLE)
  await other.close()
  shell = await LabShell.open(world!)
})

it('shows what the terminal makes as it comes to be, without being reloaded', async () => {
  await page.goto(`${test.url}${CONSOLE}#/eks/clusters`)
  await page.getByText('Clusters: none.').waitFor()
  await shell.ok(`export AWS_DEFAULT_OUTPUT=text
    ROLE=$(aws iam create-role --role-name eks --assume-role-policy-document '${TRUST}' --query Role.Arn)
    for p in AmazonEKSClusterPolicy AmazonEKSWorkerNodePolicy AmazonEKS_CNI_Policy AmazonEC2ContainerRegistryReadOnly; do
      aws iam attach-role-policy --role-name eks --policy-arn arn:aws:iam::aws:policy/$p; done
    SUBNETS=$(aws ec2 describe-subnets --query 'Subnets[].SubnetId')
    aws eks create-cluster --name demo --role-arn $ROLE --resources-vpc-config subnetIds=$(echo $SUBNETS | tr ' ' ,) --tags team=web >/dev/null`)
  const row = page.getByRole('row', { name: /^demo / })
  await row.getByText('CREATING').waitFor()
  await cloud.advance(shell.world.id, 60_000)
  await row.getByText('ACTIVE').waitFor()
  await shell.ok(`export AWS_DEFAULT_OUTPUT=text
    aws eks create-nodegroup --cluster-name demo --nodegroup-name workers --scaling-config minSize=1,maxSize=3,desiredSize=2 \
      --node-role $(aws iam get-role --role-name eks --query Role.Arn) --subnets $(aws ec2 describe-subnets --query 'Subnets[].SubnetId') >/dev/null`)
  await cloud.advance(shell.world.id, 120_000)
  await page
    .getByRole('navigation', { name: 'Services' })
    .getByRole('link', { name: 'Node groups 1' })
    .click()
  await page
    .getByRole('row', { name: /^workers 2 / })
    .getByText('ACTIVE')
    .waitFor()
})

it('leads from the cluster over its node group, group, instance and interface to the VPC', async () => {
  await page.goto(`${test.url}${CONSOLE}#/eks/clusters/demo`)
  await heading('demo').waitFor()
  await main().getByText('team', { exact: true }).waitFor()
  await follow('workers')
  await heading('workers').waitFor()
  await follow(/^eks-workers-/)
  await main().getByText('Auto Scaling group', { exact: true }).waitFor()
  await main().getByText('Launching a new EC2 instance').first().waitFor()
  for (const kind of ['i', 'eni', 'subnet', 'vpc']) {
    await follow(new RegExp(`^${kind}-[0-9a-f]+$`))
    await page.getByRole('heading', { level: 1, name: new RegExp(`^${kind}-`) }).waitFor()
  }
  await main().getByRole('heading', { name: 'Referred to by' }).waitFor()
  await page.goBack()
  await page.getByRole('heading', { level: 1, name: /^subnet-/ }).waitFor()
})

it('gives the command that shows the same, and what was done to a resource', async () => {
  await page.goto(`${test.url}${CONSOLE}#/eks/nodegroups/demo/workers`)
  await heading('workers').waitFor()
  await main().getByRole('button', { name: 'Copy' }).click()
  await main().getByRole('button', { name: 'Copied' }).waitFor()
  const command = await page.evaluate(() => navigator.clipboard.readText())
  expect(command).toBe('aws eks describe-nodegroup --cluster-name demo --nodegroup-name workers')
  const { nodegroup } = JSON.parse(await shell.ok(command))
  await main().getByText(nodegroup.releaseVersion, { exact: true }).waitFor()
  await main()
    .getByRole('region', { name: 'Event history' })
    .getByRole('link', { name: 'CreateNodegroup' })
    .click()
  await heading('CreateNodegroup').waitFor()
})

it('leaves no trace in CloudTrail by looking', async () => {
  const names = await shell.ok(
    `aws cloudtrail lookup-events --query 'Events[].[EventName,Username]' --output text`,
  )
  expect(names).not.toMatch(/ListNodegroups|DescribeRouteTables|ListAccessKeys/)
})

it('finds resources of all services by a part of their name or ARN', async () => {
  await page.goto(`${test.url}${CONSOLE}#/vpc/vpcs`)
  await page.getByRole('searchbox', { name: 'Search the account' }).fill('workers')
  await main()
    .getByRole('status')
    .getByText(/\d+ resources/)
    .waitFor()
  await follow('workers')
  await heading('workers').waitFor()
})

it('sorts and filters a table by its columns', async () => {
  await page.goto(`${test.url}${CONSOLE}#/vpc/subnets`)
  await heading('Subnets').waitFor()
  await page.getByRole('button', { name: 'IPv4 CIDR' }).click()
  await page
    .getByRole('columnheader', { name: 'IPv4 CIDR' })
    .and(page.locator('[aria-sort="ascending"]'))
    .waitFor()
  await page.getByRole('button', { name: 'IPv4 CIDR' }).click()
  const cidrs = await main().locator('tbody td:nth-of-type(3)').allTextContents()
  expect(cidrs).toEqual(['172.31.32.0/20', '172.31.16.0/20', '172.31.0.0/20'])
  await main().getByRole('searchbox', { name: 'Filter' }).fill('172.31.16')
  await main().getByText('1 of 3').waitFor()
})

it.each([
  { width: 1360, dark: false },
  { width: 1360, dark: true },
  { width: 390, dark: true },
])(
  'has no accessibility violation and no sideways scroll at $width px (dark: $dark)',
  async ({ width, dark }) => {
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
    await page.setViewportSize({ width, height: 844 })
    for (const at of ['', '#/ec2/instances', '#/eks/clusters/demo', '#/cloudtrail/events']) {
      await page.goto(`${test.url}${CONSOLE}${at}`)
      await main().getByRole('link').first().waitFor()
      expect(await axeViolations(page), at).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), at).toBe(false)
    }
  },
)

it('looks at another region, and remembers it in the address', async () => {
  await page.setViewportSize({ width: 1360, height: 844 })
  await shell.ok('aws ecr create-repository --repository-name abroad --region eu-west-1')
  await page.goto(`${test.url}${CONSOLE}#/eks/clusters`)
  await page.getByRole('row', { name: /^demo / }).waitFor()
  await page.getByRole('combobox', { name: 'Region' }).selectOption('eu-west-1')
  await main().getByRole('link', { name: 'Repositories' }).click()
  await page.getByRole('row', { name: /^abroad / }).waitFor()
  expect(await axeViolations(page)).toEqual([])
  await page.reload()
  await page.getByRole('row', { name: /^abroad / }).waitFor()
  expect(await page.getByRole('combobox', { name: 'Region' }).inputValue()).toBe('eu-west-1')
  await page.getByRole('combobox', { name: 'Region' }).selectOption('us-east-1')
  await main().getByRole('link', { name: 'Clusters' }).first().click()
  await page.getByRole('row', { name: /^demo / }).waitFor()
})

it('follows the lab when it is started over', async () => {
  await page.goto(`${test.url}${CONSOLE}#/eks/clusters`)
  await page.getByRole('row', { name: /^demo / }).waitFor()
  await test.call('POST', '/api/labs/first-eks-cluster/reset', {
    cookie: (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; '),
  })
  await page.getByText('Clusters: none.').waitFor()
})
