import { readdir, readFile } from 'node:fs/promises'

/** A shell and what it started get this long, in ms, to end by themselves. */
const GRACE = 1_000

/**
 * Ends a shell and all it started: its session (every job has a process group of its own), its descendants, and
 * what left both but carries the terminal's `mark` in its environment. First as a closing terminal does (SIGHUP),
 * then for good.
 */
export async function endSession(shell: number, mark: string): Promise<void> {
  const members = await sessionMembers(shell, mark)
  signal(members, 'SIGHUP')
  // A stopped job takes the signal only when it goes on.
  signal(members, 'SIGCONT')
  const until = performance.now() + GRACE
  for (let wait = 10; performance.now() < until; wait *= 2) {
    await new Promise((done) => setTimeout(done, wait))
    if (!members.some(alive)) return
  }
  signal([...members, ...(await sessionMembers(shell, mark))], 'SIGKILL')
}

/** The processes that belong to a shell. Without /proc: its process group. */
async function sessionMembers(shell: number, mark: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => undefined)
  if (!names) return [shell, -shell]
  const parents = new Map<number, number>()
  const members = new Set([shell])
  await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        const text = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '')
        // "pid (name) state ppid pgrp session …", where the name may hold anything.
        const [, parent, , session] = text.slice(text.lastIndexOf(')') + 2).split(' ')
        parents.set(Number(name), Number(parent))
        if (Number(session) === shell) members.add(Number(name))
        else if ((await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '')).includes(mark)) {
          members.add(Number(name))
        }
      }),
  )
  for (let grown = true; grown; ) {
    grown = false
    for (const [pid, parent] of parents) {
      if (!members.has(pid) && members.has(parent)) {
        members.add(pid)
        grown = true
      }
    }
  }
  return [...members]
}

function signal(pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It has ended already.
    }
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
