import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { acmService } from '../../src/aws/acm/index.ts'
import { launchInstances, tables } from '../../src/aws/ec2/index.ts'
import { createAuthority } from '../../src/network/authority.ts'
import { anImage } from '../support/ami.ts'
import { ACCOUNT, REGION, startAws } from '../support/aws.ts'

// HTTPS listeners, certificates and stickiness: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-https-listener.html,
// https://docs.aws.amazon.com/acm/latest/userguide/import-certificate.html and …/application/edit-target-group-attributes.html.
let aws: Awaited<ReturnType<typeof startAws>>
let folder: string
let balancer: string
let name: string
let group: string

/** Answers with the name of the instance. */
const serve =
  (instance: string): RequestListener =>
  (req, res) =>
    res.end(`${instance} ${req.headers['x-forwarded-proto']}`)

beforeAll(async () => {
  aws = await startAws({ services: [acmService] })
  folder = await mkdtemp(join(tmpdir(), 'drydock-tls-'))
  const scope = { world: aws.world, accountId: ACCOUNT, region: REGION }
  const [subnet, other] = tables.subnets.list(scope)
  const security = await ok(
    `ec2 create-security-group --group-name web --description web --vpc-id ${subnet!.vpcId} --query GroupId`,
  )
  await ok(
    `ec2 authorize-security-group-ingress --group-id ${security} --protocol tcp --port 0-65535 --cidr 0.0.0.0/0`,
  )
  const instances = launchInstances(scope, {
    imageId: anImage(),
    type: 't3.micro',
    subnet: subnet!,
    count: 2,
    groupIds: [security],
  })
  await aws.world.controllers.settled()
  for (const { id, privateIp } of instances) {
    const server = createServer(serve(id))
    aws.network.addAddress(privateIp)
    aws.network.listen(privateIp, 80, (socket) => server.emit('connection', socket))
  }
  balancer = await ok(
    `elbv2 create-load-balancer --name web --subnets ${subnet!.id} ${other!.id} --security-groups ${security} --query LoadBalancers[0].LoadBalancerArn`,
  )
  name = await ok('elbv2 describe-load-balancers --query LoadBalancers[0].DNSName')
  group = await ok(
    `elbv2 create-target-group --name web --protocol HTTP --port 80 --vpc-id ${subnet!.vpcId} --query TargetGroups[0].TargetGroupArn`,
  )
  await ok(
    `elbv2 register-targets --target-group-arn ${group} --targets ${instances.map(({ id }) => `Id=${id}`).join(' ')}`,
  )
})
afterAll(async () => {
  await aws.close()
  await rm(folder, { recursive: true, force: true })
})

async function ok(line: string): Promise<string> {
  const { code, stdout, error } = await aws.cli([...line.split(' '), '--output', 'text'])
  if (code !== 0) throw new Error(error)
  return stdout.trim()
}
const fails = async (line: string) => (await aws.cli(line.split(' '))).error

/** A GET over TLS; gives the certificate's name, the headers and the body. */
function get(cookie = ''): Promise<{ subject: string; head: string; body: string }> {
  const host = aws.traffic.resolve(name, 443)!
  const raw = host.kind === 'tcp' ? host.connect() : undefined
  const socket = connectTls({
    socket: raw as never,
    rejectUnauthorized: false,
    servername: 'shop.example.com',
  })
  return new Promise((resolve, reject) => {
    let text = ''
    socket.on('error', reject)
    socket.on('secureConnect', () =>
      socket.write(
        `GET / HTTP/1.1\r\nHost: shop.example.com\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`,
      ),
    )
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('end', () => {
      const [head = '', body = ''] = text.split('\r\n\r\n')
      resolve({ subject: String(socket.getPeerCertificate().subject.CN), head, body })
      socket.destroy()
    })
  })
}

it('ends TLS with an imported certificate, and keeps that from deletion', { timeout: 480_000 }, async () => {
  const listen = (arn: string) =>
    `elbv2 create-listener --load-balancer-arn ${balancer} --protocol HTTPS --port 443 --certificates CertificateArn=${arn} --default-actions Type=forward,TargetGroupArn=${group}`
  expect(
    await fails(
      `elbv2 create-listener --load-balancer-arn ${balancer} --protocol HTTPS --port 443 --default-actions Type=forward,TargetGroupArn=${group}`,
    ),
  ).toContain(
    '(ValidationError) when calling the CreateListener operation: A certificate must be specified for HTTPS listeners',
  )
  const unknown = `arn:aws:acm:us-east-1:${ACCOUNT}:certificate/none`
  expect(await fails(listen(unknown))).toContain(
    `(CertificateNotFound) when calling the CreateListener operation: Certificate '${unknown}' not found`,
  )
  // A certificate that nobody has validated cannot be used.
  const requested = await ok(
    'acm request-certificate --domain-name shop.example.com --validation-method DNS --query CertificateArn',
  )
  expect(
    await ok(
      `acm describe-certificate --certificate-arn ${requested} --query Certificate.[Status,DomainValidationOptions[0].ResourceRecord.Type]`,
    ),
  ).toBe('PENDING_VALIDATION\tCNAME')
  expect(await fails(listen(requested))).toContain('(UnsupportedCertificate)')

  const mine = await createAuthority('shop.example.com', Date.now())
  const others = await createAuthority('other.example.com', Date.now())
  await writeFile(join(folder, 'cert.pem'), mine.certificate)
  await writeFile(join(folder, 'key.pem'), mine.privateKey)
  await writeFile(join(folder, 'other.pem'), others.privateKey)
  expect(
    await fails(
      `acm import-certificate --certificate fileb://${folder}/cert.pem --private-key fileb://${folder}/other.pem`,
    ),
  ).toContain(
    '(ValidationException) when calling the ImportCertificate operation: Provided certificate and private key do not match.',
  )
  const arn = await ok(
    `acm import-certificate --certificate fileb://${folder}/cert.pem --private-key fileb://${folder}/key.pem --query CertificateArn`,
  )
  const listener = await ok(`${listen(arn)} --query Listeners[0].[ListenerArn,SslPolicy]`)
  expect(listener).toMatch(/\tELBSecurityPolicy-2016-08$/)
  await ok(`elbv2 wait target-in-service --target-group-arn ${group}`)
  const { subject, body } = await get()
  expect(subject).toBe('shop.example.com')
  expect(body).toMatch(/^i-[0-9a-f]+ https$/)
  expect(await fails(`acm delete-certificate --certificate-arn ${arn}`)).toContain('(ResourceInUseException)')
  expect(
    await ok('elbv2 describe-ssl-policies --query SslPolicies[?contains(Name,`TLS13-1-3`)].SslProtocols[]'),
  ).toBe('TLSv1.3')
})

it('binds a client to its target by a cookie', { timeout: 480_000 }, async () => {
  const alternating = new Set((await Promise.all([get(), get(), get(), get()])).map(({ body }) => body))
  expect(alternating.size).toBe(2)
  await ok(
    `elbv2 modify-target-group-attributes --target-group-arn ${group} --attributes Key=stickiness.enabled,Value=true`,
  )
  const first = await get()
  const cookie = /Set-Cookie: (AWSALB=[^;]+); Expires=[^;]+; Path=\//.exec(first.head)![1]!
  for (let i = 0; i < 4; i++) expect((await get(cookie)).body).toBe(first.body)
})
