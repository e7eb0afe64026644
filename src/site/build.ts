import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, glob, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { compressFiles } from './compress.ts'
import { LANGUAGES } from './languages.ts'
import { saveRoundTrips } from './round-trips.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const dist = join(root, 'dist')

/** What the pages are made of. Solutions, mistakes and checkers are not part of them. */
const INPUTS = [
  'astro.config.mjs',
  'package-lock.json',
  'src/site/**/*',
  'src/labs/{schema,lesson-schema,path-schema,fences}.ts',
  'src/workspace/limits.ts',
]
/** The same, of what is taught. */
const TAUGHT = [
  'content/**/*.{mdx,yaml}',
  'labs/*/lab.yaml',
  'labs/*/steps/*.mdx',
  'welcome.mdx',
  'company.json',
]

export interface BuildOptions {
  /** Told when something has to be done. */
  onProgress?: (what: string) => void
  /** A company's overlay laid over what is taught, and its logo; see src/labs/overlay/open.ts. */
  overlay?: { root: string; logo: string | undefined }
}

/** The built site's folder, `dist/site`: a link that always leads to a whole build. */
export const SITE_FOLDER = join(dist, 'site')

/**
 * Builds the pages if anything they are made of has changed, in a process of its own and without the network. Gives
 * the folder to serve. Fails with what Astro says, leaving the former build in place.
 */
export async function buildSite({ onProgress = () => {}, overlay }: BuildOptions = {}): Promise<string> {
  const folder = join(dist, `${overlay ? 'overlay' : 'site'}-${await hashInputs(overlay?.root ?? root)}`)
  if (!(await isFolder(folder))) {
    onProgress('building the pages')
    await build(folder, overlay)
  }
  if (overlay) return folder
  await pointTo(folder)
  return SITE_FOLDER
}

async function build(folder: string, overlay: BuildOptions['overlay']): Promise<void> {
  const part = `${folder}.${process.pid}`
  await mkdir(dist, { recursive: true })
  try {
    const languages = LANGUAGES.map(
      ({ id }) =>
        () =>
          buildLanguage(id, join(part, id), overlay),
    )
    const builds = await Promise.allSettled(languages.map((build) => build()))
    // Builds side by side share Astro's folder `.astro`, and one may take a file from under the other: what failed is built again alone.
    const folders: string[] = []
    for (const [index, build] of builds.entries())
      folders.push(build.status === 'fulfilled' ? build.value : await languages[index]!())
    const [site, ...others] = folders
    for (const [index, other] of others.entries()) {
      // Names of assets change with their content, so that languages share what is the same.
      await cp(join(other, 'assets'), join(site!, 'assets'), { recursive: true })
      await rm(join(other, 'assets'), { recursive: true })
      await rename(other, join(site!, LANGUAGES[index + 1]!.id))
    }
    if (overlay?.logo) await cp(overlay.logo, join(site!, `company-logo${extname(overlay.logo)}`))
    await compressFiles(site!)
    await rename(site!, folder).catch(async (error) => {
      // Somebody else built the same at the same time.
      if (!(await isFolder(folder))) throw error
    })
  } finally {
    await rm(part, { recursive: true, force: true })
  }
}

/** Builds the pages of one language and gives their folder. */
async function buildLanguage(
  language: string,
  folder: string,
  overlay: BuildOptions['overlay'],
): Promise<string> {
  await promisify(execFile)(
    process.execPath,
    [fileURLToPath(new URL('./build-process.ts', import.meta.url)), folder],
    {
      cwd: root,
      env: {
        ...process.env,
        ASTRO_TELEMETRY_DISABLED: '1',
        ...(overlay && { DRYDOCK_CONTENT: overlay.root }),
        NODE_ENV: 'production',
        DRYDOCK_LANGUAGE: language,
      },
      maxBuffer: 16 * 1024 * 1024,
    },
  ).catch((error: { stderr?: string; message: string }) => {
    throw new Error(`The pages could not be built.\n${error.stderr?.trim() || error.message}`)
  })
  const site = join(folder, 'site')
  await saveRoundTrips(site)
  return site
}

/** Swaps the link in one step, so that nobody meets half a site, and removes builds that nothing leads to. */
async function pointTo(folder: string): Promise<void> {
  const link = `${SITE_FOLDER}.${process.pid}`
  await rm(link, { force: true })
  await symlink(basename(folder), link, 'junction')
  await rename(link, SITE_FOLDER).catch(async () => {
    // A folder in the link's place, or Windows, where a rename does not replace.
    await rm(SITE_FOLDER, { recursive: true, force: true })
    await rename(link, SITE_FOLDER)
  })
  for (const name of await readdir(dist))
    if (/^site-[0-9a-f]{16}$/.test(name) && name !== basename(folder))
      await rm(join(dist, name), { recursive: true, force: true })
}

/** Names and contents of all inputs, as 16 hexadecimal digits. */
async function hashInputs(taught: string): Promise<string> {
  const hash = createHash('sha256')
  for (const [patterns, folder] of [
    [INPUTS, root],
    [TAUGHT, taught],
  ] as const) {
    const names: string[] = []
    for await (const name of glob(patterns, { cwd: folder })) names.push(name)
    for (const name of names.sort()) {
      const path = join(folder, name)
      if ((await stat(path)).isDirectory()) continue
      hash.update(`${name}\0`).update(await readFile(path))
    }
  }
  return hash.digest('hex').slice(0, 16)
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
