import type { Program } from '../processes/process.ts'

/** `mount`: the table; mounting takes a right that containers do not have. */
export const mount: Program = async (process) => {
  const words = process.argv.slice(1)
  const at = words.indexOf('-t')
  const type = at < 0 ? undefined : words.splice(at, 2)[1]
  if (words.length > 0) {
    await process.complain('mount: permission denied (are you root?)\n')
    return 1
  }
  const table = Buffer.from(await process.machine.files.read('/proc/self/mounts')).toString()
  for (const line of table.split('\n')) {
    const [source, path, kind, options] = line.split(' ')
    if (path === undefined || (type !== undefined && kind !== type)) continue
    await process.print(`${source} on ${path.replaceAll('\\040', ' ')} type ${kind} (${options})\n`)
  }
  return 0
}
