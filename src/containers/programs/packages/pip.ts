import { file } from '../../files/nodes.ts'
import { resolvePath } from '../../files/tree.ts'
import type { Process, Program } from '../../processes/process.ts'
import { subcommands } from './install.ts'
import { PYPI_PACKAGES } from './table.ts'

const SITE = '/usr/local/lib/python3.13/site-packages'

/** pip: installs what the table has, from names and requirement files. */
export const pip: Program = async (process) => {
  if (process.argv[1] === '--version' || process.argv[1] === '-V') {
    await process.print('pip 24.3.1 from /usr/local/lib/python3.13/site-packages/pip (python 3.13)\n')
    return 0
  }
  return manage(process)
}

const manage: Program = subcommands(
  {
    install: async (process, words) => {
      const wanted: string[] = []
      while (words.length > 0) {
        const word = words.shift()!
        if (word === '-r' || word === '--requirement') {
          const name = words.shift() ?? ''
          const path = resolvePath(process.cwd, name)
          if (!process.machine.files.exists(path)) {
            await process.complain(
              `ERROR: Could not open requirements file: [Errno 2] No such file or directory: '${name}'\n`,
            )
            return 1
          }
          const text = Buffer.from(await process.machine.files.read(path)).toString()
          wanted.push(
            ...text
              .split('\n')
              .map((line) => line.replace(/#.*/, '').trim())
              .filter((line) => line && !line.startsWith('-')),
          )
        } else if (!word.startsWith('-')) wanted.push(word)
      }
      return install(process, wanted)
    },
    list: async (process) => {
      await process.print('Package Version\n------- -------\npip     24.3.1\n')
      for (const name of known(process))
        await process.print(`${name.padEnd(7)} ${PYPI_PACKAGES[name]?.version ?? ''}\n`)
      return 0
    },
    freeze: async (process) => {
      for (const name of known(process))
        await process.print(`${name}==${PYPI_PACKAGES[name]?.version ?? ''}\n`)
      return 0
    },
    cache: async () => 0,
  },
  async (process) => {
    await process.complain(`ERROR: unknown command "${process.argv[1] ?? ''}"\n`)
    return 1
  },
)

const canonical = (name: string) => name.toLowerCase().replace(/[._-]+/g, '-')

const known = ({ machine }: Process): string[] =>
  machine.files.exists(SITE)
    ? machine.files.listSync(SITE).filter((name) => Object.hasOwn(PYPI_PACKAGES, name))
    : []

async function install(process: Process, wanted: string[]): Promise<number> {
  if (wanted.length === 0) {
    await process.complain(
      'ERROR: You must give at least one requirement to install (see "pip help install")\n',
    )
    return 1
  }
  const { files } = process.machine
  const order: string[] = []
  const add = async (requirement: string): Promise<boolean> => {
    const [, bare = '', exact] = /^([\w.-]+)(?:\[[^\]]*\])?\s*(?:==\s*([\w.]+))?/.exec(requirement) ?? []
    const name = canonical(bare)
    const found = Object.hasOwn(PYPI_PACKAGES, name) ? PYPI_PACKAGES[name] : undefined
    if (!found) {
      await process.complain(
        `ERROR: Could not find a version that satisfies the requirement ${requirement} (from versions: none)\nERROR: No matching distribution found for ${requirement}\n`,
      )
      return false
    }
    if (order.includes(name)) return true
    if (files.exists(`${SITE}/${name}`)) {
      await process.print(`Requirement already satisfied: ${requirement} in ${SITE} (${found.version})\n`)
      return true
    }
    const version = exact ?? found.version
    await process.print(
      `Collecting ${requirement}\n  Downloading ${name.replaceAll('-', '_')}-${version}-py3-none-any.whl (${found.size} kB)\n`,
    )
    order.push(name)
    for (const need of found.needs ?? []) if (!(await add(need))) return false
    return true
  }
  for (const requirement of wanted) if (!(await add(requirement))) return 1
  if (order.length === 0) return 0
  for (const name of order) {
    files.makeFolder(`${SITE}/${name}`, { recursive: true })
    files.putNode(
      `${SITE}/${name}/__init__.py`,
      file(
        `raise ImportError("drydock: the package ${name} is known by name only; the simulation has no code of it")\n`,
      ),
    )
  }
  await process.print(
    `Installing collected packages: ${order.join(', ')}\nSuccessfully installed ${order.map((name) => `${name}-${PYPI_PACKAGES[name]!.version}`).join(' ')}\n`,
  )
  if (process.user.uid === 0)
    await process.complain(
      "WARNING: Running pip as the 'root' user can result in broken permissions and conflicting behaviour with the system package manager, possibly rendering your system unusable. It is recommended to use a virtual environment instead: https://pip.pypa.io/warnings/venv. Use the --root-user-action option if you know what you are doing and want to suppress this warning.\n",
    )
  return 0
}
