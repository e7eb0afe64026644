import { FileError } from '../files/tree.ts'
import type { Program } from '../processes/process.ts'
import { isBusybox } from './busybox.ts'

/** `sysctl`: shows and sets what stands in `/proc/sys`, as BusyBox's and procps' do. */
export const sysctl: Program = async (process) => {
  const busybox = isBusybox(process)
  const words = process.argv.slice(1)
  const letters = words
    .filter((word) => /^-\w+$/.test(word))
    .join('')
    .replaceAll('-', '')
  const has = (letter: string) => letters.includes(letter)
  const { sysctls } = process.machine
  const all = has('a') || has('A')
  const asked = all ? [...sysctls.keys()] : words.filter((word) => !word.startsWith('-'))
  const shown = (name: string, value: string) =>
    has('n') ? `${value}\n` : has('N') ? `${name}\n` : `${name} = ${value}\n`
  let status = 0
  for (const word of asked) {
    const [path = '', ...rest] = word.split('=')
    const name = path.trim().replaceAll('/', '.')
    const value = all || rest.length === 0 ? undefined : rest.join('=').trim()
    const known = sysctls.get(name)
    if (known === undefined) {
      if (has('e')) continue
      status = busybox ? 1 : 255
      await process.complain(
        busybox
          ? `sysctl: error: '${name}' is an unknown key\n`
          : `sysctl: cannot stat /proc/sys/${name.replaceAll('.', '/')}: No such file or directory\n`,
      )
    } else if (value === undefined) await process.print(shown(name, known))
    else {
      try {
        process.files.writeSync(`/proc/sys/${name.replaceAll('.', '/')}`, Buffer.from(value))
        if (!has('q')) await process.print(shown(name, value))
      } catch (error) {
        if (!(error instanceof FileError)) throw error
        status = busybox ? 1 : 255
        await process.complain(
          busybox
            ? `sysctl: error setting key '${name}': ${error.reason}\n`
            : `sysctl: setting key "${name}": ${error.reason}\n`,
        )
      }
    }
  }
  return status
}
