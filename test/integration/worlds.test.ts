import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnedCloud } from '../../src/cloud/api.ts'
import { startCloud } from '../../src/cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'

// The worst case of what one process may have side by side: worlds of one account id with the same names in them.
const ACCOUNT = '111122223333'
const REGISTRY = `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com`

/** A regular expression's text for just this. */
const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

let directory: string
let cloud: OwnedCloud
/** Two learners. */
let ann: LabShell
let bob: LabShell
/** A world made from the same seed as Ann's: its ids and names are hers. */
let twin: LabShell

const trust = (principal: object) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
  })

/** A cluster, a kubeconfig for it, a repository with an image in it, and a container, all under one name. */
const furnish = (name: string) => `
  aws iam create-role --role-name ${name} --assume-role-policy-document file://trust.json >/dev/null
  SUBNETS=$(aws ec2 describe-subnets --query "join(',', Subnets[].SubnetId)" --output text)
  aws eks create-cluster --name ${name} --role-arn arn:aws:iam::${ACCOUNT}:role/${name} \
    --resources-vpc-config subnetIds=$SUBNETS --access-config authenticationMode=API >/dev/null
  aws ecr create-repository --repository-name ${name} >/dev/null
  echo ${name} > page/index.html
  docker build --quiet --tag ${REGISTRY}/${name}:v1 page
  aws ecr get-login-password | docker login --username AWS --password-stdin ${REGISTRY}
  docker push --quiet ${REGISTRY}/${name}:v1
  docker run --detach --name ${name} ${REGISTRY}/${name}:v1
  aws eks wait cluster-active --name ${name}
  aws eks update-kubeconfig --name ${name} --alias ${name}
  kubectl create configmap ${name}
`

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-worlds-'))
  cloud = await startCloud({ directory })
  const open = async (id: string, seed?: string) => {
    const world = await cloud.createWorld({ id, seed, accountId: ACCOUNT, provisioning: 'instant' })
    const shell = await LabShell.open(world)
    await shell.write('trust.json', trust({ Service: 'eks.amazonaws.com' }))
    await shell.write('page/Dockerfile', 'FROM nginx\nCOPY index.html /usr/share/nginx/html/\n')
    return shell
  }
  ;[ann, bob, twin] = await Promise.all([open('ann', 'same'), open('bob'), open('twin', 'same')])
  await Promise.all([ann.ok(furnish('anchor')), bob.ok(furnish('buoy'))])
})
afterAll(async () => {
  await cloud.stop()
  await Promise.all([ann, bob, twin].map((shell) => shell.close()))
  await rm(directory, { recursive: true })
})

/** What a command prints, as a sorted list of words. */
const words = async (shell: LabShell, command: string) => (await shell.ok(command)).split(/\s+/).sort()

describe('two worlds in one cloud process', () => {
  it.each([
    ['clusters', 'aws eks list-clusters --query clusters --output text'],
    ['repositories', "aws ecr describe-repositories --query 'repositories[].repositoryName' --output text"],
    ['roles', `aws iam list-roles --path-prefix / --query "Roles[?Path=='/'].RoleName" --output text`],
    ['containers', `docker ps --all --format '{{.Names}}'`],
    ['images', `docker images --format '{{.Repository}}' | grep -v nginx | cut -d/ -f2`],
    ['objects of the cluster', 'kubectl get configmap -o name | cut -d/ -f2 | grep -v kube-root-ca.crt'],
  ])('each have %s of their own', async (_what, command) => {
    expect(await words(ann, command)).toEqual(['anchor'])
    expect(await words(bob, command)).toEqual(['buoy'])
  })

  it('have access keys, networks and addresses of their own', async () => {
    const keys = "aws iam list-access-keys --query 'AccessKeyMetadata[].AccessKeyId' --output text"
    expect(await words(ann, keys)).toEqual([ann.world.administrator.accessKeyId])
    expect(await words(bob, keys)).toEqual([bob.world.administrator.accessKeyId])
    const vpc = "aws ec2 describe-vpcs --query 'Vpcs[].VpcId' --output text"
    expect(await ann.ok(vpc)).not.toBe(await bob.ok(vpc))
  })

  it('do not find each other by name', async () => {
    expect(await bob.fails('aws eks describe-cluster --name anchor')).toContain(
      'An error occurred (ResourceNotFoundException) when calling the DescribeCluster operation: No cluster found for name: anchor.',
    )
    expect(await bob.fails('aws ecr describe-images --repository-name anchor')).toContain(
      `An error occurred (RepositoryNotFoundException) when calling the DescribeImages operation: The repository with name 'anchor' does not exist in the registry with id '${ACCOUNT}'`,
    )
    expect(await bob.fails(`docker pull ${REGISTRY}/anchor:v1`)).toBe(
      `Error response from daemon: repository ${REGISTRY}/anchor not found: name unknown: The repository with name 'anchor' does not exist in the registry with id '${ACCOUNT}'`,
    )
    expect(await bob.fails('docker logs anchor')).toContain('No such container: anchor')
  })

  it("do not reach each other's clusters and load balancers", async () => {
    const kubeconfig = join(ann.home, '.kube/config')
    expect(await bob.fails('kubectl get pods', { KUBECONFIG: kubeconfig })).toMatch(
      /Unable to connect to the server: [0-9a-f]{32}\.[a-z0-9]+\.us-east-1\.eks\.amazonaws\.com is not in the lab network$/,
    )
    const balancer = await ann.ok(
      `aws elb create-load-balancer --load-balancer-name web --availability-zones us-east-1a \
         --listeners Protocol=HTTP,LoadBalancerPort=80,InstancePort=80 --query DNSName --output text`,
    )
    expect(await bob.ok(`curl --silent http://${balancer}/`)).toMatch(
      /is not in the lab network\.\n.*reaches .* of your own world and nothing on the internet/,
    )
  })
})

describe("another world's credentials", () => {
  const keysOf = (shell: LabShell) => ({
    AWS_ACCESS_KEY_ID: shell.world.administrator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: shell.world.administrator.secretAccessKey,
  })

  it.each([
    [
      'sts get-caller-identity',
      'InvalidClientTokenId',
      'The security token included in the request is invalid.',
    ],
    ['iam list-users', 'InvalidClientTokenId', 'The security token included in the request is invalid.'],
    [
      'eks list-clusters',
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    ],
    [
      'ecr describe-repositories',
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    ],
    ['ec2 describe-vpcs', 'AuthFailure', 'AWS was not able to validate the provided access credentials'],
  ])('are unknown keys to aws %s', async (command, code, text) => {
    const said = await bob.fails(`aws ${command}`, keysOf(ann))
    expect(said).toContain(`An error occurred (${code}) when calling the`)
    expect(said).toContain(text)
  })

  it('are a wrong secret where the key id is the same', async () => {
    expect(twin.world.administrator.accessKeyId).toBe(ann.world.administrator.accessKeyId)
    expect(await twin.fails('aws sts get-caller-identity', keysOf(ann))).toContain(
      'An error occurred (SignatureDoesNotMatch) when calling the GetCallerIdentity operation: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    )
  })

  it('open no session, registry or cluster', async () => {
    const session = await sessionOf(ann, 'guest')
    expect(await bob.fails('aws sts get-caller-identity', session)).toContain('(InvalidClientTokenId)')
    expect(await twin.fails('aws sts get-caller-identity', session)).toContain('(InvalidClientTokenId)')

    const password = await ann.ok('aws ecr get-login-password')
    for (const shell of [bob, twin]) {
      expect(
        await shell.fails(`docker login --username AWS --password-stdin ${REGISTRY} <<< '${password}'`),
      ).toContain(`login attempt to https://${REGISTRY}/v2/ failed with status: 400 Bad Request`)
    }

    const token = await ann.ok('aws eks get-token --cluster-name buoy --query status.token --output text')
    expect(
      await bob.fails(
        `kubectl --kubeconfig <(kubectl config view --raw | sed '/^users:/,$d') --token ${token} get pods`,
      ),
    ).toContain('error: You must be logged in to the server (Unauthorized)')
  })
})

describe('a wrong proxy secret', () => {
  const wrong = () => {
    const url = bob.world.proxyUrl.replace(/:[^:@]*@/, ':wrong@')
    return { HTTP_PROXY: url, http_proxy: url, HTTPS_PROXY: url, https_proxy: url }
  }

  it('opens nothing, and curl shows why', async () => {
    const answer = await bob.ok(
      'curl --silent --include http://anything.us-east-1.elb.amazonaws.com/',
      wrong(),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 407 Proxy Authentication Required/)
    expect(answer).toContain('the proxy URL names no world that it knows')
    expect(answer).toContain('Open a new terminal in the lab.')
  })

  it('stops every tool', async () => {
    expect(await bob.fails('aws sts get-caller-identity', wrong())).toContain(
      'Failed to connect to proxy URL',
    )
    expect(await bob.fails('kubectl get pods', wrong())).toContain('Proxy Authentication Required')
  })
})

/** The variables of a session of a role that may do nothing; makes the role. */
async function sessionOf(shell: LabShell, role: string): Promise<Record<string, string>> {
  await shell.write(`${role}.json`, trust({ AWS: `arn:aws:iam::${ACCOUNT}:root` }))
  const [id, secret, token] = await shell
    .ok(
      `aws iam create-role --role-name ${role} --assume-role-policy-document file://${role}.json >/dev/null
       aws sts assume-role --role-arn arn:aws:iam::${ACCOUNT}:role/${role} --role-session-name ann \
         --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text`,
    )
    .then((line) => line.split(/\s+/))
  return { AWS_ACCESS_KEY_ID: id!, AWS_SECRET_ACCESS_KEY: secret!, AWS_SESSION_TOKEN: token! }
}

describe('a role without permission', () => {
  let session: Record<string, string>
  beforeAll(async () => {
    session = await sessionOf(ann, 'visitor')
  })
  const user = `User: arn:aws:sts::${ACCOUNT}:assumed-role/visitor/ann`
  const because = (action: string) => `because no identity-based policy allows the ${action} action`
  const arn = (service: string, rest: string) => `arn:aws:${service}:us-east-1:${ACCOUNT}:${rest}`

  it.each([
    ['eks list-clusters', 'AccessDeniedException', 'eks:ListClusters', arn('eks', 'cluster/*')],
    [
      'eks describe-cluster --name anchor',
      'AccessDeniedException',
      'eks:DescribeCluster',
      arn('eks', 'cluster/anchor'),
    ],
    [
      'ecr create-repository --repository-name site',
      'AccessDeniedException',
      'ecr:CreateRepository',
      arn('ecr', 'repository/site'),
    ],
    ['ecr get-login-password', 'AccessDeniedException', 'ecr:GetAuthorizationToken', '*'],
    ['iam get-role --role-name anchor', 'AccessDenied', 'iam:GetRole', 'role anchor'],
    ['iam delete-user --user-name admin', 'AccessDenied', 'iam:DeleteUser', 'user admin'],
    [
      'iam create-role --role-name x --assume-role-policy-document file://trust.json',
      'AccessDenied',
      'iam:CreateRole',
      `arn:aws:iam::${ACCOUNT}:role/x`,
    ],
  ])('is told the action and the resource by aws %s', async (command, code, action, resource) => {
    expect(await ann.fails(`aws ${command}`, session)).toMatch(
      new RegExp(
        `An error occurred \\(${code}\\) when calling the \\w+ operation: ${literal(`${user} is not authorized to perform: ${action} on resource: ${resource} ${because(action)}`)}$`,
      ),
    )
  })

  it('is told so by EC2 in its own words', async () => {
    expect(await ann.fails('aws ec2 describe-instances', session)).toContain(
      `An error occurred (UnauthorizedOperation) when calling the DescribeInstances operation: You are not authorized to perform this operation. ${user} is not authorized to perform: ec2:DescribeInstances ${because('ec2:DescribeInstances')}`,
    )
    expect(
      await ann.fails('aws ec2 run-instances --image-id ami-12345678 --instance-type t3.micro', session),
    ).toContain(
      `(UnauthorizedOperation) when calling the RunInstances operation: You are not authorized to perform this operation. ${user} is not authorized to perform: ec2:RunInstances on resource: ${arn('ec2', 'instance/*')} ${because('ec2:RunInstances')}`,
    )
  })

  it('may do what it is granted and no more, in the registry too', async () => {
    await ann.ok(
      `aws iam put-role-policy --role-name visitor --policy-name login --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}'`,
    )
    const login = `aws ecr get-login-password | docker --config visitor login --username AWS --password-stdin ${REGISTRY}`
    expect(await ann.ok(login, session)).toBe('Login Succeeded')
    const action = 'ecr:InitiateLayerUpload'
    expect(await ann.fails(`docker --config visitor push ${REGISTRY}/anchor:v1`)).toBe(
      `denied: ${user} is not authorized to perform: ${action} on resource: ${arn('ecr', 'repository/anchor')} ${because(action)}`,
    )
  })

  it('is a stranger to the cluster until it has an access entry, and then may do what that grants', async () => {
    expect(await ann.fails('kubectl get pods', session)).toContain(
      'error: You must be logged in to the server (Unauthorized)',
    )
    const role = `arn:aws:iam::${ACCOUNT}:role/visitor`
    await ann.ok(`aws eks create-access-entry --cluster-name anchor --principal-arn ${role}`)
    expect(await ann.fails('kubectl get pods', session)).toBe(
      `Error from server (Forbidden): pods is forbidden: User "${role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/ann" cannot list resource "pods" in API group "" in the namespace "default"`,
    )
    await ann.ok(
      `aws eks associate-access-policy --cluster-name anchor --principal-arn ${role} --access-scope type=cluster \
         --policy-arn arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy`,
    )
    expect(await ann.ok('kubectl get configmap anchor -o name', session)).toBe('configmap/anchor')
    expect(await ann.fails('kubectl delete configmap anchor', session)).toMatch(
      /^Error from server \(Forbidden\): configmaps "anchor" is forbidden: User ".*visitor\/ann" cannot delete resource "configmaps"/,
    )
  })
})

describe('a world that is deleted', () => {
  it('leaves nothing behind, and the others as they were', async () => {
    const world = await cloud.createWorld({ id: 'gone', provisioning: 'instant' })
    const shell = await LabShell.open(world)
    try {
      expect(await shell.ok('aws sts get-caller-identity --query Account --output text')).toBe(
        world.accountId,
      )
      await cloud.deleteWorld('gone')
      expect(await shell.fails('aws sts get-caller-identity')).toContain('Failed to connect to proxy URL')
      expect(await shell.fails('docker ps')).toContain('Cannot connect to the Docker daemon')
      expect(await readFile(join(directory, 'worlds/gone/journal-0')).catch(({ code }) => code)).toBe(
        'ENOENT',
      )
      expect(await ann.ok('kubectl get configmap anchor -o name')).toBe('configmap/anchor')
    } finally {
      await shell.close()
    }
  })
})
