import { createHash } from 'node:crypto'
import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { hostTime } from '#world/clock.ts'

/** Longest path of a unix socket on Linux (108 bytes with the closing zero) and macOS (104). */
const SOCKET_PATH_LIMIT = 103

/** How long the holder of a lock may take to leave, and how often that is looked at (host ms). */
const LEAVING_MS = 2000
const LOOK_MS = 50

/**
 * A short, private folder for the unix sockets that belong to a data folder (socket paths hold about 100 bytes, data folders
 * may be deep). The same data folder gives the same one. Throws when somebody else owns it.
 */
export async function runtimeDirectory(dataDirectory: string): Promise<string> {
  const uid = process.getuid?.() ?? 0
  const base = join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `drydock-${uid}`)
  const name = createHash('sha256').update(resolve(dataDirectory)).digest('hex').slice(0, 12)
  const directory = join(base, name)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (const path of [base, directory]) {
    const stat = await lstat(path)
    if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o077) !== 0) {
      throw new Error(
        `${path} is not a private folder of yours, so sockets put there could be anybody's. Remove it, or set XDG_RUNTIME_DIR to a folder of your own.`,
      )
    }
  }
  return directory
}

/** The socket on which the cloud process of a data folder takes calls. */
export async function cloudSocket(dataDirectory: string): Promise<string> {
  return join(await runtimeDirectory(dataDirectory), 'cloud.sock')
}

/** The socket of one of the processes that worlds are spread over. */
export const memberSocket = (sockets: string, number: number): string =>
  join(sockets, `process-${number}.sock`)
const MEMBER_SOCKET = /^process-\d+\.sock$/

/** Waits until no process of an earlier cloud has worlds: they go when they see that their gate is gone. Throws after so long (host ms). */
export async function untilMembersGone(sockets: string, limitMs: number): Promise<void> {
  for (const name of await readdir(sockets))
    if (MEMBER_SOCKET.test(name)) await untilFree(join(sockets, name), limitMs)
}

/** Listens on a unix socket, replacing one that a dead process left. Throws when a live process has it. */
export async function listenUnix(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > SOCKET_PATH_LIMIT) {
    throw new Error(
      `the socket path ${path} is too long for the system (${SOCKET_PATH_LIMIT} bytes): use a shorter folder`,
    )
  }
  if (await answers(path)) throw inUse(path)
  await rm(path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** As `listenUnix`, for the socket that is a lock: a process whose parent was killed a moment ago may still be on its way out. */
export async function claimUnix(server: Server, path: string): Promise<void> {
  await untilFree(path, LEAVING_MS).catch(() => {})
  await listenUnix(server, path)
}

/** Waits until nobody listens on a socket any more. Throws after so long (host ms). */
export async function untilFree(path: string, limitMs: number): Promise<void> {
  const deadline = hostTime.now() + limitMs
  while (await answers(path)) {
    if (hostTime.now() > deadline) throw inUse(path)
    await new Promise<void>((resolve) => hostTime.setTimer(LOOK_MS, resolve))
  }
}

const inUse = (path: string) =>
  Object.assign(new Error(`another process already listens on ${path}`), { code: 'EADDRINUSE' })

/** Whether a process accepts connections on the socket. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
