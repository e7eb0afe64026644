import { directory, symlink, type TreeNode } from '../files/nodes.ts'
import { listing, type Telling, telling } from './kernel-nodes.ts'
import type { Process } from './process.ts'

/** Limits that a process has where nobody has set others, as `/proc/<pid>/limits` names them. */
const LIMITS: [title: string, name: string, soft: string, hard: string, unit: string][] = [
  ['Max cpu time', 'cpu', 'unlimited', 'unlimited', 'seconds'],
  ['Max file size', 'fsize', 'unlimited', 'unlimited', 'bytes'],
  ['Max stack size', 'stack', '10485760', 'unlimited', 'bytes'],
  ['Max core file size', 'core', 'unlimited', 'unlimited', 'bytes'],
  ['Max processes', 'nproc', 'unlimited', 'unlimited', 'processes'],
  ['Max open files', 'nofile', '65536', '1048576', 'files'],
  ['Max locked memory', 'memlock', '8388608', '8388608', 'bytes'],
  ['Max address space', 'as', 'unlimited', 'unlimited', 'bytes'],
]

const nameOf = ({ argv }: Process): string => argv[0]!.replace(/^.*\//, '').replace(/:.*$/, '').slice(0, 15)

/** The folder of a process in `/proc`: https://man7.org/linux/man-pages/man5/proc.5.html */
export function processFiles(process: Process, mounts: Telling): TreeNode {
  const files: Record<string, Telling> = {
    cgroup: () => '0::/\n',
    cmdline: () => process.argv.map((word) => `${word}\0`).join(''),
    comm: () => `${nameOf(process)}\n`,
    environ: () => [...process.env].map(([name, value]) => `${name}=${value}\0`).join(''),
    limits: () => limits(process),
    mounts,
    oom_score_adj: () => `${process.machine.oomScoreAdjust ?? 0}\n`,
    stat: () => stat(process),
    status: () => status(process),
  }
  const links: Record<string, () => string> = {
    cwd: () => process.cwd,
    exe: () => executable(process),
    root: () => '/',
  }
  const uid = process.user.uid
  const streams = new Map(
    ['0', '1', '2'].map((name) => [
      name,
      symlink(process.tty ? '/dev/pts/0' : `pipe:[${process.pid}${name}]`),
    ]),
  )
  return listing(
    () => [...Object.keys(files), ...Object.keys(links), 'fd'].sort(),
    (name) => {
      if (name === 'fd') return directory({ mode: 0o500, uid }, streams)
      if (Object.hasOwn(links, name)) return symlink(links[name]!(), { uid })
      if (Object.hasOwn(files, name))
        return { ...telling(files[name]!, name === 'environ' ? 0o400 : 0o444), uid }
      return undefined
    },
  )
}

function executable({ argv, env, cwd, machine }: Process): string {
  try {
    return machine.files.tree.realPath(machine.which(argv[0]!, env.get('PATH'), cwd))
  } catch {
    return argv[0]!
  }
}

function status(process: Process): string {
  const { pid, parent, user, machine } = process
  const resident = `${Math.floor(process.memoryBytes / 1024)}`.padStart(8)
  const capabilities = user.uid === 0 ? '00000000a80425fb' : '0000000000000000'
  const rows: [string, string | number][] = [
    ['Name', nameOf(process)],
    ['Umask', '0022'],
    ['State', process === machine.current ? 'R (running)' : 'S (sleeping)'],
    ['Tgid', pid],
    ['Ngid', 0],
    ['Pid', pid],
    ['PPid', parent?.pid ?? 0],
    ['TracerPid', 0],
    ['Uid', Array(4).fill(user.uid).join('\t')],
    ['Gid', Array(4).fill(user.gid).join('\t')],
    ['FDSize', 64],
    ['Groups', `${[user.gid, ...user.groups].join(' ')} `],
    ['NStgid', pid],
    ['NSpid', pid],
    ['VmPeak', `${resident} kB`],
    ['VmSize', `${resident} kB`],
    ['VmRSS', `${resident} kB`],
    ['VmSwap', `${'0'.padStart(8)} kB`],
    ['Threads', 1],
    ['CapInh', '0000000000000000'],
    ['CapPrm', capabilities],
    ['CapEff', capabilities],
    ['CapBnd', '00000000a80425fb'],
    ['CapAmb', '0000000000000000'],
    ['NoNewPrivs', 0],
    ['Seccomp', 0],
    ['Cpus_allowed_list', `0-${machine.hardware.processors - 1}`],
    ['voluntary_ctxt_switches', 1],
    ['nonvoluntary_ctxt_switches', 0],
  ]
  return rows.map(([name, value]) => `${name}:\t${value}\n`).join('')
}

function stat(process: Process): string {
  const { pid, parent, startedAt, machine } = process
  const ticks = (ms: number) => Math.max(0, Math.floor(ms / 10))
  const pages = Math.floor(process.memoryBytes / 4096)
  const state = process === machine.current ? 'R' : 'S'
  return `${pid} (${nameOf(process)}) ${state} ${parent?.pid ?? 0} ${pid} ${pid} 0 -1 4194560 0 0 0 0 ${ticks(process.cpuMs)} 0 0 0 20 0 1 0 ${ticks(startedAt - machine.hardware.bootedAt)} ${process.memoryBytes} ${pages} 18446744073709551615\n`
}

function limits({ machine }: Process): string {
  const shown = (value: number) => (value < 0 ? 'unlimited' : String(value))
  const rows = LIMITS.map(([title, name, soft, hard, unit]) => {
    const own = machine.ulimits[name]
    const [now, most] = own ? [shown(own.soft), shown(own.hard)] : [soft, hard]
    return `${title.padEnd(26)}${now.padEnd(21)}${most.padEnd(21)}${unit.padEnd(10)}\n`
  })
  return `${'Limit'.padEnd(26)}${'Soft Limit'.padEnd(21)}${'Hard Limit'.padEnd(21)}${'Units'.padEnd(10)}\n${rows.join('')}`
}
