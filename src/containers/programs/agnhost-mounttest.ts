import { FileError } from '../files/tree.ts'
import type { Process, Program } from '../processes/process.ts'
import { flag } from './agnhost-server.ts'

const CONTENT = 'mount-tester new file\n'
/** How often a content is looked at again, ms. */
const LOOK_MS = 2_000
/** How long, s. */
const RETRY_S = 180

/** Numbers of file systems in `statfs(2)`; of tmpfs the program tells the name. */
const TYPES: Record<string, string> = {
  tmpfs: 'tmpfs',
  xfs: '1481003842',
  ext4: '61267',
  overlay: '2035054128',
  proc: '40864',
  cgroup2: '1667723888',
  sysfs: '1650812274',
}
const KINDS = { directory: 'd', symlink: 'L', device: 'D', file: '-' } as const

type Step = (process: Process, path: string) => Promise<void>

async function writeNew(process: Process, path: string, mode: number): Promise<void> {
  try {
    process.files.writeSync(path, Buffer.from(CONTENT), mode)
  } catch (error) {
    await process.print(`error writing new file ${quoted(path)}: ${goText(error, path)}\n`)
    throw error
  }
  await showContent(process, path)
}

const showContent: Step = async (process, path) => {
  try {
    const bytes = await process.files.read(path)
    await process.print(`content of file ${quoted(path)}: ${Buffer.from(bytes).toString()}\n`)
  } catch (error) {
    await process.print(`error reading file content for ${quoted(path)}: ${goText(error, path)}\n`)
    throw error
  }
}

async function shownNode(process: Process, path: string, call: string) {
  try {
    return process.files.node(path, 'stat', call !== 'Lstat')
  } catch (error) {
    await process.print(`error from ${call}(${quoted(path)}): ${goText(error, path)}\n`)
    throw error
  }
}

const permissions = (mode: number): string =>
  [...'rwxrwxrwx'].map((letter, bit) => (mode & (0o400 >> bit) ? letter : '-')).join('')

/** In the order in which the program does them, whatever the order of its flags. */
const STEPS: [name: string, step: Step][] = [
  [
    'fs_type',
    async (process, path) => {
      const real = process.files.tree.realPath(path)
      await shownNode(process, path, 'statfs')
      const table = Buffer.from(await process.files.read('/proc/self/mounts'))
        .toString()
        .trim()
        .split('\n')
      const rows = table
        .map((line) => line.split(' '))
        .filter(([, at = '']) => `${real}/`.startsWith(at === '/' ? at : `${at}/`))
      const type = rows.sort(([, a = ''], [, b = '']) => a.length - b.length).at(-1)?.[2] ?? ''
      await process.print(`mount type of ${quoted(path)}: ${TYPES[type] ?? type}\n`)
    },
  ],
  ...[0o644, 0o666, 0o660, 0o777].map((mode): [string, Step] => [
    `new_file_0${mode.toString(8)}`,
    (process, path) => writeNew(process, path, mode),
  ]),
  [
    'file_mode',
    async (process, path) => {
      const { kind, mode } = await shownNode(process, path, 'Stat')
      const special = `${mode & 0o4000 ? 'u' : ''}${mode & 0o2000 ? 'g' : ''}${mode & 0o1000 ? 't' : ''}`
      const letters = `${kind === 'file' ? '' : KINDS[kind]}${special}` || '-'
      await process.print(`mode of file ${quoted(path)}: ${letters}${permissions(mode)}\n`)
    },
  ],
  [
    'file_perm',
    async (process, path) => {
      const { mode } = await shownNode(process, path, 'Stat')
      await process.print(`perms of file ${quoted(path)}: -${permissions(mode)}\n`)
    },
  ],
  [
    'file_owner',
    async (process, path) => {
      const { uid, gid } = await shownNode(process, path, 'stat')
      await process.print(`owner UID of ${quoted(path)}: ${uid}\nowner GID of ${quoted(path)}: ${gid}\n`)
    },
  ],
  ['file_content', showContent],
  ['file_content_in_loop', watchContent],
]

async function watchContent(process: Process, path: string): Promise<void> {
  const { clock } = process.machine
  const end = clock.now() + Number(flag(process, 'retry_time') ?? RETRY_S) * 1000
  const stops = flag(process, 'break_on_expected_content') !== 'false'
  let failure: unknown
  for (; clock.now() < end; await process.sleep(LOOK_MS)) {
    try {
      const text = Buffer.from(await process.files.read(path)).toString()
      failure = undefined
      await process.print(`content of file ${quoted(path)}: ${text}\n`)
      if (stops && text === CONTENT) return
      if (stops) await process.print(`Unexpected content. Expected: ${CONTENT}. Retrying`)
    } catch (error) {
      failure = error
      await process.print(`Error reading file ${path}: ${goText(error, path)}, retrying\n`)
    }
  }
  if (failure) throw failure
}

/** `agnhost mounttest`: writes files and tells what they are and hold. Models test/images/agnhost/mounttest/mt.go. */
export const mounttest: Program = async (process) => {
  let status = 0
  for (const [name, step] of STEPS) {
    const path = flag(process, name)
    if (!path) continue
    try {
      await step(process, path)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      status = 1
    }
  }
  return status
}

const quoted = (path: string): string => JSON.stringify(path)

/** As Go words a file's error: `open /x: no such file or directory`. */
const goText = (error: unknown, path: string): string =>
  error instanceof FileError ? `open ${path}: ${error.reason.toLowerCase()}` : String(error)
