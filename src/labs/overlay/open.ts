import { createHash } from 'node:crypto'
import { cp, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parse, stringify } from 'yaml'
import { LabError, type LabFolders } from '../load.ts'
import { type OverlayConfig, overlaySchema } from './config.ts'

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url))
/** Inside of the checkout, so that checkers find the packages and `#checks/…`. */
const OVERLAYS = join(CHECKOUT, 'generated/overlays')
const CONFIG = 'drydock.config.ts'
/** What an overlay may hold beside its configuration, and a README. */
const FOLDERS = ['labs', 'checkers', 'content']
/** In which `{{parameter}}` is replaced. */
const TEXT = /\.(?:mdx?|ya?ml|sh|ts|json|txt|html)$|(?:^|\/)Dockerfile$/
/** Not the words of Go templates, and not names that begin with a capital, as in `aws-auth`: `{{EC2PrivateDNSName}}`. */
const PARAMETER = /\{\{\s*(?!(?:end|else|break|continue)\s*\}\})([a-z][A-Za-z0-9]*)\s*\}\}/g
/** An overlay is texts and scripts; more than this is a mistake. Bytes. */
const LIMIT = 64 * 1024 * 1024

/** An overlay and Drydock's own as one. */
export interface Overlay {
  config: OverlayConfig
  /** Holds `labs`, `checkers`, `content` and `company.json`. */
  root: string
  /** For `loadLabs`. */
  folders: LabFolders
  /** The folder of its learning paths. */
  paths: string
  /** The file of the logo, if there is one. */
  logo: string | undefined
}

/**
 * Reads an overlay and lays it over what comes with Drydock, in a folder of its own: nothing of either is changed. Throws LabError with
 * what is wrong: a link or device in it, a path that leads out, a lab that is there already, a parameter that there is not.
 */
export async function openOverlay(folder: string): Promise<Overlay> {
  const from = resolve(folder)
  const files = await filesOf(from)
  const config = await readConfig(from)
  for (const [field, file] of Object.entries({ logo: config.logo, welcome: config.welcome }))
    if (file !== undefined && !files.includes(file))
      throw new LabError(`${CONFIG}: ${field}: there is no file ${file} in ${from}.`)
  if (config.logo?.endsWith('.svg')) await assertPicture(join(from, config.logo))
  const name = createHash('sha256').update(from).digest('hex').slice(0, 12)
  const part = join(OVERLAYS, `.${name}.${process.pid}`)
  await rm(part, { recursive: true, force: true })
  await copyOwn(part, config)
  const labs = await lay(from, files, part, config)
  await hideInPaths(part, config)
  await writeFile(join(part, 'company.json'), JSON.stringify(companyOf(config)))
  const root = join(OVERLAYS, `${name}-${await hashOf(part)}`)
  // The same is there already, and perhaps in use.
  if (await isThere(root)) await rm(part, { recursive: true })
  else await rename(part, root)
  const { account, rules, order } = config
  return {
    config,
    root,
    folders: {
      labs: join(root, 'labs'),
      checkers: join(root, 'checkers'),
      company: { own: labs, account, rules, order },
    },
    paths: join(root, 'content/paths'),
    logo: config.logo === undefined ? undefined : join(from, config.logo),
  }
}

/** What the pages need to know. */
function companyOf({ name, logo, welcome, tracks, order }: OverlayConfig) {
  return {
    name,
    tracks,
    order,
    welcome: welcome !== undefined,
    ...(logo && { logo: `/company-logo${extension(logo)}` }),
  }
}

export const extension = (file: string) => file.slice(file.lastIndexOf('.'))

async function readConfig(folder: string): Promise<OverlayConfig> {
  const file = join(folder, CONFIG)
  const text = await readFile(file).catch(() => {
    throw new LabError(`${folder} is no overlay: it has no ${CONFIG}.`)
  })
  // Read from inside of the checkout: wherever the overlay is, it finds `#labs/overlay/config.ts`.
  const copy = join(OVERLAYS, `.${createHash('sha256').update(text).digest('hex').slice(0, 12)}.${CONFIG}`)
  await mkdir(OVERLAYS, { recursive: true })
  await writeFile(copy, text)
  const module = (await import(pathToFileURL(copy).href).finally(() => rm(copy, { force: true }))) as {
    default?: unknown
  }
  const parsed = overlaySchema.safeParse(module.default)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(
    ({ path, message }) => `  ${path.join('.') || 'default export'}: ${message}`,
  )
  throw new LabError(`${file} is not valid:\n${problems.join('\n')}`)
}

/** All files, from the folder. Links could show or hand out what lies elsewhere on this machine: none is followed, all are refused. */
async function filesOf(folder: string): Promise<string[]> {
  const files: string[] = []
  let bytes = 0
  const walk = async (place: string): Promise<void> => {
    for (const entry of await readdir(place, { withFileTypes: true })) {
      const path = join(place, entry.name)
      const shown = relative(folder, path)
      if (entry.name === 'node_modules' || entry.name === '.git') continue
      if (entry.isDirectory()) await walk(path)
      else if (entry.isFile()) {
        bytes += (await lstat(path)).size
        if (bytes > LIMIT) throw new LabError(`${folder} is larger than ${LIMIT / 1024 / 1024} MiB.`)
        files.push(shown)
      } else throw new LabError(`${shown}: an overlay holds files and folders only, no links and no devices.`)
    }
  }
  await walk(folder).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new LabError(`There is no folder ${folder}.`) : error
  })
  return files.sort()
}

/** Names and contents of all files in a folder. */
async function hashOf(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    hash.update(`${relative(folder, path)}\0`).update(await readFile(path))
  }
  return hash.digest('hex').slice(0, 12)
}

/** Copies what comes with Drydock, without what is hidden. */
async function copyOwn(target: string, { hide }: OverlayConfig): Promise<void> {
  const hidden = new Set([
    ...hide.labs.map((id) => `labs/${id}`),
    ...hide.paths.map((name) => `content/paths/${name}.yaml`),
    ...hide.lessons.flatMap((lesson) => [
      `content/lessons/${lesson}`,
      `content/lessons/${lesson}.mdx`,
      `content/lessons/${lesson}.outputs.yaml`,
    ]),
  ])
  const known = await Promise.all(
    [...hide.labs.map((id) => `labs/${id}`), ...hide.paths.map((name) => `content/paths/${name}.yaml`)].map(
      async (path) => [path, await isThere(join(CHECKOUT, path))] as const,
    ),
  )
  const unknown = known.filter(([, there]) => !there).map(([path]) => path)
  if (unknown.length > 0) throw new LabError(`${CONFIG}: hide: there is no ${unknown.join(', ')}.`)
  for (const folder of FOLDERS)
    await cp(join(CHECKOUT, folder), join(target, folder), {
      recursive: true,
      filter: (path) => !hidden.has(relative(CHECKOUT, path)),
    })
}

/** Copies the overlay's own with its parameters filled in; gives the ids of its labs. */
async function lay(
  from: string,
  files: string[],
  target: string,
  { parameters, welcome }: OverlayConfig,
): Promise<string[]> {
  const labs = new Set<string>()
  for (const file of files) {
    const [folder, id] = file.split('/') as [string, string?]
    const place = file === welcome ? 'welcome.mdx' : file
    if (file !== welcome && !FOLDERS.includes(folder)) continue
    const path = join(target, place)
    const lab = folder === 'labs' && id !== undefined ? id : undefined
    if (lab !== undefined && !labs.has(lab) && (await isThere(join(target, 'labs', lab))))
      throw new LabError(`labs/${lab}: Drydock has a lab of this id. Hide that one, or choose another.`)
    if (lab !== undefined) labs.add(lab)
    await mkdir(dirname(path), { recursive: true })
    if (!TEXT.test(file)) {
      await cp(join(from, file), path)
      continue
    }
    const text = await readFile(join(from, file), 'utf8')
    const filled = text.replace(PARAMETER, (whole, name: string) => {
      const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
      if (value === undefined) throw new LabError(`${file}: ${whole}: ${CONFIG} has no parameter "${name}".`)
      return value
    })
    await writeFile(path, filled, { mode: (await stat(join(from, file))).mode & 0o777 })
  }
  return [...labs]
}

/** Takes what is hidden out of the learning paths. */
async function hideInPaths(root: string, { hide }: OverlayConfig): Promise<void> {
  if (hide.labs.length === 0 && hide.lessons.length === 0) return
  const isHidden = (lesson: string) =>
    hide.lessons.some((one) => lesson === one || lesson.startsWith(`${one}/`))
  const folder = join(root, 'content/paths')
  for (const name of await readdir(folder)) {
    const path = parse(await readFile(join(folder, name), 'utf8')) as {
      parts: { items: { lab?: string; lesson?: string }[] }[]
    }
    for (const part of path.parts)
      part.items = part.items.filter(
        ({ lab, lesson }) =>
          !(lab !== undefined && hide.labs.includes(lab)) && !(lesson !== undefined && isHidden(lesson)),
      )
    path.parts = path.parts.filter(({ items }) => items.length > 0)
    await writeFile(join(folder, name), stringify(path))
  }
}

/** A picture that could run a script on this server's origin is none. */
async function assertPicture(file: string): Promise<void> {
  if (/<script|<foreignObject|\son\w+\s*=|javascript:|<!ENTITY/i.test(await readFile(file, 'utf8')))
    throw new LabError(`${file}: the picture has a script in it. Take it out.`)
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
