import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CloudCommand, drydock } from '../support/cloud-command.ts'
import { bash } from '../support/lab-shell.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const lab = join(checkout, 'labs/first-eks-cluster')

/** A request with the headers just as given, which `fetch` would not send. */
function ask(url: string, method: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const req = request(url, { method, headers }, async (res) => {
      resolve({ status: res.statusCode!, body: await text(res) })
    })
    req.on('error', reject)
    req.end()
  })
}

describe('drydock cloud', () => {
  let cloud: CloudCommand
  beforeAll(async () => {
    cloud = await CloudCommand.start(
      '--ephemeral',
      '--account',
      '111122223333',
      '--provisioning',
      'instant',
      '--endpoint-port',
      '0',
    )
  })
  afterAll(() => cloud.close())

  const identity = 'aws sts get-caller-identity --query Arn --output text'
  const admin = 'arn:aws:iam::111122223333:user/admin'
  /** Without the lab network, at the one endpoint. */
  const atEndpoint = (command: string) =>
    `unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy; AWS_ENDPOINT_URL=${cloud.endpoint} ${command}`

  it('writes a file that only its owner can read, and makes a shell one of the cloud', async () => {
    expect((await stat(cloud.envFile)).mode & 0o777).toBe(0o600)
    expect(await readdir(cloud.home)).toEqual(['cloud.env'])
    expect(await cloud.shell(identity)).toMatchObject({ code: 0, stdout: admin })
    const { code, stdout, stderr } = await cloud.shell(`
      docker pull --quiet busybox
      aws iam create-role --role-name lab --assume-role-policy-document file://${lab}/files/cluster-trust.json
      SUBNETS=$(aws ec2 describe-subnets --query "join(',', Subnets[].SubnetId)" --output text)
      aws eks create-cluster --name lab --role-arn arn:aws:iam::111122223333:role/lab --resources-vpc-config subnetIds=$SUBNETS
      aws eks wait cluster-active --name lab
      aws eks update-kubeconfig --name lab
      kubectl get service kubernetes -o name`)
    expect(stderr).not.toContain('rror')
    expect([code, stdout.split('\n').at(-1)]).toEqual([0, 'service/kubernetes'])
  })

  it('lets drydock check a lab from such a shell', async () => {
    const home = join(cloud.home, 'lab')
    await cp(join(lab, 'files'), home, { recursive: true })
    const check = 'drydock check first-eks-cluster look-around --home .'
    const before = await cloud.shell(`cd lab; ${check}`)
    expect(before.code).toBe(1)
    expect(before.stdout).toMatch(/answers\.yaml/)
    const after = await cloud.shell(`cd lab; . ${lab}/solutions/look-around.sh >/dev/null; ${check} --json`)
    expect(after.code).toBe(0)
    expect(JSON.parse(after.stdout)).toMatchObject([
      { lab: 'first-eks-cluster', step: 'look-around', status: 'passed' },
    ])
  })

  it('serves one endpoint for AWS_ENDPOINT_URL, where keys are checked', async () => {
    expect(await cloud.shell(atEndpoint(identity))).toMatchObject({ code: 0, stdout: admin })
    const refused = await cloud.shell(
      atEndpoint(`AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test ${identity}`),
    )
    expect(refused.stderr).toContain('(InvalidClientTokenId)')
  })

  it('answers no web page and no foreign name at its endpoint', async () => {
    const { host } = new URL(cloud.endpoint)
    const foreign: Record<string, string>[] = [
      { host: 'evil.example' },
      { host, origin: 'http://evil.example' },
      { host, origin: 'null' },
    ]
    for (const headers of foreign) {
      for (const path of ['/', '/_drydock/reset']) {
        const { status, body } = await ask(`${cloud.endpoint}${path}`, 'POST', headers)
        expect([status, body]).toEqual([403, expect.stringContaining('no web pages, no other host names')])
      }
    }
    expect(await ask(`${cloud.endpoint}/_drydock/health`, 'GET')).toEqual({ status: 200, body: 'ok\n' })
    expect((await ask(`${cloud.endpoint}/_drydock/nothing`, 'GET')).status).toBe(404)
    // It was no reset.
    expect((await cloud.shell('aws eks list-clusters --query clusters --output text')).stdout).toBe('lab')
  })

  it('gives a fresh world with the same account and keys at a reset, at which open shells go on', async () => {
    await cloud.shell('aws ecr create-repository --repository-name old; docker tag busybox old')
    const all = await Promise.all([1, 2, 3].map(() => ask(`${cloud.endpoint}/_drydock/reset`, 'POST')))
    expect(all.map(({ status }) => status)).toEqual([204, 204, 204])
    const { stdout } = await cloud.shell(`
      ${identity}
      aws ecr describe-repositories --query 'length(repositories)'
      aws eks list-clusters --query 'length(clusters)'
      docker images --quiet | wc -l
      docker pull --quiet busybox
      ${atEndpoint(identity)}`)
    expect(stdout.split('\n')).toEqual([admin, '0', '0', '0', 'docker.io/library/busybox:latest', admin])
    expect((await cloud.shell('kubectl get pods')).stderr).toContain('is not in the lab network')
  })

  it('ends cleanly at SIGTERM and leaves nothing of an ephemeral cloud', async () => {
    const directory = dirname(await cloud.variable('AWS_CA_BUNDLE'))
    const socket = (await cloud.variable('DOCKER_HOST')).replace('unix://', '')
    expect((await readdir(directory)).sort()).toContain('worlds')
    expect(await cloud.stop()).toBe(0)
    await expect(stat(directory)).rejects.toThrow('ENOENT')
    await expect(stat(socket)).rejects.toThrow('ENOENT')
    expect(await cloud.ready()).toBe(false)
  })
})

describe('drydock cloud --data', () => {
  let data: string
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'drydock-cloud-data-'))
  })
  afterAll(() => rm(data, { recursive: true, force: true }))

  it('keeps what is in the cloud, its account, its keys and its address, and serves one process at a time', async () => {
    const first = await CloudCommand.start('--data', data)
    let variables: string[]
    const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'HTTPS_PROXY', 'DOCKER_HOST']
    try {
      variables = await Promise.all(names.map((name) => first.variable(name)))
      expect(
        (await first.shell('aws ecr create-repository --repository-name kept; docker pull busybox')).code,
      ).toBe(0)
      const second = await drydock(['cloud', '--data', data])
      expect([second.code, second.stderr]).toEqual([
        1,
        expect.stringMatching(/another process already listens on /),
      ])
    } finally {
      expect(await first.stop('SIGINT')).toBe(0)
      await first.close()
    }
    const again = await CloudCommand.start('--data', data)
    try {
      expect(await Promise.all(names.map((name) => again.variable(name)))).toEqual(variables)
      const { stdout } = await again.shell(
        `aws ecr describe-repositories --query 'repositories[].repositoryName' --output text; docker images --format '{{.Repository}}'`,
      )
      expect(stdout.split('\n')).toEqual(['kept', 'busybox'])
    } finally {
      await again.close()
    }
    const other = await drydock(['cloud', '--data', data, '--account', '999999999999'])
    expect(other.code).toBe(1)
    expect(other.stderr).toMatch(
      /already has the account \d{12}\. Leave out --account, or give another --data folder\./,
    )
  })
})

describe('drydock cloud --credentials open', () => {
  it('takes any keys as the administrator', async () => {
    const cloud = await CloudCommand.start(
      '--ephemeral',
      '--endpoint-port',
      '0',
      '--credentials',
      'open',
      '--account',
      '111122223333',
    )
    try {
      const { stdout, code } = await bash(
        `aws sts get-caller-identity --query Arn --output text; aws ecr create-repository --repository-name any --query repository.repositoryArn --output text`,
        cloud.home,
        {
          PATH: (await cloud.shell('echo $PATH')).stdout,
          HOME: cloud.home,
          AWS_ENDPOINT_URL: cloud.endpoint,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_DEFAULT_REGION: 'us-east-1',
        },
      )
      expect([code, stdout.split('\n')]).toEqual([
        0,
        ['arn:aws:iam::111122223333:user/admin', 'arn:aws:ecr:us-east-1:111122223333:repository/any'],
      ])
    } finally {
      await cloud.close()
    }
  })
})

describe('the drydock command', () => {
  it.each([
    [['cloud', '--provisioning', '0'], /'--provisioning .*Give "instant", or a number from 1/],
    [['cloud', '--speed', 'fast'], /'--speed .*Give 0 \(paused\), 1 \(true speed\) or a larger number/],
    [['cloud', '--account', '12'], /An AWS account id has 12 digits/],
    [['cloud', '--endpoint-port', '99999'], /Give a port from 0 to 65535/],
    [['cloud', '--credentials', 'some'], /Allowed choices are enforced, open/],
    [['cloud', '--data', 'x', '--ephemeral'], /'--data <dir>' cannot be used with option '--ephemeral'/],
    [['cloud', '--frobnicate'], /unknown option '--frobnicate'/],
    [['cloud', 'world'], /too many arguments/],
    [['check', 'no-such-lab'], /no lab "no-such-lab"/],
    [['frobnicate'], /unknown command 'frobnicate'/],
  ])('says what is wrong with %j', async (command, message) => {
    const { code, stderr } = await drydock(command)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(code).toBe(1)
  })

  it('tells that a port is taken', async () => {
    const cloud = await CloudCommand.start('--ephemeral', '--endpoint-port', '0')
    try {
      const { port } = new URL(cloud.endpoint)
      const { code, stderr } = await drydock(['cloud', '--ephemeral', '--endpoint-port', port])
      expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`port ${port} is taken`, 'i'))])
    } finally {
      await cloud.close()
    }
  })

  it.each(['npx drydock', 'npm exec drydock --'])('runs as %s in a checkout', async (command) => {
    const { code, stdout } = await bash(`${command} labs list --json`, checkout, process.env)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ id: 'first-eks-cluster' }))
  })

  it('lists the labs', async () => {
    const { stdout } = await drydock(['labs', 'list'])
    expect(stdout).toMatch(/^first-eks-cluster {2,}Your first EKS cluster, 5 steps, about \d+ min$/m)
  })

  it('looks the machine over', async () => {
    const { code, stdout } = await drydock(['doctor', '--json'])
    const findings = JSON.parse(stdout) as { name: string; status: string }[]
    expect(findings.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Node.js', 'bash', 'aws', 'kubectl', 'helm', 'docker', 'eksctl']),
    )
    expect(code).toBe(findings.some(({ status }) => status === 'missing') ? 1 : 0)
  })
})
