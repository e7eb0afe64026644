// Real registry clients on ECR and Docker Hub by their real names, through the lab network. Debian's packages; what is not installed is skipped.
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { OwnedCloud, WorldInfo } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { killCloud } from '../support/kill-cloud.ts'
import { LabShell } from '../support/lab-shell.ts'
import { memoryRise } from '../support/memory.ts'
import { ociLayout } from '../support/oci-layout.ts'

const MIB = 1024 * 1024
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

function missing(...tools: string[]): boolean {
  return tools.some((tool) => {
    try {
      execFileSync('which', [tool], { stdio: 'ignore' })
      return false
    } catch {
      console.warn(`no ${tool} on PATH: its tests are skipped`)
      return true
    }
  })
}

let directory: string
let cloud: OwnedCloud
let world: WorldInfo
let shell: LabShell
/** The account's registry. */
let ecr: string
const ok = (script: string) =>
  shell.ok(script, { ECR: ecr, REGISTRY_AUTH_FILE: join(shell.home, 'auth.json') })

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-clients-'))
  cloud = await startCloud({ directory })
  world = await cloud.createWorld({ provisioning: 'instant' })
  shell = await LabShell.open(world)
  ecr = `${world.accountId}.dkr.ecr.${world.region}.amazonaws.com`
  if (missing('skopeo')) return
  await ok(
    'for name in copied sync/busybox built large many kill; do aws ecr create-repository --repository-name $name >/dev/null; done',
  )
  await ok('aws ecr get-login-password | skopeo login --username AWS --password-stdin $ECR')
  await ok(
    `skopeo login --username ${world.dockerHub.username} --password '${world.dockerHub.password}' docker.io`,
  )
})
afterAll(async () => {
  await shell?.close()
  await cloud.stop()
  await rm(directory, { recursive: true, force: true })
})

describe.skipIf(missing('skopeo'))('skopeo', () => {
  it('copies in all directions, also images of several platforms, and inspects', async () => {
    await ok('skopeo copy -q --all docker://docker.io/library/busybox:1.37 docker://$ECR/copied:v1')
    const raw = JSON.parse(await ok('skopeo inspect --raw docker://$ECR/copied:v1'))
    expect(
      raw.manifests.map((one: { platform: { architecture: string } }) => one.platform.architecture),
    ).toEqual(['amd64', 'arm64'])
    await ok('skopeo copy -q docker://$ECR/copied:v1 docker://docker.io/learner/copied:v1')
    await ok('skopeo copy -q docker://docker.io/learner/copied:v1 oci:layout:v1')
    await ok('skopeo copy -q oci:layout:v1 docker-archive:archive.tar:copied:v1')
    await ok('skopeo copy -q --format v2s2 docker-archive:archive.tar docker://$ECR/copied:v2')
    const { Layers } = JSON.parse(await ok('skopeo inspect docker://docker.io/learner/copied:v1'))
    expect(Layers).toHaveLength(1)
    expect(JSON.parse(await ok('skopeo list-tags docker://$ECR/copied')).Tags).toEqual(['v1', 'v2'])
  })

  it('deletes and synchronizes', async () => {
    await ok('skopeo copy -q docker://docker.io/library/busybox:1.37 docker://$ECR/copied:gone')
    await ok('skopeo delete docker://$ECR/copied:gone')
    expect(JSON.parse(await ok('skopeo list-tags docker://$ECR/copied')).Tags).not.toContain('gone')
    await ok('skopeo sync --src docker --dest docker docker.io/library/busybox:1.37 $ECR/sync')
    expect(JSON.parse(await ok('skopeo list-tags docker://$ECR/sync/busybox')).Tags).toEqual(['1.37'])
  })

  it('moves an image of 200 layers', async () => {
    await ociLayout(join(shell.home, 'many'), 200, 1000)
    await ok('skopeo copy -q oci:many:latest docker://$ECR/many:v1')
    await ok('skopeo copy -q docker://$ECR/many:v1 dir:many-back')
    expect(JSON.parse(await ok('cat many-back/manifest.json')).layers).toHaveLength(200)
  })

  it('moves a layer of 256 MiB with the cloud’s memory flat', async () => {
    await ociLayout(join(shell.home, 'large'), 1, 256 * MIB)
    // Once before, so that what any first push makes the process take is not counted.
    await ok('skopeo copy -q oci:many:latest docker://$ECR/many:v2')
    const push = await memoryRise(cloud.pid!, () =>
      ok('skopeo copy -q oci:large:latest docker://$ECR/large:v1'),
    )
    const pull = await memoryRise(cloud.pid!, () =>
      ok('skopeo copy -q docker://$ECR/large:v1 dir:large-back'),
    )
    expect(push).toBeLessThan(50)
    expect(pull).toBeLessThan(50)
    await rm(join(shell.home, 'large-back'), { recursive: true })
  })

  it('pushes again what a kill -9 of the cloud has cut off; nothing that was acknowledged is lost', async () => {
    for (const delay of [150, 400, 800]) {
      const tag = `after-${delay}`
      const push = shell.run(`skopeo copy -q oci:large:latest docker://$ECR/kill:${tag}`, {
        ECR: ecr,
        REGISTRY_AUTH_FILE: join(shell.home, 'auth.json'),
      })
      // The moment is what is tested.
      await new Promise((resolve) => setTimeout(resolve, delay))
      await killCloud(cloud)
      const { code } = await push
      if (code === 0) await ok(`skopeo inspect docker://$ECR/kill:${tag}`)
      await ok(`skopeo copy -q oci:large:latest docker://$ECR/kill:${tag}`)
    }
    // The layer's plain bytes are those that were sent: `dir:` names files by their digest.
    await ok('skopeo copy -q --dest-decompress docker://$ECR/kill:after-800 dir:killed')
    await ok(
      'for blob in large/blobs/sha256/*; do [ $(stat -c %s $blob) -lt 1000000 ] || cmp $blob killed/$(basename $blob); done',
    )
  })
})

describe.skipIf(missing('podman', 'buildah', 'skopeo'))('podman and buildah', () => {
  const storage = '--root $HOME/storage --runroot $HOME/run --storage-driver vfs'

  it('build, push, remove and pull', async () => {
    await ok('echo hello > file')
    await ok(
      `c=$(buildah ${storage} from scratch); buildah ${storage} copy $c file /file; buildah ${storage} commit -q $c $ECR/built:v1`,
    )
    await ok(`buildah ${storage} push -q $ECR/built:v1`)
    await ok(`podman ${storage} rmi $ECR/built:v1`)
    await ok(`podman ${storage} pull -q $ECR/built:v1`)
    await ok(
      `podman ${storage} tag $ECR/built:v1 docker.io/learner/built:v1 && podman ${storage} push -q docker.io/learner/built:v1`,
    )
    expect(JSON.parse(await ok('skopeo inspect docker://docker.io/learner/built:v1')).Layers).toHaveLength(1)
  })
})

describe('helm', () => {
  it('pushes a chart to ECR and pulls it', async () => {
    await ok(
      'helm create chart >/dev/null && helm package chart >/dev/null && aws ecr create-repository --repository-name charts/chart >/dev/null',
    )
    await ok('aws ecr get-login-password | helm registry login --username AWS --password-stdin $ECR')
    await ok('helm push chart-0.1.0.tgz oci://$ECR/charts')
    await ok(
      'mkdir pulled && helm pull oci://$ECR/charts/chart --version 0.1.0 --destination pulled && cmp chart-0.1.0.tgz pulled/chart-0.1.0.tgz',
    )
    const { imageDetails } = JSON.parse(await ok('aws ecr describe-images --repository-name charts/chart'))
    // As a dependency of another chart.
    await ok('helm create app >/dev/null')
    await ok(
      `printf 'dependencies:\\n- {name: chart, version: 0.1.0, repository: "oci://%s/charts"}\\n' $ECR >> app/Chart.yaml`,
    )
    await ok('helm dependency update app && cmp chart-0.1.0.tgz app/charts/chart-0.1.0.tgz')
    expect(await ok('helm dependency list app')).toMatch(/^chart\s+0\.1\.0\s+oci:\S+\s+ok/m)
    expect(imageDetails[0].artifactMediaType).toBe('application/vnd.cncf.helm.config.v1+json')
  })
})
