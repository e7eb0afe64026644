import { file } from '../../files/nodes.ts'
import { resolvePath } from '../../files/tree.ts'
import type { Process, Program } from '../../processes/process.ts'
import { readLibrary } from '../node/libraries.ts'
import { names, subcommands } from './install.ts'
import { NPM_PACKAGES } from './table.ts'

interface Manifest {
  name?: string
  version?: string
  scripts?: Record<string, string>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

const MANIFEST = 'package.json'
const LOCK = 'package-lock.json'

/** npm: installs what the table has, runs scripts. */
export const npm: Program = async (process) => {
  if (process.argv[1] === '--version' || process.argv[1] === '-v') {
    await process.print('11.6.2\n')
    return 0
  }
  return manage(process)
}

const manage: Program = subcommands(
  {
    install: (process, words) => install(process, words),
    i: (process, words) => install(process, words),
    ci: async (process, words) => {
      const lock = await readJson(process, LOCK)
      if (!lock) {
        await process.complain(
          'npm error code EUSAGE\nnpm error\nnpm error The `npm ci` command can only install with an existing package-lock.json or\nnpm error npm-shrinkwrap.json with lockfileVersion >= 1. Run an install with npm@5 or\nnpm error later to generate a package-lock.json file, then try again.\nnpm error\nnpm error Clean install a project\n',
        )
        return 1
      }
      const { files } = process.machine
      const folder = resolvePath(process.cwd, 'node_modules')
      if (files.exists(folder)) files.remove(folder, { recursive: true })
      return install(
        process,
        words.filter((word) => word.startsWith('-')),
      )
    },
    start: (process) => run(process, 'start'),
    test: (process) => run(process, 'test'),
    run: (process, words) => run(process, names(words)[0] ?? ''),
    'run-script': (process, words) => run(process, names(words)[0] ?? ''),
    cache: async () => 0,
    config: async () => 0,
    init: async (process) => {
      const manifest = {
        name: process.cwd.split('/').pop() || 'app',
        version: '1.0.0',
        main: 'index.js',
        scripts: {},
      }
      await writeJson(process, MANIFEST, manifest)
      await process.print(
        `Wrote to ${resolvePath(process.cwd, MANIFEST)}:\n\n${JSON.stringify(manifest, null, 2)}\n`,
      )
      return 0
    },
  },
  async (process) => {
    await process.complain(
      `Unknown command: "${process.argv[1] ?? ''}"\n\nTo see a list of supported npm commands, run:\n  npm help\n`,
    )
    return 1
  },
)

async function install(process: Process, words: string[]): Promise<number> {
  const asked = names(words)
  const manifest: Manifest | undefined = await readJson(process, MANIFEST)
  if (!manifest && asked.length === 0) {
    await process.complain(
      `npm error code ENOENT\nnpm error syscall open\nnpm error path ${resolvePath(process.cwd, MANIFEST)}\nnpm error errno -2\nnpm error enoent Could not read package.json: Error: ENOENT: no such file or directory, open '${resolvePath(process.cwd, MANIFEST)}'\nnpm error enoent This is related to npm not being able to find a file.\nnpm error enoent\n`,
    )
    return 254
  }
  const production =
    words.some((word) => /^--(?:omit=dev|production|only=prod)/.test(word)) ||
    process.env.get('NODE_ENV') === 'production'
  const wanted: Record<string, string> = {
    ...manifest?.dependencies,
    ...(production ? {} : manifest?.devDependencies),
    ...Object.fromEntries(asked.map((word) => [word.replace(/(.)@.*$/, '$1'), ''])),
  }
  for (const name of Object.keys(wanted)) {
    if (Object.hasOwn(NPM_PACKAGES, name)) continue
    const url = `https://registry.npmjs.org/${name.replace('/', '%2f')}`
    await process.complain(
      `npm error code E404\nnpm error 404 Not Found - GET ${url} - Not found\nnpm error 404\nnpm error 404  '${name}@${wanted[name] || '*'}' is not in this registry.\nnpm error 404\nnpm error 404 Note that you can also install from a\nnpm error 404 tarball, folder, http url, or git folder.\n`,
    )
    return 1
  }
  const { files } = process.machine
  let count = 0
  for (const name of Object.keys(wanted)) {
    const { version, needs } = NPM_PACKAGES[name]!
    const folder = resolvePath(process.cwd, `node_modules/${name}`)
    if (files.exists(folder)) continue
    count += 1 + needs
    files.makeFolder(folder, { recursive: true })
    files.putNode(
      `${folder}/${MANIFEST}`,
      file(`${JSON.stringify({ name, version, main: 'index.js' }, null, 2)}\n`),
    )
    files.putNode(`${folder}/index.js`, file(readLibrary(name)))
  }
  if (asked.length > 0 || !(await readJson(process, LOCK))) {
    const dependencies = { ...manifest?.dependencies }
    for (const name of asked.map((word) => word.replace(/(.)@.*$/, '$1')))
      dependencies[name] ??= `^${NPM_PACKAGES[name]!.version}`
    if (asked.length > 0) await writeJson(process, MANIFEST, { ...manifest, dependencies })
    await writeJson(process, LOCK, {
      name: manifest?.name,
      version: manifest?.version,
      lockfileVersion: 3,
      requires: true,
      packages: { '': { dependencies } },
    })
  }
  const total = Object.keys(wanted).reduce((sum, name) => sum + 1 + NPM_PACKAGES[name]!.needs, 1)
  await process.print(
    count === 0
      ? `\nup to date, audited ${total} package${total === 1 ? '' : 's'} in 1s\n\nfound 0 vulnerabilities\n`
      : `\nadded ${count} package${count === 1 ? '' : 's'}, and audited ${total} packages in 2s\n\nfound 0 vulnerabilities\n`,
  )
  return 0
}

async function run(process: Process, name: string): Promise<number> {
  const manifest: Manifest | undefined = await readJson(process, MANIFEST)
  const script =
    manifest?.scripts?.[name] ??
    (name === 'start' && process.machine.files.exists(resolvePath(process.cwd, 'server.js'))
      ? 'node server.js'
      : undefined)
  if (!script) {
    await process.complain(
      `npm error Missing script: "${name}"\nnpm error\nnpm error To see a list of scripts, run:\nnpm error   npm run\n`,
    )
    return 1
  }
  await process.print(`\n> ${manifest?.name ?? ''}@${manifest?.version ?? ''} ${name}\n> ${script}\n\n`)
  const env = new Map(process.env)
  env.set('PATH', `${resolvePath(process.cwd, 'node_modules/.bin')}:${env.get('PATH') ?? ''}`)
  const child = await process.machine.spawn({
    parent: process,
    argv: ['/bin/sh', '-c', script],
    env,
    cwd: process.cwd,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    tty: process.tty,
  })
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal))
  return (await process.waitFor(child.exited)).exitCode
}

// biome-ignore lint/suspicious/noExplicitAny: files of a learner.
async function readJson(process: Process, name: string): Promise<any> {
  const path = resolvePath(process.cwd, name)
  if (!process.machine.files.exists(path)) return undefined
  try {
    return JSON.parse(Buffer.from(await process.machine.files.read(path)).toString())
  } catch {
    return undefined
  }
}

async function writeJson(process: Process, name: string, value: unknown): Promise<void> {
  process.machine.files.writeSync(
    resolvePath(process.cwd, name),
    Buffer.from(`${JSON.stringify(value, null, 2)}\n`),
  )
}
