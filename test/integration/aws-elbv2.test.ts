import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchInstances, tables } from '../../src/aws/ec2/index.ts'
import { anImage } from '../support/ami.ts'
import { ACCOUNT, REGION, startAws } from '../support/aws.ts'

let aws: Awaited<ReturnType<typeof startAws>>
let scope: { world: typeof aws.world; accountId: string; region: string }
let vpc: string
let subnets: string[]

beforeAll(async () => {
  aws = await startAws()
  scope = { world: aws.world, accountId: ACCOUNT, region: REGION }
  const all = tables.subnets.list(scope)
  vpc = all[0]!.vpcId
  subnets = all.map(({ id }) => id)
})
afterAll(() => aws.close())

/** The text that a command must give. */
async function ok(...words: string[]): Promise<string> {
  const { code, stdout, error } = await aws.cli([...words, '--output', 'text'])
  if (code !== 0) throw new Error(error)
  return stdout
}

/** What a command that must fail says. */
const fails = async (...words: string[]) => (await aws.cli(words)).error

/** A GET by a load balancer's name, from the internet. */
function get(name: string, path = '/'): Promise<{ status: string; body: string }> {
  const host = aws.traffic.resolve(name, 80)!
  const socket = host.kind === 'tcp' ? host.connect() : undefined
  socket!.write(`GET ${path} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`)
  return new Promise((resolve) => {
    let text = ''
    socket!.on('data', (chunk) => {
      text += chunk
    })
    socket!.on('end', () => {
      socket!.destroy()
      const [head = '', body = ''] = text.split('\r\n\r\n')
      resolve({ status: head.split('\r\n')[0]!, body })
    })
  })
}

it('sends requests to healthy instances by its rules, and says why a target is none', {
  timeout: 120_000,
}, async () => {
  const group = await ok(
    'ec2',
    'create-security-group',
    '--group-name',
    'web',
    '--description',
    'web',
    '--vpc-id',
    vpc,
    '--query',
    'GroupId',
  )
  await ok(
    'ec2',
    'authorize-security-group-ingress',
    '--group-id',
    group,
    '--protocol',
    'tcp',
    '--port',
    '80',
    '--cidr',
    '0.0.0.0/0',
  )
  expect(await fails('elbv2', 'create-load-balancer', '--name', 'web', '--subnets', subnets[0]!)).toContain(
    '(ValidationError) when calling the CreateLoadBalancer operation: At least two subnets in two different Availability Zones must be specified',
  )
  const made = await ok(
    'elbv2',
    'create-load-balancer',
    '--name',
    'web',
    '--subnets',
    ...subnets,
    '--security-groups',
    group,
    '--query',
    'LoadBalancers[0].[LoadBalancerArn,DNSName,Type]',
  )
  const [balancer = '', name = '', type] = made.split('\t')
  expect(type).toBe('application')
  expect(balancer).toMatch(
    /^arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer\/app\/web\/[0-9a-f]{16}$/,
  )
  expect(name).toMatch(/^web-\d+\.us-east-1\.elb\.amazonaws\.com$/)
  await ok('elbv2', 'wait', 'load-balancer-available', '--load-balancer-arns', balancer)

  const [instance] = launchInstances(scope, {
    imageId: anImage(),
    type: 't3.micro',
    subnet: tables.subnets.get(scope, subnets[0]!),
    groupIds: [group],
    count: 1,
  })
  await ok('ec2', 'wait', 'instance-running', '--instance-ids', instance!.id)
  const server = createServer((req, res) => {
    res.statusCode = req.url === '/health' ? healthy : 200
    res.end(
      `${req.url} for ${req.headers['x-forwarded-for']} by ${req.headers['x-forwarded-proto']}:${req.headers['x-forwarded-port']}`,
    )
  })
  let healthy = 500
  aws.network.listen(instance!.privateIp, 80, (socket) => server.emit('connection', socket))

  const target = await ok(
    'elbv2',
    'create-target-group',
    '--name',
    'web',
    '--protocol',
    'HTTP',
    '--port',
    '80',
    '--vpc-id',
    vpc,
    '--health-check-path',
    '/health',
    '--query',
    'TargetGroups[0].TargetGroupArn',
  )
  await ok('elbv2', 'register-targets', '--target-group-arn', target, '--targets', `Id=${instance!.id}`)
  const health = () =>
    ok(
      'elbv2',
      'describe-target-health',
      '--target-group-arn',
      target,
      '--query',
      'TargetHealthDescriptions[0].TargetHealth.[State,Reason,Description]',
    )
  expect(await health()).toBe(
    'unused\tTarget.NotInUse\tTarget group is not configured to receive traffic from the load balancer',
  )
  const listener = await ok(
    'elbv2',
    'create-listener',
    '--load-balancer-arn',
    balancer,
    '--protocol',
    'HTTP',
    '--port',
    '80',
    '--default-actions',
    `Type=forward,TargetGroupArn=${target}`,
    '--query',
    'Listeners[0].ListenerArn',
  )
  expect(
    await fails(
      'elbv2',
      'create-listener',
      '--load-balancer-arn',
      balancer,
      '--protocol',
      'HTTP',
      '--port',
      '80',
      '--default-actions',
      `Type=forward,TargetGroupArn=${target}`,
    ),
  ).toContain(
    `(DuplicateListener) when calling the CreateListener operation: A listener already exists on this port for this load balancer '${balancer}'`,
  )
  await expect
    .poll(health, { timeout: 20_000 })
    .toBe('unhealthy\tTarget.ResponseCodeMismatch\tHealth checks failed with these codes: [500]')
  healthy = 200
  await ok('elbv2', 'modify-target-group', '--target-group-arn', target, '--healthy-threshold-count', '2')
  await expect.poll(health, { timeout: 20_000 }).toBe('healthy\tNone\tNone')
  expect(await get(name, '/a?b=1')).toEqual({
    status: 'HTTP/1.1 200 OK',
    body: expect.stringContaining('/a?b=1 for 203.0.113.10 by http:80'),
  })

  const rule = ['--conditions', 'Field=path-pattern,Values=/old/*', '--priority', '10']
  const action = '[{"Type":"redirect","RedirectConfig":{"Path":"/new/#{path}","StatusCode":"HTTP_301"}}]'
  await ok('elbv2', 'create-rule', '--listener-arn', listener, ...rule, '--actions', action)
  expect((await get(name, '/old/x')).status).toBe('HTTP/1.1 301 Moved Permanently')
  expect(
    await fails('elbv2', 'create-rule', '--listener-arn', listener, ...rule, '--actions', action),
  ).toContain("(PriorityInUse) when calling the CreateRule operation: Priority '10' is currently in use")
  expect(await fails('elbv2', 'set-rule-priorities', '--rule-priorities', 'Priority=20')).toContain(
    '(ValidationError) when calling the SetRulePriorities operation: A rule ARN must be specified',
  )
  expect(await ok('elbv2', 'describe-rules', '--listener-arn', listener, '--query', 'Rules[].Priority')).toBe(
    '10\tdefault',
  )
  expect(await fails('elbv2', 'delete-target-group', '--target-group-arn', target)).toContain(
    `(ResourceInUse) when calling the DeleteTargetGroup operation: Target group '${target}' is currently in use by a listener or a rule`,
  )
  await ok(
    'ec2',
    'revoke-security-group-ingress',
    '--group-id',
    group,
    '--protocol',
    'tcp',
    '--port',
    '80',
    '--cidr',
    '0.0.0.0/0',
  )
  await expect(async () => get(name)).rejects.toThrow('connect ETIMEDOUT')

  await ok('elbv2', 'delete-load-balancer', '--load-balancer-arn', balancer)
  await ok('elbv2', 'wait', 'load-balancers-deleted', '--load-balancer-arns', balancer)
  await ok('elbv2', 'delete-target-group', '--target-group-arn', target)
  expect(aws.traffic.resolve(name, 80)).toBeUndefined()
})

it('passes connections on through a network load balancer', { timeout: 60_000 }, async () => {
  const made = await ok(
    'elbv2',
    'create-load-balancer',
    '--name',
    'tcp',
    '--type',
    'network',
    '--subnets',
    ...subnets,
    '--query',
    'LoadBalancers[0].[LoadBalancerArn,DNSName]',
  )
  const [balancer = '', name = ''] = made.split('\t')
  expect(name).toMatch(/^tcp-[0-9a-f]{16}\.elb\.us-east-1\.amazonaws\.com$/)
  const group = await ok(
    'ec2',
    'create-security-group',
    '--group-name',
    'tcp',
    '--description',
    'tcp',
    '--vpc-id',
    vpc,
    '--query',
    'GroupId',
  )
  await ok(
    'ec2',
    'authorize-security-group-ingress',
    '--group-id',
    group,
    '--protocol',
    'tcp',
    '--port',
    '7000',
    '--cidr',
    '0.0.0.0/0',
  )
  const [instance] = launchInstances(scope, {
    imageId: anImage(),
    type: 't3.micro',
    subnet: tables.subnets.get(scope, subnets[1]!),
    groupIds: [group],
    count: 1,
  })
  await ok('ec2', 'wait', 'instance-running', '--instance-ids', instance!.id)
  aws.network.listen(instance!.privateIp, 7000, (socket, peer) =>
    socket.end(`HTTP/1.1 200 OK\r\n\r\n${peer.address}`),
  )
  const target = await ok(
    'elbv2',
    'create-target-group',
    '--name',
    'tcp',
    '--protocol',
    'TCP',
    '--port',
    '7000',
    '--vpc-id',
    vpc,
    '--query',
    'TargetGroups[0].TargetGroupArn',
  )
  await ok('elbv2', 'register-targets', '--target-group-arn', target, '--targets', `Id=${instance!.id}`)
  await ok(
    'elbv2',
    'create-listener',
    '--load-balancer-arn',
    balancer,
    '--protocol',
    'TCP',
    '--port',
    '80',
    '--default-actions',
    `Type=forward,TargetGroupArn=${target}`,
  )
  await ok('elbv2', 'wait', 'target-in-service', '--target-group-arn', target)
  // Instances see the client's own address.
  expect(await get(name)).toEqual({ status: 'HTTP/1.1 200 OK', body: '203.0.113.10' })
})
