import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { absentHandlers } from '../../src/aws/ec2/absent.ts'
import { SdkAccount, SERVICES } from '../support/sdk-account.ts'
import { furnishContainers } from '../support/sdk-furniture/containers.ts'
import { furnishEc2 } from '../support/sdk-furniture/ec2.ts'
import { furnishIam } from '../support/sdk-furniture/iam.ts'
import { furnishOthers } from '../support/sdk-furniture/others.ts'
import { furnishWaits, PATIENCE, type Wait } from '../support/sdk-furniture/waits.ts'

// The AWS SDK's own paginators and waiters of all services, unchanged.
let directory: string
let cloud: OwnedCloud
let account: SdkAccount
/** `service:Operation` → the input that it needs. */
let inputs: Record<string, object>
let waits: Record<string, Wait>

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-sdk-'))
  cloud = await startCloud({ directory })
  const { id } = await cloud.createWorld({ id: 'sdk', provisioning: 'instant' })
  account = new SdkAccount((await cloud.world(id))!)
  inputs = {
    ...(await furnishIam(account)),
    ...(await furnishEc2(account)),
    ...(await furnishOthers(account)),
    ...(await furnishContainers(account, () => cloud.advance(id, 60_000))),
  }
  waits = await furnishWaits(account)
}, 300_000)
afterAll(async () => {
  await cloud?.stop()
  await rm(directory, { recursive: true, force: true })
})

const NONE = 'the account has none, or only one'
const FIXED = 'its pages have a size of their own'
const NEVER = 'nobody can make one'
/** Paginators that have no second page to give here, and why. */
const ONE_PAGE: Record<string, string> = {
  'iam:ListAccountAliases': 'an account has one alias',
  'iam:ListMFADevices': NONE,
  'iam:ListSSHPublicKeys': NONE,
  'iam:ListServerCertificates': NONE,
  'iam:ListSigningCertificates': NONE,
  'iam:ListVirtualMFADevices': NONE,
  ...Object.fromEntries(Object.keys(absentHandlers).map((operation) => [`ec2:${operation}`, NEVER])),
  'ec2:DescribeAddressesAttribute': NEVER,
  'ec2:DescribeIamInstanceProfileAssociations': NONE,
  'ec2:DescribeManagedPrefixLists': 'AWS has two in a region, and a page five',
  'ec2:DescribePrefixLists': 'AWS has two in a region, and a page five',
  'ec2:DescribeVpcs': 'a region has five, and a page too',
  'eks:ListIdentityProviderConfigs': NONE,
  'ecr:DescribeImageScanFindings': NONE,
  'ecr:ListReplicationBackfills': NONE,
  'ecr-public:DescribeRegistries': 'an account has one registry',
  'elbv2:DescribeListenerCertificates': NONE,
  'autoscaling:DescribeInstanceRefreshes': NONE,
  'autoscaling:DescribeLoadBalancers': NONE,
  'autoscaling:DescribeNotificationConfigurations': NEVER,
  'autoscaling:DescribeWarmPool': NEVER,
  'kms:ListKeyPolicies': 'a key has one policy',
  'logs:DescribeDestinations': NEVER,
  'logs:DescribeSubscriptionFilters': NEVER,
  'ecs:ListAttributes': NONE,
  'ecs:ListContainerInstances': NONE,
  'efs:DescribeMountTargets': NONE,
  'cloudformation:DescribeAccountLimits': FIXED,
  'cloudformation:DescribeChangeSet': FIXED,
  'cloudformation:DescribeStackEvents': FIXED,
  'cloudformation:DescribeStacks': FIXED,
  'cloudformation:ListChangeSets': FIXED,
  'cloudformation:ListExports': FIXED,
  'cloudformation:ListImports': FIXED,
  'cloudformation:ListStackResources': FIXED,
  'cloudformation:ListStacks': FIXED,
  'ssm:DescribeInstanceInformation': NONE,
  'ssm:DescribeSessions': NONE,
  'cloudwatch:ListDashboards': FIXED,
  'cloudwatch:ListMetrics': FIXED,
  'application-autoscaling:DescribeScalingActivities': NONE,
  'cloudtrail:ListTrails': NONE,
  'signer:ListSigningPlatforms': 'there is one',
}
/** Paginators whose resource the account cannot be given quickly. */
const NOT_FOUND: Record<string, string> = {
  'ecr:DescribeReplicationBackfillResults': 'ReplicationBackfillNotFoundException',
}

/** The least that a service takes as a page's size, where that is not 1. */
const LEAST: Record<string, number> = {
  ec2: 5,
  'ec2:DescribeInstanceEventWindows': 20,
  'ssm:DescribeInstanceInformation': 5,
  // Each call is an event itself; in pages of one there would be no end.
  'cloudtrail:LookupEvents': 50,
}
/** Services whose paginators have no setting for the page's size: it is a member of the input. */
const SIZE_MEMBER: Record<string, string> = { elb: 'PageSize', elbv2: 'PageSize' }

interface Walk {
  pages: number
  /** What the lists in the pages hold, sorted: some outputs have several lists. */
  items: string[]
}

async function walk(service: string, operation: string, pageSize?: number): Promise<Walk> {
  const sdk = await account.sdk(service)
  const client = await account.client(service)
  // A copy, since paginators keep their place in it.
  const input = {
    ...inputs[`${service}:${operation}`],
    ...(pageSize && service in SIZE_MEMBER ? { [SIZE_MEMBER[service]!]: pageSize } : {}),
  }
  const found: Walk = { pages: 0, items: [] }
  for await (const page of sdk[`paginate${operation}`]({ client, pageSize, stopOnSameToken: true }, input)) {
    found.pages++
    for (const value of Object.values(page))
      if (Array.isArray(value)) found.items.push(...value.map((item) => JSON.stringify(item)))
  }
  return { ...found, items: found.items.sort() }
}

/** The SDK's functions of a kind, by the service and the rest of their name. */
async function exported(prefix: string): Promise<[service: string, name: string][]> {
  const all: [string, string][] = []
  for (const [service, { sdk }] of SERVICES)
    for (const key of Object.keys(await sdk()))
      if (key.startsWith(prefix)) all.push([service, key.slice(prefix.length)])
  return all
}
const paginators = await exported('paginate')
const simulated = ([service, operation]: [string, string]) =>
  SERVICES.get(service)!.handlers[operation] !== undefined

describe('the paginators of the AWS SDK', () => {
  it.each(paginators.filter(simulated))(
    '%s %s gives in small pages what it gives in one',
    async (service, operation) => {
      const name = `${service}:${operation}`
      if (name in NOT_FOUND)
        return expect(walk(service, operation)).rejects.toMatchObject({ name: NOT_FOUND[name] })
      const whole = await walk(service, operation)
      const small = await walk(service, operation, LEAST[name] ?? LEAST[service] ?? 1)
      expect(small.items).toEqual(whole.items)
      if (name in ONE_PAGE) expect(small.pages, ONE_PAGE[name]).toBe(1)
      else expect(small.pages, `${small.items.length} items`).toBeGreaterThan(1)
    },
  )

  it('say of every other operation that it is not simulated', async () => {
    const others = paginators.filter((one) => !simulated(one))
    // One of each service: the wire answers all of them alike.
    const firsts = new Map(others.map(([service, operation]) => [service, operation]))
    for (const [service, operation] of firsts)
      await expect(walk(service, operation), `${service} ${operation}`).rejects.toThrow()
  })
})

/** How a waiter ends: the SDK throws what is no success as JSON. */
async function outcome(name: string, input: object, patience: object): Promise<string> {
  const [service, waiter] = name.split(':') as [string, string]
  const sdk = await account.sdk(service)
  try {
    const { state } = await sdk[`waitUntil${waiter}`](
      { client: await account.client(service), ...patience },
      input,
    )
    return state
  } catch (error) {
    return JSON.parse((error as Error).message).state
  }
}

/** Waiters of operations that are not simulated. */
const NOT_SIMULATED =
  /^(ec2:(BundleTask|ConversionTask|CustomerGateway|ExportTask|ImageUsageReport|PasswordData|Secondary|SecurityGroupVpc|SnapshotImported|SpotInstance|StoreImage|Vpn)|acm:Acme|cloudformation:(StackRefactor|TypeRegistration)|cloudwatch:(AlarmMuteRule|LogAlarm)|ecs:Daemon|eks:CertificateAuthority|ssm:CommandExecuted|signer:)/

describe('the waiters of the AWS SDK', () => {
  it('are all accounted for', async () => {
    const all = (await exported('waitUntil')).map((one) => one.join(':'))
    expect(all.filter((name) => !(name in waits) && !NOT_SIMULATED.test(name))).toEqual([])
    expect(Object.keys(waits).filter((name) => !all.includes(name))).toEqual([])
  })

  it('end when what they wait for is there, and otherwise fail or go on asking', {
    timeout: 120_000,
  }, async () => {
    const wrong: string[] = []
    await Promise.all(
      Object.entries(waits).map(async ([name, { success, other, ends }]) => {
        const good = success && (await outcome(name, success, PATIENCE))
        if (success && good !== 'SUCCESS') wrong.push(`${name} ends with ${good}`)
        const bad = await outcome(name, other, { maxWaitTime: 1, minDelay: 0.2, maxDelay: 0.2 })
        if (bad !== ends) wrong.push(`${name} ends with ${bad}, not ${ends}`)
      }),
    )
    expect(wrong).toEqual([])
  })
})
