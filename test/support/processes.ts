import { readdir, readFile, readlink } from 'node:fs/promises'

export interface RunningProcess {
  parent: number
  command: string
  /** Its working folder; empty when it cannot be read. */
  cwd: string
  /** Resident memory, bytes. */
  rss: number
  /** CPU time so far, its own and that of the children that it has waited for, ms. */
  cpu: number
}

/** Of the times in `/proc/<pid>/stat`: one in 1/100 s, whatever the machine. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const TICK_MS = 10

/** All processes of this machine, by their ids. Linux only. */
export async function runningProcesses(): Promise<Map<number, RunningProcess>> {
  const all = new Map<number, RunningProcess>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const [status, stat, command] = await Promise.all(
      ['status', 'stat', 'cmdline'].map((file) => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '')),
    )
    const number = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status!)?.[1] ?? 0)
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '')
    // The fields after the name, which may hold anything: utime, stime, cutime and cstime are the 14th to 17th of all.
    const fields = stat!.slice(stat!.lastIndexOf(')') + 2).split(' ')
    const cpu = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, 0)
    all.set(Number(name), {
      parent: number('PPid'),
      command: command!,
      cwd,
      rss: number('VmRSS') * 1024,
      cpu,
    })
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
