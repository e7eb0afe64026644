import { resolvePath } from '../files/tree.ts'
import type { Program } from '../processes/process.ts'
import { lines } from '../processes/users.ts'
import { ls } from './ls.ts'
import { stat } from './stat.ts'
import { tar } from './tar.ts'

const chown: Program = async (process) => {
  const [owner = '', ...paths] = process.argv.slice(1).filter((word) => !word.startsWith('-'))
  const [user, group] = owner.split(/[:.]/)
  const find = async (file: string, name: string | undefined) =>
    name === undefined || name === '' || /^\d+$/.test(name)
      ? Number(name || 0)
      : Number((await lines(process.files, file)).find((fields) => fields[0] === name)?.[2])
  const uid = await find('/etc/passwd', user)
  const gid = await find('/etc/group', group)
  if (Number.isNaN(uid) || Number.isNaN(gid)) {
    await process.complain(`chown: unknown user/group ${owner}\n`)
    return 1
  }
  const recursive = process.argv.includes('-R')
  const apply = (path: string) => {
    process.files.change(path, { ...(user ? { uid } : {}), ...(group ? { gid } : {}) })
    const node = process.files.find(path)
    if (recursive && node?.kind === 'directory')
      for (const name of node.children.keys()) apply(`${path}/${name}`)
  }
  for (const path of paths) {
    const real = resolvePath(process.cwd, path)
    if (!process.files.exists(real)) {
      await process.complain(`chown: ${path}: No such file or directory\n`)
      return 1
    }
    apply(real)
  }
  return 0
}

/** Utilities on files whose owners, times and bytes just-bash does not keep. */
export const FILE_UTILITIES: Record<string, Program> = {
  ls,
  stat,
  tar,
  chown,
  chgrp: async () => 0,
  mktemp: async (process) => {
    const folder = process.argv.includes('-d')
    const path = `/tmp/tmp.${crypto.randomUUID().slice(0, 6)}`
    if (folder) process.files.makeFolder(path, { mode: 0o700 })
    else process.files.writeSync(path, new Uint8Array(), 0o600)
    await process.print(`${path}\n`)
    return 0
  },
}
