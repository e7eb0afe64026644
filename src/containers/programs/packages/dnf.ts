import type { Process, Program } from '../../processes/process.ts'
import {
  type Chosen,
  choose,
  installed,
  names,
  putCommands,
  removeCommands,
  setInstalled,
  subcommands,
} from './install.ts'

const RULE = '='.repeat(80)

/** Amazon Linux's `dnf`, which `yum` is another name of. */
export const dnf: Program = subcommands(
  {
    install: async (process, words) => {
      const { chosen, unknown } = choose('dnf', names(words))
      await process.print('Amazon Linux 2023 repository                     50 MB/s |  47 MB     00:00    \n')
      if (unknown.length > 0) {
        for (const name of unknown) await process.print(`No match for argument: ${name}\n`)
        await process.complain(`Error: Unable to find a match: ${unknown.join(' ')}\n`)
        return 1
      }
      const known = await installed(process)
      const fresh = chosen.filter(({ name }) => !known.has(name))
      for (const { name, version } of chosen.filter(({ name }) => known.has(name)))
        await process.print(`Package ${name}-${version}.x86_64 is already installed.\n`)
      if (fresh.length === 0) {
        await process.print('Dependencies resolved.\nNothing to do.\nComplete!\n')
        return 0
      }
      await process.print(`Dependencies resolved.\n${table(fresh)}`)
      if (!words.some((word) => word === '-y' || word === '--assumeyes')) {
        await process.print('Is this ok [y/N]: ')
        const answer = Buffer.from((await process.read()) ?? [])
          .toString()
          .trim()
        if (!/^y(?:es)?$/i.test(answer)) {
          await process.complain('Operation aborted.\n')
          return 1
        }
      }
      await process.print('Downloading Packages:\nRunning transaction\n')
      for (const [index, found] of fresh.entries()) {
        await process.print(
          `  Installing       : ${full(found)}${' '.repeat(10)}${index + 1}/${fresh.length} \n`,
        )
        putCommands(process, found)
        known.set(found.name, found.version)
      }
      await setInstalled(process, known)
      await process.print(`\nInstalled:\n${fresh.map((found) => `  ${full(found)}\n`).join('')}\nComplete!\n`)
      return 0
    },
    remove: async (process, words) => {
      const known = await installed(process)
      for (const name of names(words).filter((word) => known.has(word))) {
        removeCommands(process, name)
        known.delete(name)
        await process.print(`Removed:\n  ${name}\n`)
      }
      await setInstalled(process, known)
      await process.print('\nComplete!\n')
      return 0
    },
    update: (process) => upToDate(process),
    upgrade: (process) => upToDate(process),
    clean: async (process) => {
      await process.print('17 files removed\n')
      return 0
    },
    makecache: async (process) => {
      await process.print('Metadata cache created.\n')
      return 0
    },
  },
  async (process) => {
    await process.complain(`No such command: ${process.argv[1] ?? ''}. Please use /usr/bin/dnf --help\n`)
    return 1
  },
)

const full = ({ name, version }: Chosen) => `${name}-${version}.x86_64`

function table(list: readonly Chosen[]): string {
  const rows = list.map(
    ({ name, version, size }) =>
      ` ${name.padEnd(24)} x86_64  ${version.padEnd(28)} amazonlinux  ${Math.round(size / 3)} k\n`,
  )
  return `${RULE}\n Package                  Arch    Version                      Repository   Size\n${RULE}\nInstalling:\n${rows.join('')}\nTransaction Summary\n${RULE}\nInstall  ${list.length} Package${list.length > 1 ? 's' : ''}\n\n`
}

async function upToDate(process: Process): Promise<number> {
  await process.print('Dependencies resolved.\nNothing to do.\nComplete!\n')
  return 0
}
