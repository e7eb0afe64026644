import { ServiceDiscovery } from '@aws-sdk/client-servicediscovery'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addressOf, EcsWorld, role } from '../support/ecs.ts'

// Cloud Map, service discovery and Service Connect. Sources: the Cloud Map API reference, the ECS Developer Guide's pages on service
// discovery and Service Connect.

const MINUTE = 60_000
const poll = { timeout: MINUTE, interval: 250 }
let world: EcsWorld

beforeAll(async () => {
  world = await EcsWorld.start({ speed: 15 })
  const portMappings = [{ containerPort: 8080, name: 'http' }]
  await world.define('hello', { image: 'drydock/hello:1', portMappings })
  const logConfiguration = {
    logDriver: 'awslogs' as const,
    options: {
      'awslogs-group': '/ecs/demo',
      'awslogs-region': 'us-east-1',
      'awslogs-stream-prefix': 'client',
    },
  }
  const command = (url: string) => [
    'sh',
    '-c',
    `while true; do wget -qO- -T 2 ${url} || echo failed; sleep 2; done`,
  ]
  await world.define('dns', {
    image: 'busybox:1.37',
    command: command('http://api.lab.internal:8080/version'),
    logConfiguration,
  })
  await world.define('connect', {
    image: 'busybox:1.37',
    command: command('http://backend/version'),
    logConfiguration,
  })
})
afterAll(() => world.close())

const steady = async (name: string, count: number) =>
  expect.poll(async () => (await world.service(name)).runningCount, poll).toBe(count)
const service = (name: string, taskDefinition: string, rest: object = {}, desiredCount = 1) =>
  world.ecs.createService({
    cluster: 'demo',
    serviceName: name,
    taskDefinition,
    desiredCount,
    launchType: 'FARGATE',
    networkConfiguration: world.network,
    ...rest,
  })
const says = async (family: string) => {
  const out = await world.shell.ok(
    `aws logs tail /ecs/demo --log-stream-name-prefix client/${family}/ --since 10s --format short`,
  )
  return out.split('\n').at(-1)!.replace(/^\S+ /, '')
}

it('names the tasks of a service in a private namespace, for the tasks of its VPC', {
  timeout: 2 * MINUTE,
}, async () => {
  const map = world.clients.aws(ServiceDiscovery)
  const OperationId = await world.shell.ok(
    `aws servicediscovery create-private-dns-namespace --name lab.internal --vpc ${world.vpcId} --query OperationId --output text`,
  )
  const { Operation } = await map.getOperation({ OperationId })
  expect(Operation).toMatchObject({ Type: 'CREATE_NAMESPACE', Status: 'SUCCESS' })
  const NamespaceId = Operation!.Targets!.NAMESPACE!
  await expect(
    map.createPrivateDnsNamespace({ Name: 'lab.internal', Vpc: world.vpcId }),
  ).rejects.toMatchObject({
    name: 'NamespaceAlreadyExists',
    NamespaceId,
  })
  const { Service } = await map.createService({
    Name: 'api',
    NamespaceId,
    DnsConfig: { DnsRecords: [{ Type: 'A', TTL: 10 }] },
    HealthCheckCustomConfig: { FailureThreshold: 1 },
  })
  const serviceRegistries = [{ registryArn: Service!.Arn! }]
  await expect(
    service('api', 'hello', { serviceRegistries: [{ registryArn: `${Service!.Arn}x` }] }),
  ).rejects.toMatchObject({
    name: 'InvalidParameterException',
  })
  await service('api', 'hello', { serviceRegistries }, 2)
  await steady('api', 2)
  await service('dns', 'dns')
  const discover = `aws servicediscovery discover-instances --namespace-name lab.internal --service-name api --health-status HEALTHY`
  const found = JSON.parse(await world.shell.ok(discover)).Instances
  const addresses = (await world.tasksOf('api')).map(addressOf).sort()
  expect(
    found.map((one: { Attributes: Record<string, string> }) => one.Attributes.AWS_INSTANCE_IPV4).sort(),
  ).toEqual(addresses)
  expect(found[0]).toMatchObject({
    HealthStatus: 'HEALTHY',
    ServiceName: 'api',
    Attributes: {
      ECS_CLUSTER_NAME: 'demo',
      ECS_SERVICE_NAME: 'api',
      ECS_TASK_DEFINITION_FAMILY: 'hello',
      REGION: 'us-east-1',
    },
  })
  await expect.poll(() => says('dns'), poll).toBe('1.0.0')
  expect(await world.shell.fails(`aws servicediscovery delete-service --id ${Service!.Id}`)).toContain(
    '(ResourceInUse) when calling the DeleteService operation',
  )

  // A stopped task is no instance any more; nor is its name there without any.
  await world.ecs.updateService({ cluster: 'demo', service: 'api', desiredCount: 0 })
  await steady('api', 0)
  expect((await map.listInstances({ ServiceId: Service!.Id })).Instances).toEqual([])
  await expect.poll(() => says('dns'), poll).toMatch(/bad address|failed/)
})

it('connects services by short names and ports of their own', { timeout: 2 * MINUTE }, async () => {
  await world.shell.ok(`aws ecs update-cluster --cluster demo --service-connect-defaults namespace=mesh`)
  const configuration = {
    enabled: true,
    services: [
      { portName: 'http', discoveryName: 'backend', clientAliases: [{ port: 80, dnsName: 'backend' }] },
    ],
  }
  // A client that was there first knows no endpoint until it is deployed again.
  await service('connect', 'connect', { serviceConnectConfiguration: { enabled: true } })
  await steady('connect', 1)
  await expect(
    service('backend', 'hello', {
      serviceConnectConfiguration: { ...configuration, services: [{ portName: 'grpc' }] },
    }),
  ).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: 'The port name grpc was not found in the task definition.',
  })
  await service('backend', 'hello', { serviceConnectConfiguration: configuration })
  await steady('backend', 1)
  expect((await world.service('backend')).deployments![0]).toMatchObject({
    serviceConnectConfiguration: { enabled: true },
    serviceConnectResources: [
      { discoveryName: 'backend', discoveryArn: expect.stringContaining(':service/srv-') },
    ],
  })
  await expect.poll(() => says('connect'), poll).toMatch(/bad address|failed/)
  await world.ecs.updateService({ cluster: 'demo', service: 'connect', forceNewDeployment: true })
  await expect.poll(() => says('connect'), poll).toBe('1.0.0')

  // The security group is asked for the way from proxy to task.
  await world.shell.ok(
    `aws ec2 revoke-security-group-ingress --group-id ${world.groupId} --ip-permissions "$(aws ec2 describe-security-groups --group-ids ${world.groupId} --query 'SecurityGroups[0].IpPermissions')"`,
  )
  await expect.poll(() => says('connect'), poll).toMatch(/timed out|failed/)
})

// Flow logs: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html; DHCP options: …/VPC_DHCP_Options.html.
it('tells in flow logs what interfaces drop and let pass, and asks the name servers of the DHCP options', {
  timeout: 3 * MINUTE,
}, async () => {
  await world.shell.ok(`
    aws iam create-role --role-name flows --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
    aws ec2 create-flow-logs --resource-type VPC --resource-ids ${world.vpcId} --traffic-type ALL --log-group-name flows --deliver-logs-permission-arn ${role('flows')}`)
  const [backend, client] = await Promise.all(
    ['backend', 'connect'].map(async (name) => addressOf((await world.tasksOf(name))[0]!)),
  )
  const described = (query: string) =>
    world.shell.ok(`aws ec2 describe-flow-logs --query 'FlowLogs[0].${query}' --output text`)
  // Its role may not write yet.
  await expect.poll(() => described('DeliverLogsErrorMessage'), poll).toBe('Access error')
  await world.shell.ok(
    `aws iam put-role-policy --role-name flows --policy-name write --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}'`,
  )
  const lines = async () => (await world.shell.run('aws logs tail flows --since 1h --format short')).stdout
  const record = (action: string) =>
    new RegExp(`2 \\d+ (eni-\\w+) ${client} ${backend} \\d+ 8080 6 - - \\d+ \\d+ ${action} OK`)
  await expect.poll(lines, poll).toMatch(record('REJECT'))
  expect(await described('DeliverLogsStatus')).toBe('SUCCESS')
  // The client's interface lets out what the other one drops.
  const seen = await lines()
  expect(record('ACCEPT').exec(seen)![1]).not.toBe(record('REJECT').exec(seen)![1])
  const at = record('REJECT').exec(seen)![1]!
  await world.shell.ok(
    `aws ec2 authorize-security-group-ingress --group-id ${world.groupId} --protocol tcp --port 8080 --cidr 172.31.0.0/16`,
  )
  const accepted = (from: string, to: string) =>
    expect
      .poll(lines, poll)
      .toMatch(new RegExp(`2 \\d+ ${at} ${from} ${to} \\d+ \\d+ 6 - - \\d+ \\d+ ACCEPT OK`))
  await accepted(client!, backend!)
  await accepted(backend!, client!)

  // A name server of the internet knows no private namespace; the VPC's own does.
  await world.ecs.updateService({ cluster: 'demo', service: 'api', desiredCount: 1 })
  await expect.poll(() => says('dns'), poll).toBe('1.0.0')
  const options = await world.shell.ok(
    'aws ec2 create-dhcp-options --dhcp-configurations Key=domain-name-servers,Values=8.8.8.8 --query DhcpOptions.DhcpOptionsId --output text',
  )
  const before = await world.shell.ok("aws ec2 describe-vpcs --query 'Vpcs[0].DhcpOptionsId' --output text")
  const associate = (id: string) =>
    world.shell.ok(`aws ec2 associate-dhcp-options --vpc-id ${world.vpcId} --dhcp-options-id ${id}`)
  await associate(options)
  await expect.poll(() => says('dns'), poll).toMatch(/bad address|failed/)
  expect(await world.shell.fails(`aws ec2 delete-dhcp-options --dhcp-options-id ${options}`)).toContain(
    `(DependencyViolation) when calling the DeleteDhcpOptions operation: The dhcpOptions '${options}' has dependencies and cannot be deleted.`,
  )
  await associate(before)
  await expect.poll(() => says('dns'), poll).toBe('1.0.0')
})
