import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateRepositoryCommand, DeleteRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr'
import { IAMClient, ListAccountAliasesCommand } from '@aws-sdk/client-iam'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CheckReport } from '#checks/finding.ts'
import { CheckRunner } from '#checks/runner.ts'
import { simulatedTarget } from '#checks/target.ts'
import { TargetClients } from '#checks/target-clients.ts'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { loadLabs } from '#labs/load.ts'
import { openOverlay } from '#labs/overlay/open.ts'
import type { LabState, LabSummary } from '#server/api.ts'
import { TestServer } from '../support/server.ts'

const ACME = 'examples/acme-onboarding'

describe('the example of an overlay', () => {
  let folder: string
  let cloud: OwnedCloud
  let server: TestServer

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-overlay-'))
    cloud = await startCloud({ directory: join(folder, 'cloud') })
    const { folders } = await openOverlay(ACME)
    server = await TestServer.start({
      cloud: Promise.resolve(cloud),
      labs: loadLabs(folders),
      runner: new CheckRunner(),
    })
  })
  afterAll(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  const repository = (repositoryName: string, tags = { team: 'payments', 'cost-center': '4711' }) =>
    new CreateRepositoryCommand({
      repositoryName,
      tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    })
  const check = async () => {
    const path = '/api/labs/acme-first-repository/steps/create-repository/check'
    const { status, findings } = (await server.call<CheckReport>('POST', path)).body
    return [status, findings.findLast((finding) => finding.status === 'failed')?.id]
  }

  it('adds its labs, puts them first, and hides one', async () => {
    const labs = (await server.call<LabSummary[]>('GET', '/api/labs')).body.map(({ id }) => id)
    expect(labs.slice(0, 2)).toEqual(['acme-first-repository', 'acme-fixed-tags'])
    expect(labs).toContain('first-eks-cluster')
    expect(labs).not.toContain('on-call')
  })

  it('gives accounts its alias and region, and holds its rules for names and tags', async () => {
    const { body } = await server.call<LabState>('POST', '/api/labs/acme-first-repository/start')
    expect(body.world).toMatchObject({ region: 'eu-central-1' })
    const clients = new TargetClients(simulatedTarget((await cloud.world(body.world!.id))!))
    const ecr = clients.aws(ECRClient)
    const { AccountAliases } = await clients.aws(IAMClient).send(new ListAccountAliasesCommand({}))
    expect(AccountAliases).toEqual(['acme-learning'])
    expect(await check()).toEqual(['failed', 'no-repository'])
    await ecr.send(repository('scratch'))
    await ecr.send(repository('acme/checkout'))
    expect(await check()).toEqual(['failed', 'repository-name'])
    await ecr.send(new DeleteRepositoryCommand({ repositoryName: 'scratch' }))
    await ecr.send(repository('acme/other', { team: 'payments', 'cost-center': 'many' }))
    expect(await check()).toEqual(['failed', 'repository-owner'])
    await ecr.send(new DeleteRepositoryCommand({ repositoryName: 'acme/other' }))
    expect(await check()).toEqual(['passed', undefined])
    clients.close()
  })

  it('fills in its parameters, and leaves Drydock’s own labs alone', async () => {
    const { root } = await openOverlay(ACME)
    const text = await readFile(join(root, 'labs/acme-first-repository/steps/create-repository.mdx'), 'utf8')
    expect(text).toContain('--repository-name acme/checkout')
    const own = 'labs/first-eks-cluster/steps/push-image.mdx'
    expect(await readFile(join(root, own), 'utf8')).toBe(await readFile(own, 'utf8'))
    expect(await readFile(join(root, 'content/paths/devops-onboarding.yaml'), 'utf8')).not.toContain(
      'on-call',
    )
  })
})

describe('an overlay', () => {
  let folder: string
  const config = (text: string) =>
    writeFile(
      join(folder, 'drydock.config.ts'),
      `import { defineOverlay } from '#labs/overlay/config.ts'\nexport default defineOverlay({ name: 'Acme', ${text} })\n`,
    )

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-overlay-'))
    await cp(join(ACME, 'logo.svg'), join(folder, 'logo.svg'))
    await config('')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it.each(['file', 'folder'])('with a link to a %s is refused', async (kind) => {
    await mkdir(join(folder, 'labs/mine/files'), { recursive: true })
    await symlink(kind === 'file' ? '/etc/passwd' : '/etc', join(folder, 'labs/mine/files/link'))
    await expect(openOverlay(folder)).rejects.toThrow(/labs\/mine\/files\/link: .* no links/)
  })

  it.each(['../logo.svg', '/etc/logo.svg', 'a/../../logo.svg', './logo.svg'])(
    'whose logo is %s is refused',
    async (logo) => {
      await config(`logo: '${logo}'`)
      await expect(openOverlay(folder)).rejects.toThrow(/logo: use a path inside/)
    },
  )

  it.each([
    [`logo: 'none.svg'`, /logo: there is no file none\.svg/],
    [`hide: { labs: ['no-such-lab'] }`, /there is no labs\/no-such-lab/],
    [`hide: { labs: ['../../etc'] }`, /hide\.labs\.0/],
    [`rules: [{ id: 'a', title: 'A', resource: 'ecr:repository', name: '(' }]`, /is no regular expression/],
    [`colour: 'red'`, /colour/],
  ])('with %s is refused in words', async (text, words) => {
    await config(text)
    await expect(openOverlay(folder)).rejects.toThrow(words)
  })

  it('takes no lab’s place by accident, and one that is hidden on purpose', async () => {
    await cp('labs/on-call', join(folder, 'labs/on-call'), { recursive: true })
    await expect(openOverlay(folder)).rejects.toThrow(/Drydock has a lab of this id/)
    await config(`hide: { labs: ['on-call'] }`)
    const { folders, root } = await openOverlay(folder)
    expect((await loadLabs(folders)).map(({ id }) => id)).toContain('on-call')
    await rm(root, { recursive: true })
  })

  it('keeps what looks like a parameter and is another’s: of Go templates, of aws-auth', async () => {
    await mkdir(join(folder, 'content'))
    const text = '{{range .Items}}{{.Name}}{{end}} system:node:{{EC2PrivateDNSName}}'
    await writeFile(join(folder, 'content/a.mdx'), text)
    const { root } = await openOverlay(folder)
    expect(await readFile(join(root, 'content/a.mdx'), 'utf8')).toBe(text)
    await rm(root, { recursive: true })
    await rm(join(folder, 'content'), { recursive: true })
  })

  it('with an unknown parameter, or a picture that runs a script, is refused', async () => {
    await mkdir(join(folder, 'content'))
    await writeFile(join(folder, 'content/a.mdx'), '{{registry}}')
    await expect(openOverlay(folder)).rejects.toThrow(/content\/a\.mdx: \{\{registry\}\}: .* no parameter/)
    await rm(join(folder, 'content'), { recursive: true })
    await writeFile(join(folder, 'logo.svg'), '<svg onload="alert(1)"/>')
    await config(`logo: 'logo.svg'`)
    await expect(openOverlay(folder)).rejects.toThrow(/has a script in it/)
  })

  it('is no folder without a configuration, and none that is not there', async () => {
    await rm(join(folder, 'drydock.config.ts'))
    await expect(openOverlay(folder)).rejects.toThrow(/is no overlay/)
    await expect(openOverlay(join(folder, 'none'))).rejects.toThrow(/There is no folder/)
  })
})
