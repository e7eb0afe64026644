import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CheckRunner } from '../../src/checks/runner.ts'
import { simulatedTarget } from '../../src/checks/target.ts'
import type { OwnedCloud } from '../../src/cloud/api.ts'
import { startCloud } from '../../src/cloud/supervisor.ts'
import { loadLab } from '../../src/labs/load.ts'
import { findOnPath } from '../../src/workspace/tools/install.ts'
import { LabShell } from '../support/lab-shell.ts'
import { toolsFolder } from '../support/tools.ts'

// What a learner types where no docker is installed; and the same with the real client, where there is one.
const bundled = await toolsFolder()
const real = await findOnPath('docker', process.env.PATH ?? '', bundled)
const KINDS = ['bundled', ...(real ? (['learner'] as const) : [])] as ('bundled' | 'learner')[]

let directory: string
let cloud: OwnedCloud
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-docker-'))
  cloud = await startCloud({ directory })
})
afterAll(async () => {
  await cloud.stop()
  await rm(directory, { recursive: true })
})

async function open(kind: 'bundled' | 'learner', id: string): Promise<LabShell> {
  // The same seed: what differs between two shells is the client alone.
  const world = await cloud.createWorld({
    id: `${id}-${kind}`,
    seed: id,
    accountId: '111122223333',
    provisioning: 'instant',
  })
  return LabShell.open(world, kind)
}

/** What must be the same with both clients: what it prints on either stream, and how it ends. */
const COMMANDS = [
  'docker pull --quiet busybox',
  'docker build --quiet --tag page:v1 page | cut -c 1-7',
  'docker build --tag page:v2 page | grep Step',
  `docker images --format '{{.Repository}}:{{.Tag}}' | sort`,
  'docker images --quiet page | wc -l',
  'docker image ls | sed -n 1p | tr -s " "',
  'docker tag page:v1 other',
  'docker rmi other',
  'docker run --rm busybox echo one two',
  `docker run --rm busybox sh -c 'echo to stderr >&2; exit 7'`,
  'docker run --rm --env A=b --workdir /tmp busybox sh -c \'echo "$A $PWD"\'',
  'echo text | docker run --interactive --rm busybox wc -c',
  'docker run --rm --entrypoint /bin/sh page:v1 -c "cat /usr/share/nginx/html/index.html"',
  'docker run --detach --name web --publish 8080:80 page:v1 | wc -c',
  `docker ps --format '{{.Names}} {{.Image}} {{.Ports}}'`,
  `docker inspect web --format '{{.State.Status}} {{.Config.Image}}'`,
  'docker exec web cat /usr/share/nginx/html/index.html',
  'docker exec web sh -c "exit 3"',
  'docker logs web 2>/dev/null | tail -1',
  'docker run --name web busybox true 2>&1 | sed "s/[0-9a-f]\\{64\\}/ID/"',
  'docker rm web 2>&1 | sed "s/[0-9a-f]\\{64\\}/ID/"',
  'docker stop web',
  `docker ps --all --format '{{.Names}} {{.State}}'`,
  'docker rm web',
  'docker history --quiet page:v1 | wc -l',
  'docker run --rm nowhere/nothing',
  'docker rmi nothing',
  'docker inspect nothing',
  'docker logs nothing',
  'docker pull 111122223333.dkr.ecr.us-east-1.amazonaws.com/nothing',
  'docker push 111122223333.dkr.ecr.us-east-1.amazonaws.com/nothing',
  'docker tag nothing other',
  'docker build --quiet nowhere',
  'docker frobnicate',
]

const MANIFEST_COMMANDS = [
  'docker manifest inspect busybox',
  'docker manifest inspect --verbose busybox',
  'docker manifest inspect nothing',
  'docker manifest frobnicate; docker manifest create one; docker manifest annotate one',
  // In Docker Hub: what is mounted from one repository into the list's. An image that both worlds have: a built one tells the second.
  'docker login --username learner --password $HUB_PASSWORD 2>/dev/null; docker pull --quiet nginx; docker tag nginx learner/page; docker push --quiet learner/page',
  'docker manifest create learner/list:v1 learner/page busybox; docker manifest create --amend learner/list:v1 learner/page',
  'docker manifest annotate --arch arm --variant v7 learner/list:v1 learner/page; docker manifest annotate --arch vax learner/list:v1 learner/page; docker manifest inspect learner/list:v1',
  'docker manifest push --purge learner/list:v1; docker manifest push learner/list:v1; docker manifest rm learner/list:v1',
  'docker manifest inspect learner/list:v1',
]

describe.runIf(real)('our docker command', () => {
  let shells: LabShell[]
  beforeAll(async () => {
    shells = await Promise.all(KINDS.map((kind) => open(kind, 'same')))
    for (const shell of shells) {
      await shell.write('page/Dockerfile', 'FROM nginx\nCOPY index.html /usr/share/nginx/html/\n')
      await shell.write('page/index.html', 'hello\n')
    }
  })
  afterAll(() => Promise.all(shells.map((shell) => shell.close())))

  it.each([
    ['', COMMANDS],
    [' of manifests', MANIFEST_COMMANDS],
  ])('prints what the real one prints%s', async (_of, commands) => {
    for (const command of commands) {
      const [ours, theirs] = await Promise.all(
        shells.map((shell) => shell.run(command, { HUB_PASSWORD: shell.world.dockerHub.password })),
      )
      expect.soft({ command, ...ours }).toEqual({ command, ...theirs })
    }
  })
})

describe.each(KINDS)('with the %s docker', (kind) => {
  let shell: LabShell
  beforeAll(async () => {
    shell = await open(kind, 'basics')
    await shell.write('page/Dockerfile', 'FROM nginx\nCOPY index.html /usr/share/nginx/html/\n')
    await shell.write('page/index.html', 'hello\n')
  })
  afterAll(() => shell.close())

  it('is the docker that is meant', async () => {
    const version = await shell.ok('docker --version')
    if (kind === 'bundled') expect(version).toContain('build drydock')
    else expect(version).not.toContain('drydock')
  })

  it('logs in to ECR, pushes, and pulls again', async () => {
    const registry = '111122223333.dkr.ecr.us-east-1.amazonaws.com'
    const out = await shell.ok(`
      aws ecr create-repository --repository-name page >/dev/null
      docker build --quiet --tag ${registry}/page:v1 page >/dev/null
      aws ecr get-login-password | docker login --username AWS --password-stdin ${registry}
      docker push ${registry}/page:v1 | tail -1
      aws ecr describe-images --repository-name page --query 'imageDetails[0].imageDigest' --output text
      docker rmi ${registry}/page:v1 >/dev/null
      docker pull --quiet ${registry}/page:v1
      docker logout ${registry}`)
    const [login, pushed, digest, pulled, logout] = out.split('\n')
    expect([login, pulled]).toEqual(['Login Succeeded', `${registry}/page:v1`])
    expect(pushed).toMatch(new RegExp(`^v1: digest: ${digest} size: \\d+$`))
    expect(logout).toBe(`Removing login credentials for ${registry}`)
    expect(await shell.fails(`docker pull ${registry}/page:v1`)).toContain('no basic auth credentials')
  })

  it('ends with its reader', async () => {
    expect(await shell.run('docker info | head -1; docker images | head -1')).toMatchObject({ stderr: '' })
  })
})

// With the real client the lab tests do the same.
it('does the work of the lab with our docker command: each check passes after its step', async () => {
  const lab = await loadLab('first-eks-cluster')
  const runner = new CheckRunner()
  const learner = await open('bundled', 'lab')
  try {
    await cp(lab.files!, learner.home, { recursive: true })
    // The last step has nothing to do with images.
    for (const step of lab.steps.filter(({ id }) => id !== 'clean-up')) {
      await learner.ok(`. '${step.solution!.file}'`)
      const report = await runner.run({
        lab: lab.id,
        step: step.id,
        checker: lab.checker,
        target: simulatedTarget(learner.world),
        home: learner.home,
      })
      expect(report).toMatchObject({ step: step.id, status: 'passed' })
    }
  } finally {
    await learner.close()
    await runner.close()
  }
}, 180_000)
