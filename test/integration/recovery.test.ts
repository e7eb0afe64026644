import { randomBytes, randomInt } from 'node:crypto'
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulatedTarget } from '../../src/checks/target.ts'
import { TargetClients } from '../../src/checks/target-clients.ts'
import type { OwnedCloud } from '../../src/cloud/api.ts'
import { startCloud } from '../../src/cloud/supervisor.ts'
import { createCluster, useCluster } from '../support/cluster.ts'
import { killCloud } from '../support/kill-cloud.ts'
import { LabShell } from '../support/lab-shell.ts'

// kill.test.ts kills between small writes; here the work that a kill cuts off is large.

const REPLICAS = 4

let directory: string
let cloud: OwnedCloud
let shell: LabShell
let image: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-recovery-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ provisioning: 'instant' })
  shell = await LabShell.open(world)
  image = `${world.accountId}.dkr.ecr.us-east-1.amazonaws.com/site`
  const clients = new TargetClients(simulatedTarget(world))
  const prepared = shell.ok(`
    aws ecr create-repository --repository-name site >/dev/null
    aws ecr get-login-password | docker login --username AWS --password-stdin ${image}
    docker pull --quiet nginx`)
  await Promise.all([prepared, createCluster(clients, 'lab', 2)])
  await useCluster(shell, clients, 'lab')
  clients.close()
})
afterAll(async () => {
  await cloud.stop()
  await shell.close()
  await rm(directory, { recursive: true })
})

/** Starts a command and kills the cloud a random while later; tells whether the command had ended well before. */
async function cutOff(command: string, withinMs: number): Promise<boolean> {
  let done = false
  const running = shell.run(command).then(({ code }) => {
    done = code === 0
  })
  // The random moment is what is tested.
  await setTimeout(randomInt(withinMs))
  const acknowledged = done
  await killCloud(cloud)
  await running
  return acknowledged
}

const digests = async () =>
  JSON.parse(
    await shell.ok(
      `aws ecr describe-images --repository-name site --query 'imageDetails[?imageTags].[imageTags[0],imageDigest]' --output json`,
    ),
  ) as [string, string][]

it('does a build and a push that kills cut off when they are asked for again', async () => {
  await shell.write(
    'site/Dockerfile',
    'FROM nginx\nCOPY ballast /ballast\nRUN echo built > /built\nCOPY index.html /usr/share/nginx/html/\n',
  )
  const pushed = new Map<string, string>()
  const built = new Set<string>()
  for (const tag of ['v1', 'v2', 'v3']) {
    await shell.write('site/index.html', `${tag}\n`)
    // Enough that a build and a push take a while; new each time, so that nothing is there already.
    await writeFile(join(shell.home, 'site/ballast'), randomBytes(4 << 20))
    const build = `docker build --quiet --tag ${image}:${tag} site`
    if (await cutOff(build, 300)) built.add(tag)
    const known = (await shell.ok(`docker images --format '{{.Tag}}' ${image}`)).split('\n')
    expect(known).toEqual(expect.arrayContaining([...built]))
    await shell.ok(build)
    built.add(tag)

    const push = `docker push --quiet ${image}:${tag}`
    await cutOff(push, 300)
    await shell.ok(push)
    for (const [name, digest] of await digests()) if (name === tag) pushed.set(tag, digest)
    expect(pushed.has(tag)).toBe(true)
  }
  expect(new Map(await digests())).toEqual(pushed)
  // What the registry acknowledged is whole: another engine could run it.
  await shell.ok(`docker rmi ${[...built].map((tag) => `${image}:${tag}`).join(' ')}`)
  for (const [tag, digest] of pushed) {
    expect(
      await shell.ok(`docker run --rm ${image}@${digest} cat /usr/share/nginx/html/index.html /built`),
    ).toBe(`${tag}\nbuilt`)
  }
}, 120_000)

interface PodList {
  items: {
    metadata: { name: string; uid: string; deletionTimestamp?: string }
    spec: { containers: { image: string }[] }
    status: { phase: string; podIP: string; containerStatuses: { ready: boolean }[] }
  }[]
}
const pods = async (): Promise<PodList['items']> =>
  JSON.parse(await shell.ok('kubectl get pods --selector app=site --output json')).items

it('brings a rollout that kills cut off to its end', async () => {
  await shell.ok(`
    kubectl create deployment site --image ${image}:v1 --replicas ${REPLICAS}
    kubectl expose deployment site --port 80
    kubectl rollout status deployment/site --timeout 60s`)
  const before = await pods()
  await killCloud(cloud)
  // A kill alone restarts no pod: they are the same, with the same addresses.
  await shell.ok('kubectl rollout status deployment/site --timeout 60s')
  expect((await pods()).map(({ metadata, status }) => [metadata.uid, status.podIP])).toEqual(
    before.map(({ metadata, status }) => [metadata.uid, status.podIP]),
  )
  for (const tag of ['v2', 'v3']) {
    await shell.ok(`kubectl set image deployment/site site=${image}:${tag}`)
    await setTimeout(randomInt(400))
    await killCloud(cloud)
    await setTimeout(randomInt(200))
    await killCloud(cloud)
    await shell.ok('kubectl rollout status deployment/site --timeout 60s')
    const running = (await pods()).filter(({ metadata }) => !metadata.deletionTimestamp)
    expect(running.map(({ spec, status }) => [spec.containers[0]!.image, status.phase])).toEqual(
      Array(REPLICAS).fill([`${image}:${tag}`, 'Running']),
    )
    expect(new Set(running.map(({ status }) => status.podIP)).size).toBe(REPLICAS)
    const addresses = await shell.ok(
      `kubectl get endpointslices --selector kubernetes.io/service-name=site --output jsonpath='{.items[*].endpoints[?(@.conditions.ready==true)].addresses[0]}'`,
    )
    expect(addresses.split(' ').sort()).toEqual(running.map(({ status }) => status.podIP).sort())
    expect(await shell.ok(`kubectl exec ${running[0]!.metadata.name} -- curl --silent http://site`)).toBe(tag)
  }
}, 120_000)

describe('a journal with a torn tail', () => {
  let data: string
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'drydock-torn-'))
  })
  afterAll(() => rm(data, { recursive: true }))

  it('is repaired: what it holds whole is there, what is torn is cut off and told', async () => {
    const said: string[] = []
    const open = () => startCloud({ directory: data, log: (message) => said.push(message) })
    let torn = await open()
    const world = await torn.createWorld({ id: 'torn', provisioning: 'instant' })
    const learner = await LabShell.open(world)
    try {
      await learner.ok('aws ecr create-repository --repository-name first; docker pull --quiet busybox')
      await torn.stop()
      const folder = join(data, 'worlds/torn')
      const [name] = (await readdir(folder)).filter((file) => file.startsWith('journal-'))
      const journal = join(folder, name!)
      const whole = await readFile(journal)

      // A write that a crash has left half done.
      const lastLine = whole.subarray(whole.lastIndexOf(10, whole.length - 2) + 1)
      const half = lastLine.subarray(0, lastLine.length / 2)
      await appendFile(journal, half)
      torn = await open()
      await torn.world('torn')
      expect(said.join('\n')).toContain(`cut off ${half.length} bytes of a write that a crash left half done`)
      expect((await readFile(journal)).subarray(0, whole.length).equals(whole)).toBe(true)
      const state = `aws ecr describe-repositories --query 'repositories[].repositoryName' --output text; docker images --format '{{.Repository}}'`
      expect(await learner.ok(state)).toBe('first\nbusybox')
      // What comes after the repair must not be written onto the torn line.
      await learner.ok('aws ecr create-repository --repository-name second')
      await torn.stop()
      torn = await open()
      expect(await learner.ok(state)).toBe('first\tsecond\nbusybox')
      await torn.stop()

      // Bytes that the disk has garbled, in the last line.
      const { length } = await readFile(journal)
      await truncate(journal, length - 3)
      await appendFile(journal, '\0\0\0\n')
      torn = await open()
      await torn.world('torn')
      expect(said.join('\n').match(/cut off/g)).toHaveLength(2)
      expect(await learner.ok(state)).toMatch(/^first\b.*\nbusybox$/)
      expect(
        await learner.ok(
          'aws ecr create-repository --repository-name third --query repository.repositoryName --output text',
        ),
      ).toBe('third')
    } finally {
      await torn.stop()
      await learner.close()
    }
  })
})
