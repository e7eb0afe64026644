import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { simulatedTarget } from '../../src/checks/target.ts'
import { TargetClients } from '../../src/checks/target-clients.ts'
import { Cloud } from '../../src/cloud/cloud.ts'
import type { Quotas } from '../../src/world/fair-use.ts'
import { createCluster, useCluster } from '../support/cluster.ts'
import { LabShell } from '../support/lab-shell.ts'

const MIB = 1024 * 1024

/** What the worlds may use; a test sets what it is about. */
const quotas: Quotas = {}
let directory: string
let cloud: Cloud
let shell: LabShell

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-fair-use-'))
  cloud = await Cloud.start({ directory, quotas })
  const { info } = await cloud.worlds.create({ id: 'ann', provisioning: 'instant' })
  shell = await LabShell.open(info())
  const clients = new TargetClients(simulatedTarget(info()))
  await createCluster(clients, 'lab', 1)
  await useCluster(shell, clients, 'lab')
  clients.close()
})
beforeEach(() => {
  for (const name of Object.keys(quotas)) delete quotas[name as keyof Quotas]
})
afterAll(async () => {
  await cloud.close()
  await shell.close()
  await rm(directory, { recursive: true })
})

const fairUse = async () => (await cloud.worlds.find('ann'))!.world.fairUse
/** What a command that fails says. */
const refused = async (command: string) => {
  const { code, stderr } = await shell.run(command)
  expect({ command, code }).not.toEqual({ command, code: 0 })
  return stderr.trim()
}

describe('a world with as many clusters as it may have', () => {
  it('is refused another by EKS', async () => {
    quotas.clusters = 1
    const create = `aws eks create-cluster --name second --role-arn $(aws eks describe-cluster --name lab --query cluster.roleArn --output text) --resources-vpc-config subnetIds=$(aws ec2 describe-subnets --query "join(',', Subnets[].SubnetId)" --output text)`
    expect(await refused(create)).toMatch(
      /\(ResourceLimitExceededException\) when calling the CreateCluster operation: Cluster limit exceeded$/,
    )
  })
})

describe('a full world', () => {
  beforeEach(() => {
    quotas.objects = 0
  })

  it('makes no more objects of a cluster, changes and deletes those that are there', async () => {
    delete quotas.objects
    // A cluster at rest, and more than one to delete: an event of a controller may take a place too.
    await shell.ok('kubectl wait --for=condition=Ready pod --all -n kube-system --timeout=60s')
    await shell.ok('for i in 1 2 3 4 5 6 7 8; do kubectl create configmap kept-$i; done')
    await shell.ok('kubectl create configmap kept')
    quotas.objects = (await fairUse()).objects
    expect(await refused('kubectl create configmap more')).toBe(
      'error: failed to create configmap: etcdserver: mvcc: database space exceeded',
    )
    await shell.ok('kubectl label configmap kept colour=blue')
    await shell.ok(
      'kubectl delete configmap --field-selector metadata.name!=kube-root-ca.crt && kubectl create configmap instead',
    )
  })

  it('holds back what its controllers would make', async () => {
    quotas.objects = (await fairUse()).objects + 8
    await shell.ok('kubectl create deployment many --image nginx --replicas 500')
    await expect.poll(async () => (await fairUse()).objects).toBeGreaterThanOrEqual(quotas.objects!)
    expect(await shell.ok('kubectl get pods -l app=many --no-headers | wc -l')).toMatch(/^[0-8]$/)
    quotas.objects = undefined
    await shell.ok('kubectl delete deployment many')
  })

  it.each([
    [
      'aws ecr create-repository --repository-name more',
      /\(LimitExceededException\) when calling the CreateRepository operation.*: Cannot exceed quota for objects in this lab's world: \d+/,
    ],
    ['aws ec2 create-vpc --cidr-block 10.9.0.0/16', /\(ResourceLimitExceeded\) when calling the CreateVpc/],
    [
      'aws iam create-user --user-name more',
      /\(LimitExceeded\) when calling the CreateUser operation.*: Cannot exceed quota/,
    ],
    [
      'aws autoscaling create-launch-configuration --launch-configuration-name more --image-id ami-1 --instance-type t3.micro',
      /\(LimitExceeded\) when calling the CreateLaunchConfiguration/,
    ],
  ])('is refused: %s', async (command, text) => {
    expect(await refused(`AWS_MAX_ATTEMPTS=1 ${command}`)).toMatch(text)
  })

  it('makes no more containers', async () => {
    delete quotas.objects
    await shell.ok('docker pull --quiet busybox')
    quotas.objects = 0
    expect(await refused('docker create busybox')).toBe(
      'Error response from daemon: mkdir /var/lib/docker/containers: no space left on device',
    )
  })
})

describe('a world whose images are as large as they may be', () => {
  const repository = (account: string) => `${account}.dkr.ecr.us-east-1.amazonaws.com/big`

  it('builds and pushes no more, until some are deleted', async () => {
    const { accountId } = (await cloud.worlds.find('ann'))!.config
    const image = repository(accountId)
    quotas.blobBytes = 4 * MIB
    await shell.ok(`
      mkdir -p big && cd big
      printf 'FROM scratch\\nCOPY data /\\n' > Dockerfile
      aws ecr create-repository --repository-name big
      aws ecr get-login-password | docker login --username AWS --password-stdin ${image.split('/')[0]}
      head -c 1500000 /dev/urandom > data
      docker build --quiet --tag ${image}:1 .
      docker push --quiet ${image}:1
      head -c 1500000 /dev/urandom > data
      docker build --quiet --tag another .`)
    expect(
      await refused(`cd big && head -c 1500000 /dev/urandom > data && docker build --quiet .`),
    ).toContain('no space left on device')
    await shell.ok(
      `docker rmi another && aws ecr batch-delete-image --repository-name big --image-ids imageTag=1`,
    )
    await shell.ok('aws ecr delete-repository --repository-name big --force')
    await shell.ok('cd big && docker build --quiet .')
  })

  it('uploads nothing larger to a registry', async () => {
    const { accountId } = (await cloud.worlds.find('ann'))!.config
    await shell.ok('aws ecr create-repository --repository-name big')
    quotas.blobBytes = 1
    const [host] = repository(accountId).split('/')
    const upload = await shell.ok(`
      AUTH="AWS:$(aws ecr get-login-password)"
      TO=$(curl -s -u "$AUTH" -D - -o /dev/null -X POST https://${host}/v2/big/blobs/uploads/ | grep -i ^location: | cut -d' ' -f2 | tr -d '\\r')
      head -c 5000 /dev/urandom | curl -s -u "$AUTH" -X PATCH --data-binary @- -w '%{http_code}' https://${host}$TO`)
    expect(upload).toMatch(/no space left on the registry.*507$/)
  })
})

describe('a world that calls too often', () => {
  beforeEach(() => {
    quotas.callsPerSecond = 0.01
  })

  it.each([
    [
      'aws sts get-caller-identity',
      /\(Throttling\) when calling the GetCallerIdentity operation.*: Rate exceeded$/,
    ],
    [
      'aws ec2 describe-vpcs',
      /\(RequestLimitExceeded\) when calling the DescribeVpcs operation.*: Request limit exceeded\.$/,
    ],
    [
      'aws ecr describe-repositories',
      /\(ThrottlingException\) when calling the DescribeRepositories.*: Rate exceeded$/,
    ],
    [
      'aws eks list-clusters',
      /\(TooManyRequestsException\) when calling the ListClusters operation.*: Too Many Requests$/,
    ],
  ])('is told so by %s', async (command, text) => {
    expect(await refused(`AWS_MAX_ATTEMPTS=1 ${command}`)).toMatch(text)
  })

  it('is told by a cluster when to come again', async () => {
    quotas.callsPerSecond = undefined
    const endpoint = await shell.ok(
      'aws eks describe-cluster --name lab --query cluster.endpoint --output text',
    )
    const token = await shell.ok('aws eks get-token --cluster-name lab --query status.token --output text')
    quotas.callsPerSecond = 0.01
    const said = await shell.ok(
      `curl -s -k -i -H 'Authorization: Bearer ${token}' ${endpoint}/api/v1/namespaces`,
    )
    expect(said).toMatch(/^HTTP\/1\.1 429 /m)
    expect(said).toMatch(/^retry-after: 1\r?$/im)
    expect(said).toMatch(/Too many requests, please try again later\.$/)
  })
})
