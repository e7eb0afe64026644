import { KERNEL } from '../processes/kernel-settings.ts'
import type { Process, Program } from '../processes/process.ts'
import { lines } from '../processes/users.ts'
import { formatDate } from './date.ts'
import { df } from './df.ts'
import { free, uptime } from './machine-figures.ts'
import { mount } from './mount.ts'
import { sysctl } from './sysctl.ts'

/** A number with its name, if it has one. */
const shown = (id: number, name: string) => (/^\d+$/.test(name) ? String(id) : `${id}(${name})`)

const id: Program = async (process) => {
  const { uid, gid, groups, name } = process.user
  const names = new Map(
    (await lines(process.machine.files, '/etc/group')).map((fields) => [Number(fields[2]), fields[0]!]),
  )
  const letters = process.argv
    .slice(1)
    .filter((word) => word.startsWith('-'))
    .join('')
    .replaceAll('-', '')
  const all = [gid, ...groups]
  const named = letters.includes('n')
  const group = (id: number) => names.get(id) ?? String(id)
  const text = letters.includes('u')
    ? named
      ? name
      : String(uid)
    : letters.includes('g')
      ? named
        ? group(gid)
        : String(gid)
      : letters.includes('G')
        ? all.map(named ? group : String).join(' ')
        : `uid=${shown(uid, name)} gid=${shown(gid, group(gid))} groups=${all.map((id) => shown(id, group(id))).join(',')}`
  await process.print(`${text}\n`)
  return 0
}

const uname: Program = async (process) => {
  const parts: Record<string, string> = {
    s: 'Linux',
    n: process.machine.hostname,
    r: KERNEL,
    v: '#1 SMP PREEMPT_DYNAMIC',
    m: process.machine.architecture,
    o: 'GNU/Linux',
  }
  const letters = process.argv.slice(1).join('').replace(/-/g, '') || 's'
  const wanted = letters.includes('a') ? 'snrvmo' : letters
  await process.print(
    `${[...'snrvmo']
      .filter((letter) => wanted.includes(letter))
      .map((letter) => parts[letter])
      .join(' ')}\n`,
  )
  return 0
}

const date: Program = async (process) => {
  const words = process.argv.slice(1)
  const format = words.find((word) => word.startsWith('+'))?.slice(1)
  const now = new Date(process.machine.clock.now())
  const iso = words.includes('-I')
    ? '%Y-%m-%d'
    : words.includes('-Iseconds')
      ? '%Y-%m-%dT%H:%M:%S+00:00'
      : undefined
  const rfc = words.includes('-R') ? '%a, %d %b %Y %H:%M:%S +0000' : undefined
  await process.print(`${formatDate(now, format ?? iso ?? rfc ?? '%a %b %e %H:%M:%S UTC %Y')}\n`)
  return 0
}

const say =
  (text: (process: Process) => string): Program =>
  async (process) => {
    await process.print(`${text(process)}\n`)
    return 0
  }

/** `stty`: what a terminal is set to. Changing a setting is accepted; only the size has an effect, and the client sets it. */
const stty: Program = async (process) => {
  const { tty } = process
  const words = process.argv.slice(1)
  if (!tty) {
    await process.complain('stty: standard input: Not a tty\n')
    return 1
  }
  const size = `rows ${tty.rows}; columns ${tty.columns};`
  if (words[0] === 'size') await process.print(`${tty.rows} ${tty.columns}\n`)
  else if (words[0] === '-a' || words[0] === '--all') await process.print(allSettings(size))
  else if (words[0] === '-g') await process.print(`${SAVED_SETTINGS}\n`)
  else if (words.length === 0) await process.print('speed 38400 baud; line = 0;\n-brkint -imaxbel\n')
  return 0
}

/** `stty -g` of a terminal as Linux sets it up. */
const SAVED_SETTINGS =
  '500:5:bf:8a3b:3:1c:7f:15:4:0:1:0:11:13:1a:0:12:f:17:16:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0'

const allSettings = (size: string): string => `speed 38400 baud; ${size} line = 0;
intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>; eol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R; werase = ^W; lnext = ^V; flush = ^O; min = 1; time = 0;
-parenb -parodd cs8 -hupcl -cstopb cread -clocal -crtscts
-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff -iuclc -ixany -imaxbel -iutf8
opost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0
isig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt echoctl echoke
`

/** `hostname -f` is the first name that `/etc/hosts` gives the address of the short one. */
const hostname: Program = async (process) => {
  const { machine } = process
  const [, option] = process.argv
  const hosts = Buffer.from(await machine.files.read('/etc/hosts').catch(() => Buffer.alloc(0))).toString()
  const line = hosts
    .split('\n')
    .map((text) => text.split(/\s+/))
    .find((words) => words.slice(1).includes(machine.hostname))
  const full = line?.[1] ?? machine.hostname
  const shown: Record<string, string> = {
    '-i': machine.address,
    '-f': full,
    '-s': machine.hostname.split('.')[0]!,
    '-d': full.split('.').slice(1).join('.'),
  }
  await process.print(`${shown[option ?? ''] ?? machine.hostname}\n`)
  return 0
}

/** Utilities that show the world's own state: names, time, sizes. */
export const SYSTEM_UTILITIES: Record<string, Program> = {
  id,
  uname,
  date,
  stty,
  sync: async () => 0,
  mount,
  hostname,
  whoami: async (process) => {
    const { name, uid } = process.user
    const known = !/^\d+$/.test(name)
    await (known ? process.print(`${name}\n`) : process.complain(`whoami: unknown uid ${uid}\n`))
    return known ? 0 : 1
  },
  nproc: say((process) => String(process.machine.hardware.processors)),
  arch: say((process) => process.machine.architecture),
  tty: say((process) => (process.tty ? '/dev/pts/0' : 'not a tty')),
  free,
  uptime,
  sysctl,
  df,
}
