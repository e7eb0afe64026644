// The real docker client on ECR and Docker Hub by their real names. Where none is installed, nothing of it runs.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { hasDocker } from '../support/docker-engine.ts'
import { LabShell } from '../support/lab-shell.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
const ECR = '111122223333.dkr.ecr.us-east-1.amazonaws.com'

describe.skipIf(!hasDocker())('docker', () => {
  let directory: string
  let cloud: OwnedCloud
  let shell: LabShell
  const ok = (script: string) => shell.ok(script)
  const fails = (script: string) => shell.fails(script)

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'drydock-docker-'))
    cloud = await startCloud({ directory })
    const world = await cloud.createWorld({ accountId: '111122223333', provisioning: 'instant' })
    shell = await LabShell.open(world)
    await shell.write('app/Dockerfile', 'FROM alpine\nRUN uname -m > /machine\nCMD ["cat", "/machine"]\n')
    await ok(`
      docker pull --quiet busybox
      aws ecr create-repository --repository-name app >/dev/null
      aws ecr get-login-password | docker login --username AWS --password-stdin ${ECR}
      printf '%s' '${world.dockerHub.password}' | docker login --username ${world.dockerHub.username} --password-stdin`)
  })
  afterAll(async () => {
    await shell?.close()
    await cloud?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it('builds for two platforms and joins them by a manifest list in ECR', async () => {
    await ok(`for arch in amd64 arm64; do
      docker build --quiet --platform linux/$arch --tag ${ECR}/app:$arch app
      docker push --quiet ${ECR}/app:$arch
    done`)
    const list = `${ECR}/app:v1`
    expect(await ok(`docker manifest create ${list} ${ECR}/app:amd64 ${ECR}/app:arm64`)).toBe(
      `Created manifest list ${list}`,
    )
    await ok(`docker manifest annotate --variant v8 ${list} ${ECR}/app:arm64`)
    expect(await ok(`docker manifest push ${list}`)).toMatch(/^sha256:[0-9a-f]{64}$/)
    const { manifests } = JSON.parse(await ok(`docker manifest inspect ${list}`))
    expect(manifests.map(({ platform }: { platform: object }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux', variant: 'v8' },
    ])
    expect(await ok(`docker run --rm --platform linux/arm64 ${list} 2>/dev/null`)).toBe('aarch64')
    expect(await ok(`docker run --rm --platform linux/amd64 ${list} 2>/dev/null`)).toBe('x86_64')
    expect(await fails(`docker manifest inspect ${ECR}/app:none`)).toBe(`no such manifest: ${ECR}/app:none`)
    expect(await fails('docker build --platform linux/amd64,linux/arm64 app')).toContain(
      '"amd64,linux" is an invalid component of "linux/amd64,linux/arm64"',
    )
  })

  it('is told by ECR what it may not do', async () => {
    await ok(`docker tag busybox ${ECR}/missing:v1`)
    expect(await fails(`docker push ${ECR}/missing:v1`)).toContain(
      "name unknown: The repository with name 'missing' does not exist in the registry with id '111122223333'",
    )
    await ok(`
      aws ecr put-image-tag-mutability --repository-name app --image-tag-mutability IMMUTABLE >/dev/null
      docker tag busybox ${ECR}/app:amd64`)
    expect(await fails(`docker push ${ECR}/app:amd64`)).toContain(
      "tag invalid: The image tag 'amd64' already exists in the 'app' repository and cannot be overwritten because the tag is immutable.",
    )
    expect(await fails(`docker pull ${ECR}/app:none`)).toContain(
      `manifest for ${ECR}/app:none not found: manifest unknown`,
    )
    await ok(`docker logout ${ECR}`)
    expect(await fails(`docker pull ${ECR}/app:v1`)).toContain('no basic auth credentials')
    expect(await fails(`printf wrong | docker login --username AWS --password-stdin ${ECR}`)).toContain(
      '400 Bad Request',
    )
    await ok(`aws ecr get-login-password | docker login --username AWS --password-stdin ${ECR}`)
  })

  it('can do nothing in a repository whose key is disabled, until it is enabled again', async () => {
    const key = await ok('aws kms create-key --query KeyMetadata.Arn --output text')
    await ok(`
      aws ecr create-repository --repository-name keyed --encryption-configuration encryptionType=KMS,kmsKey=${key} >/dev/null
      docker tag busybox ${ECR}/keyed:v1
      docker push --quiet ${ECR}/keyed:v1
      docker rmi ${ECR}/keyed:v1
      aws kms disable-key --key-id ${key}
      docker tag busybox ${ECR}/keyed:v2`)
    expect(await fails(`docker pull ${ECR}/keyed:v1`)).toContain(`denied: ${key} is disabled.`)
    expect(await fails(`docker push ${ECR}/keyed:v2`)).toContain(`denied: ${key} is disabled.`)
    await ok(`aws kms enable-key --key-id ${key}`)
    expect(await ok(`docker pull ${ECR}/keyed:v1`)).toContain(`Downloaded newer image for ${ECR}/keyed:v1`)
  })

  it('searches, pulls and pushes at Docker Hub, within its limits', async () => {
    expect(await ok("docker search --filter is-official=true --format '{{.Name}}' nginx")).toBe('nginx')
    await ok('docker tag busybox learner/tool:v1; docker push --quiet learner/tool:v1')
    expect(await ok("docker search --format '{{.Name}} {{.StarCount}}' learner")).toBe('learner/tool 0')
    await ok('docker tag busybox somebody/tool:v1')
    expect(await fails('docker push somebody/tool:v1')).toContain(
      'denied: requested access to the resource is denied',
    )
    expect(await fails('docker pull learner/none')).toContain(
      "pull access denied for learner/none, repository does not exist or may require 'docker login'",
    )
    expect(await fails('docker pull busybox:none')).toContain(
      'manifest for busybox:none not found: manifest unknown: manifest unknown',
    )
    expect(await fails('printf wrong | docker login --username learner --password-stdin')).toContain(
      'unauthorized: incorrect username or password',
    )
    await ok('docker logout')
    // What the world's Docker Engine has pulled without an account counts for its shells too: they share an address.
    const refused = await fails(`for i in $(seq 101); do docker pull busybox; done`)
    expect(refused).toContain(
      'toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
    )
  })
})
