import type { Process, Program } from '../../processes/process.ts'
import {
  choose,
  installed,
  names,
  putCommands,
  removeCommands,
  setInstalled,
  subcommands,
} from './install.ts'

const MIRROR = 'https://dl-cdn.alpinelinux.org/alpine/v3.22'
/** Packages in Alpine's own images, and those of the repositories (from knowledge). */
const BASE_PACKAGES = 16
const BASE_MIB = 7.6
const AVAILABLE = 25_397

/** Alpine's package manager. */
export const apk: Program = subcommands(
  {
    add: async (process, words) => {
      const quiet = words.some((word) => word === '-q' || word === '--quiet')
      const virtual = words.findIndex((word) => word === '-t' || word === '--virtual')
      if (virtual !== -1) words.splice(virtual, 2)
      const wanted = names(words)
      if (!quiet) await fetchLists(process)
      const { chosen, unknown } = choose('apk', wanted)
      if (unknown.length > 0) {
        await process.complain('ERROR: unable to select packages:\n')
        for (const name of unknown)
          await process.complain(`  ${name} (no such package):\n    required by: world[${name}]\n`)
        return unknown.length
      }
      const known = await installed(process)
      const fresh = chosen.filter(({ name }) => !known.has(name))
      for (const [index, found] of fresh.entries()) {
        if (!quiet)
          await process.print(`(${index + 1}/${fresh.length}) Installing ${found.name} (${found.version})\n`)
        putCommands(process, found)
        known.set(found.name, found.version)
      }
      await setInstalled(process, known)
      if (quiet) return 0
      if (fresh.length > 0) await process.print('Executing busybox-1.37.0-r18.trigger\n')
      return sum(process, known)
    },
    del: async (process, words) => {
      const known = await installed(process)
      const gone = names(words).filter((name) => known.has(name))
      for (const [index, name] of gone.entries()) {
        await process.print(`(${index + 1}/${gone.length}) Purging ${name} (${known.get(name)})\n`)
        removeCommands(process, name)
        known.delete(name)
      }
      await setInstalled(process, known)
      return sum(process, known)
    },
    update: async (process) => {
      await fetchLists(process)
      await process.print(
        `v3.22.2-215-g0a1b2c3d4e5 [${MIRROR}/main]\nv3.22.2-219-g1b2c3d4e5f6 [${MIRROR}/community]\nOK: ${AVAILABLE} distinct packages available\n`,
      )
      return 0
    },
    upgrade: async (process) => sum(process, await installed(process)),
    info: async (process, words) => {
      const known = await installed(process)
      const wanted = names(words)
      if (wanted.length === 0) for (const name of known.keys()) await process.print(`${name}\n`)
      for (const name of wanted)
        if (known.has(name)) await process.print(`${name}-${known.get(name)} installed\n`)
      return wanted.every((name) => known.has(name)) ? 0 : 1
    },
  },
  async (process) => {
    await process.print(
      `apk-tools 2.14.9, compiled for ${process.machine.architecture}.\n\nusage: apk [<OPTIONS>...] COMMAND [<ARGUMENTS>...]\n`,
    )
    return process.argv.length > 1 ? 1 : 0
  },
)

async function fetchLists(process: Process): Promise<void> {
  for (const repository of ['main', 'community'])
    await process.print(`fetch ${MIRROR}/${repository}/${process.machine.architecture}/APKINDEX.tar.gz\n`)
}

async function sum(process: Process, known: ReadonlyMap<string, string>): Promise<number> {
  const { chosen } = choose('apk', [...known.keys()])
  const mib = BASE_MIB + chosen.reduce((total, { size }) => total + size, 0) / 1024
  await process.print(`OK: ${Math.round(mib)} MiB in ${BASE_PACKAGES + known.size} packages\n`)
  return 0
}
