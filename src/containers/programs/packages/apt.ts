import type { Process, Program } from '../../processes/process.ts'
import { archiveOf, LISTS } from './archives.ts'
import {
  choose,
  installed,
  names,
  putCommands,
  removeCommands,
  setInstalled,
  subcommands,
} from './install.ts'

/** Debian's `apt-get` and `apt`. */
export const apt: Program = async (process) => {
  if (process.argv[0]?.endsWith('apt')) {
    await process.complain(
      '\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n',
    )
  }
  return manage(process)
}

const manage: Program = subcommands(
  {
    update: async (process) => {
      const archive = await archiveOf(process)
      if (!quiet(process)) for (const line of archive.update) await process.print(`${line}\n`)
      const { files } = process.machine
      files.makeFolder(`${LISTS}/partial`, { recursive: true })
      files.writeSync(
        archive.list,
        Buffer.from(`Origin: ${archive.origin}\nSuite: ${archive.suite}\nCodename: ${archive.codename}\n`),
      )
      return 0
    },
    install: (process, words) => install(process, names(words)),
    upgrade: (process) => nothing(process),
    'dist-upgrade': (process) => nothing(process),
    remove: (process, words) => remove(process, names(words)),
    purge: (process, words) => remove(process, names(words)),
    autoremove: (process) => nothing(process),
    clean: async () => 0,
    autoclean: async () => 0,
  },
  async (process) => {
    const [, command] = process.argv
    if (!command || command === '--version' || command === '-v') {
      await process.print(`apt ${(await archiveOf(process)).apt} (amd64)\n`)
      return 0
    }
    await process.complain(`E: Invalid operation ${command}\n`)
    return 100
  },
)

const quiet = (process: Process) => process.argv.some((word) => word === '-qq' || word === '-q=2')

async function preamble(process: Process): Promise<void> {
  if (!quiet(process))
    await process.print(
      'Reading package lists...\nBuilding dependency tree...\nReading state information...\n',
    )
}

async function nothing(process: Process): Promise<number> {
  await preamble(process)
  await process.print('0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n')
  return 0
}

async function install(process: Process, words: string[]): Promise<number> {
  await preamble(process)
  const { chosen, unknown } = choose('apt', words)
  const archive = await archiveOf(process)
  // Without lists nothing is known: an image comes without them.
  const missing = process.machine.files.exists(archive.list) ? unknown : words
  if (missing.length > 0) {
    for (const name of missing) await process.complain(`E: Unable to locate package ${name}\n`)
    return 100
  }
  const known = await installed(process)
  const fresh = chosen.filter(({ name }) => !known.has(name))
  for (const { name, version } of chosen.filter(({ name }) => known.has(name)))
    await process.print(`${name} is already the newest version (${version}).\n`)
  if (fresh.length === 0) return nothing(process)
  const size = fresh.reduce((sum, { size: kb }) => sum + kb, 0)
  await process.print(
    `The following NEW packages will be installed:\n  ${fresh.map(({ name }) => name).join(' ')}\n0 upgraded, ${fresh.length} newly installed, 0 to remove and 0 not upgraded.\nNeed to get ${Math.round(size / 3)} kB of archives.\nAfter this operation, ${size} kB of additional disk space will be used.\n`,
  )
  const sure = process.argv.some((word) => /^(?:-[a-z]*y[a-z]*|--yes|--assume-yes)$/.test(word))
  if (!sure) {
    await process.print('Do you want to continue? [Y/n] ')
    const answer = Buffer.from((await process.read()) ?? [])
      .toString()
      .trim()
    if (!/^(?:|y|yes)$/i.test(answer) || (answer === '' && !process.tty)) {
      await process.print('Abort.\n')
      return 1
    }
  }
  for (const [index, { name, version, size: kb }] of fresh.entries())
    await process.print(
      `Get:${index + 1} ${archive.mirror} ${archive.codename}/main amd64 ${name} amd64 ${version} [${Math.round(kb / 3)} kB]\n`,
    )
  await process.print(`Fetched ${Math.round(size / 3)} kB in 0s (0 B/s)\n`)
  for (const found of fresh) {
    const { name, version } = found
    await process.print(
      `Selecting previously unselected package ${name}.\nPreparing to unpack .../${name}_${version.replace(':', '%3a')}_amd64.deb ...\nUnpacking ${name} (${version}) ...\n`,
    )
  }
  for (const found of fresh) {
    await process.print(`Setting up ${found.name} (${found.version}) ...\n`)
    putCommands(process, found)
    known.set(found.name, found.version)
  }
  await setInstalled(process, known)
  return 0
}

async function remove(process: Process, words: string[]): Promise<number> {
  await preamble(process)
  const known = await installed(process)
  for (const name of words.filter((word) => known.has(word))) {
    await process.print(`Removing ${name} (${known.get(name)}) ...\n`)
    removeCommands(process, name)
    known.delete(name)
  }
  await setInstalled(process, known)
  return 0
}
