import { FileError, resolvePath } from '../files/tree.ts'
import { readAll } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'
import { lines } from '../processes/users.ts'

const words = ({ argv }: Process): string[] =>
  argv.slice(1).filter((word) => word === '-' || !word.startsWith('-'))
const called = ({ argv }: Process): string => argv[0]!.replace(/^.*\//, '')

const realpath: Program = async (process) => {
  let status = 0
  for (const word of words(process)) {
    try {
      const path = process.files.tree.realPath(resolvePath(process.cwd, word))
      await process.print(`${path}\n`)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      status = 1
      await process.complain(`realpath: ${word}: ${error.reason}\n`)
    }
  }
  return status
}

/** `cmp`: where two files begin to differ. */
const cmp: Program = async (process) => {
  const [first = '', second = '-'] = words(process)
  const silent = process.argv.includes('-s')
  const contents: Buffer[] = []
  for (const path of [first, second]) {
    try {
      contents.push(
        path === '-'
          ? await readAll(process.stdin)
          : Buffer.from(await process.files.read(resolvePath(process.cwd, path))),
      )
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      if (!silent) await process.complain(`cmp: ${path}: ${error.reason}\n`)
      return 2
    }
  }
  const [a, b] = contents as [Buffer, Buffer]
  if (a.equals(b)) return 0
  const shorter = Math.min(a.length, b.length)
  let at = 0
  while (at < shorter && a[at] === b[at]) at++
  if (silent) return 1
  const line = a.subarray(0, at).filter((byte) => byte === 10).length + 1
  if (at === shorter) await process.complain(`cmp: EOF on ${a.length < b.length ? first : second}\n`)
  else await process.print(`${first} ${second} differ: char ${at + 1}, line ${line}\n`)
  return 1
}

/** A pager that writes to no terminal, or whose terminal is left to scroll: it shows all. */
const pager: Program = async (process) => {
  const paths = words(process)
  if (paths.length === 0) {
    await process.print(await readAll(process.stdin))
    return 0
  }
  for (const path of paths) {
    try {
      await process.print(await process.files.read(resolvePath(process.cwd, path)))
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await process.complain(`${called(process)}: can't open '${path}': ${error.reason}\n`)
      return 1
    }
  }
  return 0
}

const groups: Program = async (process) => {
  const names = new Map(
    (await lines(process.machine.files, '/etc/group')).map(([name, , id]) => [Number(id), name!]),
  )
  const all = [process.user.gid, ...process.user.groups]
  await process.print(`${all.map((id) => names.get(id) ?? String(id)).join(' ')}\n`)
  return 0
}

/** `getent`: what the system's databases say of users, groups and names. */
const getent: Program = async (process) => {
  const [database = '', ...keys] = words(process)
  const { machine } = process
  if (database === 'passwd' || database === 'group') {
    const all = await lines(machine.files, `/etc/${database}`)
    const found = keys.length ? all.filter((row) => keys.includes(row[0]!) || keys.includes(row[2]!)) : all
    await process.print(found.map((row) => `${row.join(':')}\n`).join(''))
    return keys.length > 0 && found.length === 0 ? 2 : 0
  }
  if (database === 'hosts' || database === 'ahosts' || database === 'ahostsv4') {
    let status = 0
    for (const name of keys) {
      const answer = machine.lookUp(name)
      const addresses = typeof answer === 'string' ? [] : answer
      if (addresses.length === 0) status = 2
      const rows =
        database === 'hosts'
          ? addresses.map((address) => `${address.padEnd(15)} ${name}\n`)
          : addresses.flatMap((address) =>
              ['STREAM', 'DGRAM', 'RAW'].map(
                (kind, index) => `${address.padEnd(15)} ${kind}${index ? '' : ` ${name}`}\n`,
              ),
            )
      await process.print(rows.join(''))
    }
    return status
  }
  await process.complain(
    `Unknown database: ${database}\nTry \`getent --help' or \`getent --usage' for more information.\n`,
  )
  return 1
}

const removeOne: Program = async (process) => {
  const [path = ''] = words(process)
  try {
    process.files.remove(resolvePath(process.cwd, path))
    return 0
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    await process.complain(`unlink: cannot unlink '${path}': ${error.reason}\n`)
    return 1
  }
}

/** Nobody is logged in to a container. */
const nobody: Program = async () => 0

/** Small utilities of the systems that images stand on. */
export const SMALL_UTILITIES: Record<string, Program> = {
  realpath,
  cmp,
  less: pager,
  more: pager,
  groups,
  getent,
  unlink: removeOne,
  who: nobody,
  logname: async (process) => {
    await process.complain('logname: no login name\n')
    return 1
  },
}
