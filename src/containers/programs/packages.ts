import type { Program } from '../processes/process.ts'

/** Package managers: they say what they cannot do, and let a build that only updates its lists go on. */
export function packageManager(name: string): Program {
  return async (process) => {
    const words = process.argv.slice(1).filter((word) => !word.startsWith('-'))
    const harmless = [
      'update',
      'clean',
      'autoremove',
      'autoclean',
      'cache',
      'upgrade',
      'del',
      'remove',
      'purge',
      'info',
      'list',
    ]
    if (words.length === 0 || harmless.includes(words[0]!)) {
      if (words[0] === 'update') {
        await process.print(
          name === 'apk' ? 'OK: 0 distinct packages available\n' : 'Reading package lists...\n',
        )
      }
      return 0
    }
    const already = words
      .slice(1)
      .filter((word) => !installed(process.machine.files.exists.bind(process.machine.files), word))
    if (already.length === 0) return 0
    await process.complain(
      `drydock: ${name} cannot install ${already.join(', ')}: the simulation has no package repositories and runs only the programs that it models. ` +
        'Copy files with COPY, or use a base image that has what you need.\n',
    )
    return name === 'apk' ? already.length : 100
  }
}

const installed = (exists: (path: string) => boolean, name: string) =>
  ['/bin', '/usr/bin', '/sbin', '/usr/sbin', '/usr/local/bin'].some((folder) => exists(`${folder}/${name}`))
