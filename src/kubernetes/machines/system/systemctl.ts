import type { Process, Program } from '#containers/processes/process.ts'
import type { Machines } from '../machines.ts'
import type { Systemd, Unit } from './systemd.ts'

const NOT_BOOTED =
  "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down\n"
const withSuffix = (name: string) => (name.includes('.') ? name : `${name}.service`)

/** `systemctl` for the units of a machine. */
export const systemctl =
  (machines: Machines): Program =>
  async (process) => {
    const systemd = machines.of(process.machine)?.systemd
    if (!systemd) {
      await process.complain(NOT_BOOTED)
      return 1
    }
    const words = process.argv.slice(1)
    const options = new Set(words.filter((word) => word.startsWith('-')))
    const [verb = 'list-units', ...names] = words.filter((word) => !word.startsWith('-'))
    const command = COMMANDS[verb]
    if (!command) {
      await process.complain(
        VERBS.includes(verb)
          ? `drydock: systemctl ${verb} is not simulated\n`
          : `Unknown command verb '${verb}'.\n`,
      )
      return 1
    }
    return command({ process, systemd, names: names.map(withSuffix), options, verb })
  }

interface Call {
  process: Process
  systemd: Systemd
  names: string[]
  options: Set<string>
  verb: string
}

/** Verbs of the real program that are refused by name. */
const VERBS = [
  'mask',
  'unmask',
  'edit',
  'kill',
  'isolate',
  'set-property',
  'reboot',
  'poweroff',
  'halt',
  'get-default',
]

const COMMANDS: Record<string, (call: Call) => Promise<number>> = {
  status,
  start: act,
  stop: act,
  restart: act,
  reload: act,
  'reload-or-restart': act,
  'try-restart': act,
  enable,
  disable: enable,
  'is-active': (call) => ask(call, ({ systemd }, unit) => systemd.status(unit.name).state, 'active', 3),
  'is-failed': (call) => ask(call, ({ systemd }, unit) => systemd.status(unit.name).state, 'failed', 1),
  'is-enabled': (call) =>
    ask(call, ({ systemd }, unit) => (systemd.isEnabled(unit.name) ? 'enabled' : 'disabled'), 'enabled', 1),
  'daemon-reload': async () => 0,
  'reset-failed': async () => 0,
  'list-units': list,
  'list-unit-files': async ({ process, systemd }) => {
    const rows = systemd
      .units()
      .map(
        (unit) =>
          `${unit.name.padEnd(30)} ${systemd.isEnabled(unit.name) ? 'enabled ' : 'disabled'}        enabled`,
      )
    await process.print(
      `${'UNIT FILE'.padEnd(30)} STATE           PRESET\n${rows.join('\n')}\n\n${rows.length} unit files listed.\n`,
    )
    return 0
  },
  cat: async ({ process, systemd, names }) => {
    for (const name of names) {
      const unit = systemd.find(name)
      if (!unit) return missing(process, `No files found for ${name}.\n`)
      const text = Buffer.from(await process.machine.files.read(unit.path)).toString()
      await process.print(`# ${unit.path}\n${text}`)
    }
    return 0
  },
  show: async ({ process, systemd, names }) => {
    const unit = systemd.find(names[0] ?? '')
    const { state, process: main, restarts } = systemd.status(unit?.name ?? names[0] ?? '')
    await process.print(
      `Id=${names[0] ?? ''}\nLoadState=${unit ? 'loaded' : 'not-found'}\nActiveState=${state}\nSubState=${subState(state)}\nMainPID=${main?.pid ?? 0}\nNRestarts=${restarts}\n`,
    )
    return 0
  },
}

async function missing(process: Process, text: string, code = 1): Promise<number> {
  await process.complain(text)
  return code
}

async function act({ process, systemd, names, verb }: Call): Promise<number> {
  if (names.length === 0) return missing(process, 'Too few arguments.\n')
  let code = 0
  for (const name of names) {
    if (!systemd.find(name)) {
      await process.complain(
        `Failed to ${verb} ${name}: Unit ${name} not ${verb === 'stop' ? 'loaded' : 'found'}.\n`,
      )
      code = 5
      continue
    }
    if (verb !== 'start') await systemd.stop(name)
    if (verb !== 'stop' && !(await systemd.start(name))) {
      await process.complain(
        `Job for ${name} failed because the control process exited with error code.\nSee "systemctl status ${name}" and "journalctl -xeu ${name}" for details.\n`,
      )
      code = 1
    }
  }
  return code
}

async function enable({ process, systemd, names, options, verb }: Call): Promise<number> {
  for (const name of names) {
    const unit = systemd.find(name)
    if (!unit) return missing(process, `Failed to ${verb} unit: Unit file ${name} does not exist.\n`)
    const wanted = verb === 'enable'
    const link = `/etc/systemd/system/multi-user.target.wants/${name}`
    if (systemd.isEnabled(name) !== wanted)
      await process.complain(wanted ? `Created symlink ${link} → ${unit.path}.\n` : `Removed "${link}".\n`)
    systemd.enable(unit, wanted)
    if (options.has('--now')) await (wanted ? systemd.start(name) : systemd.stop(name))
  }
  return 0
}

async function ask(
  call: Call,
  answer: (call: Call, unit: Unit) => string,
  good: string,
  bad: number,
): Promise<number> {
  let code = 0
  for (const name of call.names) {
    const unit = call.systemd.find(name)
    const text = unit ? answer(call, unit) : call.verb === 'is-enabled' ? 'not-found' : 'inactive'
    if (text !== good) code = unit ? bad : 4
    if (!call.options.has('-q') && !call.options.has('--quiet')) await call.process.print(`${text}\n`)
  }
  return code
}

const subState = (state: string) =>
  state === 'active'
    ? 'running'
    : state === 'activating'
      ? 'auto-restart'
      : state === 'failed'
        ? 'failed'
        : 'dead'

async function list({ process, systemd }: Call): Promise<number> {
  const rows = systemd
    .units()
    .filter((unit) => systemd.status(unit.name).state !== 'inactive')
    .map((unit) => {
      const { state } = systemd.status(unit.name)
      return `  ${unit.name.padEnd(28)} loaded ${state.padEnd(10)} ${subState(state).padEnd(12)} ${unit.description}`
    })
  await process.print(
    `  ${'UNIT'.padEnd(28)} LOAD   ${'ACTIVE'.padEnd(10)} ${'SUB'.padEnd(12)} DESCRIPTION\n${rows.join('\n')}\n\n${rows.length} loaded units listed.\n`,
  )
  return 0
}

async function status({ process, systemd, names }: Call): Promise<number> {
  if (names.length === 0) {
    await process.print(
      `● ${process.machine.hostname}\n    State: running\n    Units: ${systemd.units().length} loaded\n`,
    )
    return 0
  }
  let code = 0
  for (const name of names) {
    const unit = systemd.find(name)
    if (!unit) {
      await process.complain(`Unit ${name} could not be found.\n`)
      code = 4
      continue
    }
    const { state, process: main, since, last } = systemd.status(unit.name)
    if (state !== 'active') code = 3
    const now = process.machine.clock.now()
    const ended =
      last &&
      (last.signal
        ? `code=killed, signal=${last.signal.slice(3)}`
        : `code=exited, status=${last.exitCode}${last.exitCode === 0 ? '/SUCCESS' : last.exitCode === 1 ? '/FAILURE' : ''}`)
    const how =
      state === 'active'
        ? ' (running)'
        : state === 'failed'
          ? ' (Result: exit-code)'
          : state === 'activating'
            ? ' (auto-restart) (Result: exit-code)'
            : ' (dead)'
    const sign = state === 'active' || state === 'activating' ? '●' : state === 'failed' ? '×' : '○'
    const rows = [
      `${sign} ${unit.name} - ${unit.description}`,
      `     Loaded: loaded (${unit.path}; ${systemd.isEnabled(unit.name) ? 'enabled' : 'disabled'}; preset: enabled)`,
      `     Active: ${state}${how} since ${longDate(since)}; ${ago(now - since)} ago`,
      ...(!main && last ? [`    Process: ${last.pid} ExecStart=${unit.command.join(' ')} (${ended})`] : []),
      ...(unit.documentation ? [`       Docs: ${unit.documentation}`] : []),
      ...(main
        ? [
            `   Main PID: ${main.pid} (${unit.name.replace('.service', '')})`,
            '      Tasks: 14 (limit: 9460)',
            `     CGroup: /${unit.name === 'kubelet.service' ? 'kubelet.slice/' : 'system.slice/'}${unit.name}`,
            `             └─${main.pid} ${main.argv.join(' ')}`,
          ]
        : last
          ? [`   Main PID: ${last.pid} (${ended})`]
          : []),
    ]
    const journal = systemd.journal.entries(unit.name).slice(-10)
    const lines = journal.map(
      ({ at, source, text }) => `${shortDate(at)} ${process.machine.hostname} ${source}: ${text}`,
    )
    await process.print(`${rows.join('\n')}\n${lines.length > 0 ? `\n${lines.join('\n')}\n` : ''}`)
  }
  return code
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const longDate = (ms: number) => {
  const date = new Date(ms)
  return `${DAYS[date.getUTCDay()]} ${date.toISOString().slice(0, 10)} ${date.toISOString().slice(11, 19)} UTC`
}

/** `Nov 28 12:00:00`, as the journal shows it. */
export const shortDate = (ms: number): string => {
  const date = new Date(ms)
  return `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2, '0')} ${date.toISOString().slice(11, 19)}`
}

function ago(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes}min ${seconds % 60}s` : `${Math.floor(minutes / 60)}h ${minutes % 60}min`
}
