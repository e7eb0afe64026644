import { readdir, readFile, readlink } from 'node:fs/promises'

export interface RunningProcess {
  parent: number
  command: string
  /** Its working folder; empty when it cannot be read. */
  cwd: string
  /** Resident memory, bytes. */
  rss: number
}

/** All processes of this machine, by their ids. Linux only. */
export async function runningProcesses(): Promise<Map<number, RunningProcess>> {
  const all = new Map<number, RunningProcess>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const [status, command] = await Promise.all(
      ['status', 'cmdline'].map((file) => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '')),
    )
    const number = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status!)?.[1] ?? 0)
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '')
    all.set(Number(name), { parent: number('PPid'), command: command!, cwd, rss: number('VmRSS') * 1024 })
  }
  return all
}

/** Whether a process holds the terminals of a server's data folder. */
export function holdsTerminals({ command, cwd }: RunningProcess, data: string): boolean {
  return command.startsWith('drydock-pty-host') && cwd.startsWith(data)
}

/** The process that holds the terminals of a server's data folder. */
export async function terminalsProcess(data: string): Promise<number> {
  const found = [...(await runningProcesses())].find(([, one]) => holdsTerminals(one, data))
  if (!found) throw new Error('no process holds terminals')
  return found[0]
}
