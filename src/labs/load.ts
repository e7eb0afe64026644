import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import type { Rule } from '#checks/rules/rule.ts'
import type { Lab, LabStep, Mistake, Solution } from './lab.ts'
import { type LabFile, type LabStepFile, labSchema, mistakeSchema } from './schema.ts'
import { textCommands } from './text-commands.ts'

/** Something in a lab's folder is wrong: what, where (file and line), and what to do. */
export class LabError extends Error {
  override readonly name = 'LabError'
}

/** Where labs and their checkers are. */
export interface LabFolders {
  labs: string
  checkers: string
  /** What a company says of labs; see overlay/open.ts. */
  company?: Company
}

/** What an overlay changes in labs. */
export interface Company {
  /** Ids of the labs that it brings. */
  own: string[]
  account: NonNullable<Lab['account']>
  rules: Rule[]
  /** Ids of labs that come first. */
  order: string[]
}

/** The folders of this checkout. */
export const labFolders: LabFolders = {
  labs: fileURLToPath(new URL('../../labs', import.meta.url)),
  checkers: fileURLToPath(new URL('../../checkers', import.meta.url)),
}

/** All labs, by id. Throws LabError for the first one that is wrong. */
export async function loadLabs(folders: LabFolders = labFolders): Promise<Lab[]> {
  const entries = await readdir(folders.labs, { withFileTypes: true })
  const ids = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const first = folders.company?.order ?? []
  const rank = (id: string) => (first.includes(id) ? first.indexOf(id) : first.length)
  ids.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  return Promise.all(ids.map((id) => loadLab(id, folders)))
}

/** One lab. Throws LabError when there is none of that id, or it is wrong. */
export async function loadLab(id: string, folders: LabFolders = labFolders): Promise<Lab> {
  const folder = join(folders.labs, id)
  const file = join(folder, 'lab.yaml')
  if (!/^[a-z0-9-]+$/.test(id) || !(await exists(file))) {
    const known = (await readdir(folders.labs, { withFileTypes: true })).filter((entry) =>
      entry.isDirectory(),
    )
    throw new LabError(
      `There is no lab "${id}". Known labs: ${known.map(({ name }) => name).join(', ') || 'none'}.`,
    )
  }
  const lab = parseYaml(file, await readFile(file, 'utf8'), labSchema)
  if (lab.id !== id)
    throw new LabError(`${show(file)}: the id is "${lab.id}", but the folder is "${id}". Rename one.`)
  const checker = join(folders.checkers, `${id}.ts`)
  await need(checker, 'the lab has no checker')
  const rules = folders.company ? rulesOf(folders.company, lab.id) : []
  const files = join(folder, 'files')
  const setup = join(folder, 'setup.sh')
  return {
    ...lab,
    folder,
    files: (await exists(files)) ? files : undefined,
    setup: (await exists(setup)) ? setup : undefined,
    checker,
    ...(folders.company && ofCompany(folders.company, lab)),
    steps: await Promise.all(lab.steps.map((step) => loadStep(folder, withRules(step, rules)))),
  }
}

/** A company's rules that hold in a lab. */
function rulesOf({ own, rules }: Company, lab: string): Rule[] {
  return rules.filter(({ labs = own }) => labs.includes(lab))
}

/** What a company says of a lab. */
function ofCompany(company: Company, { id, start }: LabFile): Pick<Lab, 'rules' | 'account'> {
  const { alias, region } = company.account
  const own = company.own.includes(id)
  // A start was made in a region of its own, and what comes with Drydock names that in its texts.
  return { rules: rulesOf(company, id), account: { alias, region: own && !start ? region : undefined } }
}

/** A step whose check runs again when something changes that a rule is about. */
function withRules(step: LabStepFile, rules: Rule[]): LabStepFile {
  const services = rules.map(({ resource }) => resource.split(':')[0]!)
  if (services.length === 0) return step
  return { ...step, watch: { ...step.watch, aws: [...new Set([...(step.watch.aws ?? []), ...services])] } }
}

async function loadStep(folder: string, step: LabStepFile): Promise<LabStep> {
  const instructions = join(folder, 'steps', `${step.id}.mdx`)
  const file = join(folder, 'solutions', `${step.id}.sh`)
  await need(instructions, `step "${step.id}" has no instructions`)
  const commands = textCommands(await readFile(instructions, 'utf8'))
  // A text that gives all the commands is a solution too.
  if (step.challenge || commands === '') await need(file, `step "${step.id}" has no solution`)
  const solution = (await exists(file)) ? { name: step.id, file } : undefined
  const [alternatives, mistakes] = await Promise.all([
    loadAlternatives(folder, step.id),
    loadMistakes(folder, step.id),
  ])
  return { ...step, instructions, commands, solution, alternatives, mistakes }
}

async function loadAlternatives(folder: string, step: string): Promise<Solution[]> {
  return (await scripts(join(folder, 'solutions')))
    .filter((file) => basename(file).startsWith(`${step}.`) && basename(file) !== `${step}.sh`)
    .map((file) => ({ name: basename(file, '.sh'), file }))
}

async function loadMistakes(folder: string, step: string): Promise<Mistake[]> {
  return Promise.all(
    (await scripts(join(folder, 'mistakes', step))).map(async (file) => {
      const header = headerComments(await readFile(file, 'utf8'))
      const { data, error } = mistakeSchema.safeParse(header)
      if (!data) {
        const { path, message } = error.issues[0]!
        throw new LabError(
          `${show(file)}: ${path.join('.') || 'header'}: ${message}. A mistake begins with a comment "# finding: <id>".`,
        )
      }
      return { name: basename(file, '.sh'), file, ...data }
    }),
  )
}

/** The `# key: value` lines at the top of a script. */
function headerComments(script: string): Record<string, string> {
  const header: Record<string, string> = {}
  for (const line of script.split('\n')) {
    if (!line.startsWith('#')) break
    const [, key, value] = /^# (finding|from): (.*)$/.exec(line) ?? []
    if (key) header[key] = value!.trim()
  }
  return header
}

/** Parses YAML against a schema; the first problem is reported with its line. */
export function parseYaml<Schema extends z.ZodType>(
  file: string,
  text: string,
  schema: Schema,
): z.infer<Schema> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [mistake] = document.errors
  if (mistake) {
    const { line } = lines.linePos(mistake.pos[0])
    throw new LabError(`${show(file)}:${line}: not valid YAML: ${mistake.message.split('\n')[0]}`)
  }
  const { data, error } = schema.safeParse(document.toJS())
  if (error) {
    const [issue] = error.issues
    const path = issue!.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
    const line = lineOf(document, path, lines)
    throw new LabError(
      `${show(file)}:${line}: ${path.join('.') || 'the file'}: ${issue!.message}. labs/README.md explains each field.`,
    )
  }
  return data!
}

/** The line of a value, or of the nearest thing around it that exists. */
function lineOf(
  document: ReturnType<typeof parseDocument>,
  path: (string | number)[],
  lines: LineCounter,
): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as
      | { range?: [number, number, number] }
      | undefined
    if (node?.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

async function scripts(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => name.endsWith('.sh'))
    .sort()
    .map((name) => join(folder, name))
}

async function need(file: string, problem: string): Promise<void> {
  if (!(await exists(file))) throw new LabError(`${problem}. Write ${show(file)}.`)
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

const show = (path: string) => relative(process.cwd(), path)
