import { readContent } from '../files/nodes.ts'
import type { ContainerFs } from './container-fs.ts'
import type { User } from './machine.ts'

/**
 * The user that `USER` or `--user` names (`name`, `uid`, `name:group`, `uid:gid`), with its groups of `/etc/group` and further
 * ones. Throws with runc's text.
 */
export async function findUser(
  files: ContainerFs,
  text: string,
  more: readonly (number | string)[] = [],
): Promise<User> {
  const [name = '', group] = text.split(':')
  const line = (await lines(files, '/etc/passwd')).find(
    (fields) => fields[0] === (name || 'root') || (name !== '' && fields[2] === name),
  )
  if (!line && !/^\d*$/.test(name))
    throw new Error(`unable to find user ${name}: no matching entries in passwd file`)
  const user = line
    ? { name: line[0]!, uid: Number(line[2]), gid: Number(line[3]), home: line[5] || '/' }
    : {
        name: name || 'root',
        uid: Number(name || 0),
        gid: 0,
        home: name === '' || name === '0' ? '/root' : '/',
      }
  const known = await lines(files, '/etc/group')
  const groupId = (wanted: string) => {
    const entry = known.find((fields) => fields[0] === wanted || fields[2] === wanted)
    if (!entry && !/^\d+$/.test(wanted))
      throw new Error(`unable to find group ${wanted}: no matching entries in group file`)
    return Number(entry?.[2] ?? wanted)
  }
  const further = more.map(String).map(groupId)
  if (!group) {
    // With a group of its own choice a user is in no others.
    const listed = line ? known.filter((fields) => fields[3]?.split(',').includes(user.name)) : []
    const groups = [...listed.map((fields) => Number(fields[2])), ...further]
    return { ...user, groups: [...new Set(groups)].filter((gid) => gid !== user.gid) }
  }
  const gid = groupId(group)
  return { ...user, gid, groups: [...new Set(further)].filter((one) => one !== gid) }
}

/** The lines of a colon-separated file, in fields. */
export async function lines(files: ContainerFs, path: string): Promise<string[][]> {
  const node = files.find(path)
  if (node?.kind !== 'file') return []
  return Buffer.from(await readContent(node.content))
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(':'))
}
