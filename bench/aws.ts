// Calls a second and their times at the AWS endpoint with SigV4 and IAM on, beside a bare node:http server that reads and parses the same
// requests and answers the same bytes; with 10, 1,000 and 20,000 resources. The caller is a thread of its own.
// node bench/aws.ts [seconds a round] [--durable], which has the world on disk and keeps the history of calls, as the product does
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { CreateSecurityGroupCommand, DescribeSecurityGroupsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { CreateRoleCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { CreateKeyCommand, DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { Trail } from '#aws/cloudtrail/trail.ts'
import { bootstrapRegion, ec2Service, tables } from '#aws/ec2/index.ts'
import { makeSecurityGroup } from '#aws/ec2/make-vpc.ts'
import { bootstrapAccount } from '#aws/iam/bootstrap.ts'
import { iamIdentity } from '#aws/iam/identity.ts'
import { iamService } from '#aws/iam/service.ts'
import { kmsService } from '#aws/kms/index.ts'
import { loadConstraints } from '#aws/wire/constraints.ts'
import { createAwsServer } from '#aws/wire/server.ts'
import { CONSTRAINTS_FILE } from '#cloud/generated.ts'
import { WorldFiles } from '#world/files.ts'
import { World } from '#world/world.ts'

const SECONDS = Number(process.argv.slice(2).find((argument) => !argument.startsWith('-')) ?? 2)
const accountId = '111122223333'
const region = 'us-east-1'
const administrator = { accessKeyId: 'AKIADRYDOCKBENCHADMN', secretAccessKey: 'only-for-the-bench' }
const directory = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
const files = process.argv.includes('--durable') ? await WorldFiles.open(directory) : undefined
const world = new World({
  id: 'bench',
  seed: 'bench',
  provisioning: 'instant',
  ...(files ? { store: files.store } : {}),
})
const trail = files && new Trail(world)
const scope = { world, accountId, region }
bootstrapAccount(world, { accountId, administrator })
bootstrapRegion(scope)

const aws = createAwsServer({
  world,
  services: [ec2Service, iamService, kmsService],
  identity: iamIdentity(world, accountId),
  accountId,
  region,
  constraints: await loadConstraints(CONSTRAINTS_FILE),
  ...(trail ? { onCall: (call) => trail.record(call) } : {}),
})
/** What the bare server answers: the bytes that the endpoint last gave. */
let answer: { status: number; type: string; body: Buffer } = { status: 200, type: '', body: Buffer.alloc(0) }
const bare = async (req: IncomingMessage, res: ServerResponse) => {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  if (text.startsWith('{')) JSON.parse(text)
  else Object.fromEntries(new URLSearchParams(text))
  res
    .writeHead(answer.status, { 'content-type': answer.type, 'content-length': answer.body.length })
    .end(answer.body)
}
const listen = async (handler: (req: IncomingMessage, res: ServerResponse) => void) => {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port }
}
const endpoint = await listen(aws.classic)
const limit = await listen((req, res) => void bare(req, res))

interface Sent {
  method: string
  path: string
  headers: Record<string, string>
  body: string
}
/** The request that an SDK client would send, signed. */
// biome-ignore lint/suspicious/noExplicitAny: clients and commands of several packages.
async function signed(Client: any, command: any): Promise<Sent> {
  let sent: Sent | undefined
  const client = new Client({
    endpoint: `http://127.0.0.1:${endpoint.port}`,
    region,
    credentials: administrator,
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: Sent) => {
        sent = { ...request, body: String(request.body ?? '') }
        throw new Error('not sent')
      },
    },
  })
  await client.send(command).catch(() => {})
  return sent!
}

/** Sends requests for a while from a thread; gives calls a second, and times in ms. */
const CALLER = `
const { parentPort, workerData } = require('node:worker_threads')
const http = require('node:http')
const { port, requests, inFlight, ms } = workerData
const agent = new http.Agent({ keepAlive: true, maxSockets: inFlight })
const times = []
let next = 0
let failed
const once = () => new Promise((resolve, reject) => {
  const { method, path, headers, body } = requests[next++ % requests.length]
  const start = performance.now()
  const req = http.request({ port, host: '127.0.0.1', method, path, headers, agent }, (res) => {
    res.on('data', (chunk) => { if (res.statusCode >= 400) failed = String(chunk) })
    res.on('end', () => { times.push(performance.now() - start); resolve() })
  })
  req.on('error', reject)
  req.end(body)
})
const run = async () => {
  const begun = performance.now()
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (performance.now() - begun < ms && (requests.length === 1 || next < requests.length)) await once()
  }))
  const seconds = (performance.now() - begun) / 1000
  times.sort((a, b) => a - b)
  agent.destroy()
  parentPort.postMessage({ calls: times.length, rate: times.length / seconds, p50: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)], failed })
}
run()
`
interface Times {
  calls: number
  rate: number
  p50: number
  p99: number
  failed?: string
  /** Time of the processor that the serving thread took for a call, µs: says more than the clock on a machine with other work. */
  cpu: number
}
async function call(port: number, requests: Sent[], inFlight: number): Promise<Times> {
  const before = process.threadCpuUsage()
  const times = await callFromThread(port, requests, inFlight)
  const { user, system } = process.threadCpuUsage(before)
  return { ...times, cpu: (user + system) / times.calls }
}
const callFromThread = (port: number, requests: Sent[], inFlight: number) =>
  new Promise<Omit<Times, 'cpu'>>((resolve, reject) => {
    const worker = new Worker(CALLER, {
      eval: true,
      workerData: { port, requests, inFlight, ms: SECONDS * 1000 },
    })
    worker.once('message', resolve)
    worker.once('error', reject)
  })

async function keep(request: Sent): Promise<void> {
  const { method, path, headers, body } = request
  const given = await fetch(`http://127.0.0.1:${endpoint.port}${path}`, { method, headers, body })
  answer = {
    status: given.status,
    type: given.headers.get('content-type') ?? '',
    body: Buffer.from(await given.arrayBuffer()),
  }
  if (!given.ok) throw new Error(answer.body.toString())
}

async function report(what: string, requests: Sent[], inFlight: number): Promise<void> {
  const floor = await call(limit.port, [requests[0]!], inFlight)
  const real = await call(endpoint.port, requests, inFlight)
  if (real.failed) throw new Error(real.failed)
  const ratio = (real.rate / floor.rate).toFixed(2)
  console.log(
    `${what}, ${inFlight} in flight: ${real.rate.toFixed(0)}/s (p50 ${real.p50.toFixed(2)} ms, p99 ${real.p99.toFixed(2)} ms, CPU ${real.cpu.toFixed(0)} µs); bare ${floor.rate.toFixed(0)}/s (CPU ${floor.cpu.toFixed(0)} µs); ratio ${ratio}, of CPU ${(floor.cpu / real.cpu).toFixed(2)}`,
  )
}

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { Service: 'eks.amazonaws.com' }, Action: 'sts:AssumeRole' },
})
const vpcId = tables.vpcs.list(scope)[0]!.id
let made = 0
for (const count of [10, 1_000, 20_000]) {
  for (; made < count; made++)
    makeSecurityGroup(scope, { name: `bench-${made}`, description: 'bench', vpcId })
  console.log(`--- ${count} security groups`)
  const { id } = tables.securityGroups.list(scope)[0]!
  const describe = await signed(EC2Client, new DescribeSecurityGroupsCommand({ GroupIds: [id] }))
  await keep(describe)
  for (const inFlight of [8, 16]) await report('ec2 DescribeSecurityGroups of one', [describe], inFlight)
  const creations = await Promise.all(
    Array.from({ length: 1500 }, (_, index) =>
      signed(
        EC2Client,
        new CreateSecurityGroupCommand({
          GroupName: `made-${count}-${index}`,
          Description: 'made',
          VpcId: vpcId,
        }),
      ),
    ),
  )
  for (const [from, inFlight] of [
    [0, 8],
    [750, 16],
  ] as const)
    await report('ec2 CreateSecurityGroup', creations.slice(from, from + 750), inFlight)
}
console.log('--- other protocols')
const key = await signed(KMSClient, new CreateKeyCommand({}))
await keep(key)
const KeyId = JSON.parse(answer.body.toString()).KeyMetadata.KeyId as string
const describeKey = await signed(KMSClient, new DescribeKeyCommand({ KeyId }))
await keep(describeKey)
await report('kms DescribeKey (JSON 1.1)', [describeKey], 16)
const role = await signed(
  IAMClient,
  new CreateRoleCommand({ RoleName: 'bench', AssumeRolePolicyDocument: trust }),
)
await keep(role)
const getRole = await signed(IAMClient, new GetRoleCommand({ RoleName: 'bench' }))
await keep(getRole)
await report('iam GetRole (query)', [getRole], 16)

for (const { server } of [endpoint, limit]) {
  server.closeAllConnections()
  server.close()
}
world.close()
await files?.close()
await rm(directory, { recursive: true })
