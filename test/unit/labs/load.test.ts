import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withReference } from '#labs/format-docs.ts'
import { labFolders, loadLab, loadLabs } from '#labs/load.ts'

describe('the labs of the project', () => {
  it('are valid, with at least two mistakes a step', async () => {
    const labs = await loadLabs()
    expect(labs.map(({ id }) => id)).toContain('first-eks-cluster')
    for (const step of labs.flatMap((lab) => lab.steps)) {
      expect(step.mistakes.length, step.id).toBeGreaterThanOrEqual(2)
    }
  })

  it('have a reference of their format that is up to date', async () => {
    const readme = await readFile(join(labFolders.labs, 'README.md'), 'utf8')
    expect(withReference(readme), 'run: node scripts/lab-format.ts').toBe(readme)
  })

  it('link to lessons and headings that exist', async () => {
    const names = await readFile(join(labFolders.checkers, 'first-eks-cluster/names.ts'), 'utf8')
    const links = [...names.matchAll(/'\/lessons\/([a-z/-]+)\/#([a-z-]+)'/g)]
    expect(links.length).toBeGreaterThan(5)
    for (const [, lesson, anchor] of links) {
      const text = await readFile(join(labFolders.labs, '../content/lessons', `${lesson}.mdx`), 'utf8')
      const anchors = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) =>
        title!
          .toLowerCase()
          .replace(/[^a-z0-9 ]/g, '')
          .replaceAll(' ', '-'),
      )
      expect(anchors, `${lesson}#${anchor}`).toContain(anchor)
    }
  })
})

describe('loadLab', () => {
  let root: string
  let folder: string
  const load = () =>
    loadLab('first-eks-cluster', { labs: join(root, 'labs'), checkers: join(root, 'checkers') })
  const edit = async (file: string, change: (text: string) => string) =>
    writeFile(join(folder, file), change(await readFile(join(folder, file), 'utf8')))

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'drydock-labs-'))
    folder = join(root, 'labs/first-eks-cluster')
    await cp(join(labFolders.labs, 'first-eks-cluster'), folder, { recursive: true })
    await mkdir(join(root, 'checkers'))
    await writeFile(join(root, 'checkers/first-eks-cluster.ts'), '')
  })
  afterEach(() => rm(root, { recursive: true }))

  it('names the file, line and field of a wrong value', async () => {
    await edit('lab.yaml', (text) => text.replace('minutes: 60', 'minutes: soon'))
    await expect(load()).rejects.toThrow(/lab\.yaml:8: minutes: .*expected number/)
  })

  it('names a field that does not exist', async () => {
    await edit('lab.yaml', (text) => text.replace('track: eks', 'track: eks\ntrak: eks'))
    await expect(load()).rejects.toThrow(/Unrecognized key: "trak"/)
  })

  it('names the line of broken YAML', async () => {
    await edit('lab.yaml', (text) => text.replace('track: eks', 'track: [eks'))
    await expect(load()).rejects.toThrow(/lab\.yaml:\d+: not valid YAML/)
  })

  it('says which file a step lacks', async () => {
    await rm(join(folder, 'solutions/deploy.sh'))
    await edit('steps/deploy.mdx', (text) => text.replaceAll('```sh', '```sh norun'))
    await expect(load()).rejects.toThrow(/step "deploy" has no solution. Write .*solutions\/deploy\.sh/)
  })

  it('says what a mistake lacks', async () => {
    await edit('mistakes/deploy/cluster-ip.sh', (text) => text.replace('# finding:', '# fnding:'))
    await expect(load()).rejects.toThrow(/cluster-ip\.sh: finding: .*begins with a comment "# finding: <id>"/)
  })

  it('lists the labs that exist when asked for another', async () => {
    await expect(loadLab('nothing')).rejects.toThrow(/no lab "nothing". Known labs: .*first-eks-cluster/)
  })

  it('does not follow a path', async () => {
    await expect(loadLab('../labs/first-eks-cluster')).rejects.toThrow(/no lab/)
  })
})
