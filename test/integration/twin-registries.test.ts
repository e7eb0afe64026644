import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnedCloud } from '../../src/cloud/api.ts'
import { startCloud } from '../../src/cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'

const ECR = '111122223333.dkr.ecr.us-east-1.amazonaws.com'
const HUB = 'https://hub.docker.com/v2'
const PASSWORD = 'a-long-password'

/**
 * The twin task: one image, private in Docker Hub and in ECR, pulled by pods of EKS from each. What differs is printed
 * side by side. Prices, plans and quotas are from knowledge (November 2025), not read from the services.
 */
describe('one image in Docker Hub and in ECR', () => {
  let directory: string
  let cloud: OwnedCloud
  let shell: LabShell
  const rows: [what: string, hub: string, ecr: string][] = []
  const row = (...cells: [string, string, string]) => rows.push(cells)

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'drydock-twin-'))
    cloud = await startCloud({ directory })
    const world = await cloud.createWorld({ accountId: '111122223333', provisioning: 'instant' })
    shell = await LabShell.open(world)
    await shell.write('app/Dockerfile', 'FROM nginx:1.29\nRUN echo twin > /usr/share/nginx/html/index.html\n')
    await shell.ok(`
      docker build --quiet --tag twin app
      eksctl create cluster --name twin --nodes 1 --node-type t3.medium
      kubectl wait --for=condition=Ready nodes --all --timeout=60s`)
  }, 120_000)
  afterAll(async () => {
    await shell?.close()
    await cloud?.stop()
    await rm(directory, { recursive: true })
  })

  it('has to be made, and logged in to, in two ways', async () => {
    const token = await shell.ok(`
      curl -sS -H 'content-type: application/json' -d '{"username":"captain","email":"captain@example.com","password":"${PASSWORD}"}' ${HUB}/users/ >/dev/null
      curl -sS -H 'content-type: application/json' -d '{"username":"captain","password":"${PASSWORD}"}' ${HUB}/users/login | grep -o '"token":"[^"]*"' | cut -d '"' -f 4`)
    const made = await shell.ok(
      `curl -sS -H 'authorization: Bearer ${token}' -H 'content-type: application/json' -d '{"name":"twin","is_private":true}' ${HUB}/namespaces/captain/repositories`,
    )
    expect(JSON.parse(made)).toMatchObject({ name: 'twin', namespace: 'captain', is_private: true })
    const uri = await shell.ok(
      'aws ecr create-repository --repository-name twin --query repository.repositoryUri --output text',
    )
    expect(uri).toBe(`${ECR}/twin`)
    const hub = await shell.ok(`printf '${PASSWORD}' | docker login --username captain --password-stdin`)
    const ecr = await shell.ok(
      `aws ecr get-login-password | docker login --username AWS --password-stdin ${ECR}`,
    )
    expect([hub, ecr].map((text) => text.includes('Login Succeeded'))).toEqual([true, true])
    row('name', 'docker.io/captain/twin', uri)
    row(
      'who may make it',
      'the account, one private on the free plan',
      'whom IAM allows ecr:CreateRepository',
    )
    row(
      'login',
      'docker login -u captain, a password or access token',
      'aws ecr get-login-password, user AWS, 12 hours',
    )
  })

  it('is pushed with the same bytes', async () => {
    const digest = async (name: string) => {
      const out = await shell.ok(`docker tag twin ${name}:v1; docker push ${name}:v1 | tail -1`)
      return /digest: (sha256:[0-9a-f]{64})/.exec(out)?.[1]
    }
    const [hub, ecr] = [await digest('captain/twin'), await digest(`${ECR}/twin`)]
    expect(hub).toBeDefined()
    expect(ecr).toBe(hub)
    row('digest', hub!.slice(0, 19), ecr!.slice(0, 19))
  })

  it('is private: who is nobody gets no image', async () => {
    await shell.ok(`docker logout; docker logout ${ECR}; docker rmi --force captain/twin:v1 ${ECR}/twin:v1`)
    const hub = await shell.fails('docker pull captain/twin:v1')
    const ecr = await shell.fails(`docker pull ${ECR}/twin:v1`)
    expect(hub).toContain(
      "pull access denied for captain/twin, repository does not exist or may require 'docker login'",
    )
    expect(ecr).toContain('no basic auth credentials')
    row(
      'refusal of docker pull',
      'pull access denied … may require docker login',
      'no basic auth credentials',
    )
  })

  it('is pulled by pods: with a secret from Docker Hub, with the role of the node from ECR', async () => {
    const waiting = '{.items[0].status.containerStatuses[0].state.waiting.reason}'
    await shell.ok(`
      kubectl create deployment from-ecr --image=${ECR}/twin:v1
      kubectl create deployment from-hub --image=captain/twin:v1
      kubectl rollout status deployment from-ecr --timeout=60s
      kubectl wait pod -l app=from-hub --for='jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff' --timeout=60s`)
    expect(await shell.ok(`kubectl get pods -l app=from-hub -o jsonpath='${waiting}'`)).toBe(
      'ImagePullBackOff',
    )
    expect(await shell.ok('kubectl describe pod -l app=from-hub')).toMatch(
      /pull access denied, repository does not exist or may require authorization/,
    )
    await shell.ok(`
      kubectl create secret docker-registry hub --docker-username=captain --docker-password=${PASSWORD}
      kubectl patch deployment from-hub -p '{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"hub"}]}}}}'
      kubectl rollout status deployment from-hub --timeout=60s`)
    for (const name of ['from-ecr', 'from-hub'])
      expect(await shell.ok(`kubectl exec deployment/${name} -- cat /usr/share/nginx/html/index.html`)).toBe(
        'twin',
      )
    row('pull by a pod', 'imagePullSecrets', "the node role's AmazonEC2ContainerRegistryPullOnly")
  }, 120_000)

  it('has its limits: pulls are counted by Docker Hub', async () => {
    const limits = await shell.ok(`
      TOKEN=$(curl -sS 'https://auth.docker.io/token?service=registry.docker.io&scope=repository:library/nginx:pull' | grep -o '"token":"[^"]*"' | cut -d '"' -f 4)
      curl -sS -I -H "authorization: Bearer $TOKEN" https://registry-1.docker.io/v2/library/nginx/manifests/latest | tr -d '\\r' | grep -i '^ratelimit-'`)
    const limit = /ratelimit-limit: (\d+);w=(\d+)/i.exec(limits)
    expect(limit).not.toBeNull()
    const policy = await shell.fails('aws ecr get-repository-policy --repository-name twin')
    expect(policy).toContain('RepositoryPolicyNotFoundException')
    row('policy', 'collaborators and teams', 'IAM, and a repository policy if there is one (none here)')
    row(
      'pull limit',
      `${limit![1]} in ${Number(limit![2]) / 3600} hours without an account`,
      'API quotas a second, can be raised',
    )
    row(
      'price',
      'free with one private repository; Pro from 9 USD a month and person',
      '0.10 USD a GB and month, and transfer out of the region',
    )
    const widths = [0, 1, 2].map((column) => Math.max(...rows.map((cells) => cells[column]!.length)))
    const lines = [['', 'Docker Hub', 'ECR'] as const, ...rows].map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    console.info(lines.join('\n'))
    expect(lines).toHaveLength(10)
  })
})
