import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnedCloud, Part, PictureChange } from '../../src/cloud/api.ts'
import { startCloud } from '../../src/cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'

let directory: string
let cloud: OwnedCloud
let shell: LabShell
let following: { close(): void }
const parts = new Map<string, Part>()
let changed = () => {}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-picture-'))
  cloud = await startCloud({ directory })
  shell = await LabShell.open(await cloud.createWorld({ id: 'w', accountId: '111122223333' }))
  following = cloud.picture('w', ({ whole, put, gone }: PictureChange) => {
    if (whole) parts.clear()
    for (const part of put) parts.set(part.id, part)
    for (const id of gone) parts.delete(id)
    changed()
  })
})
afterAll(async () => {
  following.close()
  await cloud.stop()
  await shell.close()
  await rm(directory, { recursive: true })
})

const named = (kind: Part['kind'], name: string) =>
  [...parts.values()].find((part) => part.kind === kind && part.name === name)

/** Waits until the picture shows it. */
async function until<T>(seen: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = seen()
    if (value) return value
    await new Promise<void>((resolve) => {
      changed = resolve
    })
  }
}

describe('the picture of a world', () => {
  it('follows what the CLI does, and tells of a part what the CLI tells', async () => {
    await shell.ok('aws ecr create-repository --repository-name first')
    const { id } = await until(() => named('repository', 'first'))
    const details = await cloud.part('w', id)
    expect(details?.command).toBe('aws ecr describe-repositories --repository-names first')
    expect(JSON.parse(details!.text!)).toMatchObject({ repositoryName: 'first' })
    expect(await cloud.part('w', 'no-such-part')).toBeUndefined()
  })

  it('is kept with a save point, and is there again when that is put back', async () => {
    await cloud.save('w', 'one')
    await shell.ok('aws ec2 allocate-address')
    await shell.ok('aws ecr create-repository --repository-name second')
    await until(() => named('repository', 'second'))
    const kept = await cloud.pictureAt('w', 'one')
    const names = kept!.parts.filter(({ kind }) => kind === 'repository').map(({ name }) => name)
    expect(names).toEqual(['first'])
    const { perHourBy } = await cloud.costs('w')
    expect(perHourBy.ec2! - (kept!.perHour.ec2 ?? 0)).toBeCloseTo(0.005, 9)
    const [latest] = await cloud.timeline('w')
    expect(latest).toMatchObject({ operation: 'CreateRepository', source: 'ecr.amazonaws.com' })
    expect(latest!.number).toBeGreaterThan(kept!.revision)
    expect(await cloud.changes('w', 'one')).toEqual([])
    await shell.ok('aws ecr delete-repository --repository-name first')
    expect(await cloud.changes('w', 'one')).toEqual([{ what: 'gone', kind: 'repository', name: 'first' }])
    expect(await cloud.changes('w', 'none')).toBeUndefined()
    await cloud.restore('w', 'one')
    await until(() => !named('repository', 'second') && named('repository', 'first'))
    expect(await cloud.pictureAt('w', 'none')).toBeUndefined()
  })

  it('says who called and what was refused', async () => {
    await shell.fails('aws ecr delete-repository --repository-name none')
    const [call] = await cloud.timeline('w')
    expect(call).toMatchObject({
      operation: 'DeleteRepository',
      error: { code: 'RepositoryNotFoundException' },
    })
    expect(call!.principal).toContain(':user/')
  })

  it('tells when nothing is on its way any more, as the clock is moved there', async () => {
    await shell.ok(`
      aws iam create-role --role-name c --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
      SUBNETS=$(aws ec2 describe-subnets --query "join(',', Subnets[].SubnetId)" --output text)
      aws eks create-cluster --name sail --role-arn arn:aws:iam::111122223333:role/c --resources-vpc-config subnetIds=$SUBNETS
    `)
    await until(() => named('eks-cluster', 'sail')?.status === 'CREATING')
    await cloud.untilReady('w', 3_600_000)
    await until(() => named('eks-cluster', 'sail')?.status === 'ACTIVE')
    expect(Object.keys((await cloud.schemas('w', 'apps/v1'))!)).toContain('io.k8s.api.apps.v1.Deployment')
    expect(await cloud.schemas('w', '../../etc')).toBeUndefined()
  })

  it('remembers what was done to clusters and the Docker Engine, and what was just after each call', async () => {
    await shell.ok(`
      aws eks update-kubeconfig --name sail
      kubectl create namespace yard
      kubectl create deployment web --image nginx:1.29 --namespace yard
      docker network create dry`)
    await shell.fails('kubectl create namespace yard')
    await shell.fails('docker network create dry')
    await shell.ok('kubectl delete deployment web --namespace yard')
    const calls = (await cloud.timeline('w')).filter(({ source }) => !source.includes('amazonaws'))
    expect(
      calls.map(({ source, operation, target, error }) => [source, operation, target, error?.code]).reverse(),
    ).toEqual([
      ['kubernetes', 'create namespaces', 'yard', undefined],
      ['kubernetes', 'create deployments.apps', 'yard/web', undefined],
      ['docker', 'network create', '', undefined],
      ['kubernetes', 'create namespaces', 'yard', 'AlreadyExists'],
      ['docker', 'network create', '', '409'],
      ['kubernetes', 'delete deployments.apps', 'yard/web', undefined],
    ])
    const [, , , , made] = calls
    expect(made).toMatchObject({ cluster: 'sail', principal: expect.stringMatching(/admin/) })
    const deployments = (found: Part[]) => found.filter(({ kind }) => kind === 'deployment')
    const [deleted] = calls
    const shown = async (number: number) =>
      deployments((await cloud.pictureThen('w', number))!.parts).map(({ name }) => name)
    expect(await shown(made!.number)).toContain('web')
    expect(await shown(deleted!.number)).not.toContain('web')
    expect(await cloud.pictureThen('w', 2 ** 40)).toBeUndefined()
  })
})
