import { ExecError, type Machine } from '#containers/processes/machine.ts'
import { nothing, type Writer } from '#containers/processes/pipe.ts'
import type { Process } from '#containers/processes/process.ts'
import type { Timer } from '#world/clock.ts'
import { Journal } from './journal.ts'

/** What is known of a unit from its file. */
export interface Unit {
  /** `kubelet.service` */
  name: string
  description: string
  documentation: string
  path: string
  /** With `$NAME` where the environment file has its value. */
  command: string[]
  environmentFile: string | undefined
  restartMs: number | undefined
  /** A path without which it is not started (`ConditionPathExists`). */
  condition: string | undefined
}

export type UnitState = 'active' | 'inactive' | 'failed' | 'activating'

interface Running {
  state: UnitState
  process: Process | undefined
  /** ms since the epoch of the last change of state. */
  since: number
  restart: Timer | undefined
  restarts: number
  /** How the last process ended. */
  last: { pid: number; exitCode: number; signal?: string; startedAt: number } | undefined
  stopping: boolean
}

const WANTS = '/etc/systemd/system/multi-user.target.wants'
/** A unit that fails is not started again more often than this in that time (`StartLimitBurst`): kubelet's unit has it off. */
const STOP_TIMEOUT_MS = 90_000

/** The service manager of a machine: starts its units, starts them again, keeps their journal. */
export class Systemd {
  readonly journal = new Journal()
  readonly bootedAt: number
  readonly #machine: Machine
  readonly #init: Process
  readonly #running = new Map<string, Running>()

  constructor(init: Process) {
    this.#init = init
    this.#machine = init.machine
    this.bootedAt = init.machine.clock.now()
  }

  /** Starts what is enabled. */
  boot(): void {
    for (const unit of this.units()) if (this.isEnabled(unit.name)) void this.start(unit.name)
  }

  /** The units whose files are there. */
  units(): Unit[] {
    const folders = ['/etc/systemd/system', '/usr/lib/systemd/system']
    const found = new Map<string, Unit>()
    for (const folder of folders) {
      const node = this.#machine.files.find(folder)
      if (node?.kind !== 'directory') continue
      for (const name of [...node.children.keys()].sort()) {
        if (!name.endsWith('.service') || found.has(name)) continue
        const unit = readUnit(this.#machine, name, `${folder}/${name}`)
        if (unit) found.set(name, unit)
      }
    }
    return [...found.values()]
  }

  find(name: string): Unit | undefined {
    const full = name.includes('.') ? name : `${name}.service`
    return this.units().find((unit) => unit.name === full)
  }

  status(name: string): Running {
    const known = this.#running.get(name)
    if (known) return known
    const fresh: Running = {
      state: 'inactive',
      process: undefined,
      since: this.bootedAt,
      restart: undefined,
      restarts: 0,
      last: undefined,
      stopping: false,
    }
    this.#running.set(name, fresh)
    return fresh
  }

  isEnabled(name: string): boolean {
    return this.#machine.files.find(`${WANTS}/${name}`, false) !== undefined
  }

  /** Makes or removes the link that starts a unit with the machine. */
  enable(unit: Unit, enabled: boolean): void {
    const { files } = this.#machine
    const link = `${WANTS}/${unit.name}`
    if (!enabled) {
      if (files.find(link, false)) files.remove(link)
      return
    }
    files.makeFolder(WANTS, { recursive: true })
    const attributes = { mode: 0o777, uid: 0, gid: 0, mtime: this.#machine.clock.now() }
    files.tree.put(link, { kind: 'symlink', target: unit.path, ...attributes })
  }

  /** Starts a unit; false when it could not be. */
  async start(name: string): Promise<boolean> {
    const unit = this.find(name)
    if (!unit) return false
    const running = this.status(unit.name)
    if (running.process) return true
    running.restart?.cancel()
    running.restart = undefined
    running.stopping = false
    if (unit.condition && !this.#machine.files.exists(unit.condition)) {
      this.#note(
        unit,
        `${unit.description} was skipped because of an unmet condition check (ConditionPathExists=${unit.condition}).`,
      )
      return true
    }
    return this.#spawn(unit, running)
  }

  /** Stops a unit; resolves when its process is over. */
  async stop(name: string): Promise<void> {
    const unit = this.find(name)
    if (!unit) return
    const running = this.status(unit.name)
    running.restart?.cancel()
    running.restart = undefined
    running.stopping = true
    const { process } = running
    if (!process) {
      if (running.state !== 'failed') running.state = 'inactive'
      return
    }
    this.#note(unit, `Stopping ${unit.name} - ${unit.description}...`)
    process.kill('SIGTERM')
    const timer = this.#machine.clock.setTimer(STOP_TIMEOUT_MS, () => process.kill('SIGKILL'))
    await process.exited
    timer.cancel()
  }

  /** Stops everything, the last started first. */
  async shutdown(): Promise<void> {
    for (const unit of this.units().reverse()) await this.stop(unit.name)
  }

  async #spawn(unit: Unit, running: Running): Promise<boolean> {
    const name = unit.name.replace(/\.service$/, '')
    let pid = 0
    const writer: Writer = lines((text) => this.#write(unit, `${name}[${pid}]`, text))
    let process: Process
    try {
      process = await this.#machine.spawn({
        argv: commandOf(this.#machine, unit),
        env: new Map(this.#init.env),
        cwd: '/',
        stdin: nothing,
        stdout: writer,
        stderr: writer,
        parent: this.#init,
      })
    } catch (error) {
      if (!(error instanceof ExecError)) throw error
      this.#note(unit, `${unit.name}: Main process exited, code=exited, status=203/EXEC`)
      running.state = 'failed'
      running.since = this.#machine.clock.now()
      return false
    }
    pid = process.pid
    running.process = process
    running.state = 'active'
    running.since = this.#machine.clock.now()
    this.#note(unit, `Started ${unit.name} - ${unit.description}.`)
    void process.exited.then(({ exitCode, signal }) => this.#ended(unit, running, process, exitCode, signal))
    return true
  }

  #ended(unit: Unit, running: Running, process: Process, exitCode: number, signal: string | undefined): void {
    if (running.process !== process) return
    const { clock } = this.#machine
    running.process = undefined
    running.since = clock.now()
    running.last = { pid: process.pid, exitCode, startedAt: process.startedAt, ...(signal && { signal }) }
    if (this.#init.status) return
    const clean = exitCode === 0 || signal === 'SIGTERM'
    running.state = running.stopping || clean ? 'inactive' : 'failed'
    if (running.stopping) {
      this.#note(unit, `${unit.name}: Deactivated successfully.`)
      this.#note(unit, `Stopped ${unit.name} - ${unit.description}.`)
      return
    }
    const how = signal
      ? `code=killed, status=${exitCode - 128}/${signal.slice(3)}`
      : `code=exited, status=${exitCode}/${exitCode === 1 ? 'FAILURE' : exitCode === 0 ? 'SUCCESS' : 'n/a'}`
    this.#note(unit, `${unit.name}: Main process exited, ${how}`)
    if (!clean) this.#note(unit, `${unit.name}: Failed with result '${signal ? 'signal' : 'exit-code'}'.`)
    if (unit.restartMs === undefined) return
    running.state = 'activating'
    running.restart = clock.setTimer(unit.restartMs, () => {
      running.restart = undefined
      running.restarts++
      this.#note(unit, `${unit.name}: Scheduled restart job, restart counter is at ${running.restarts}.`)
      void this.#spawn(unit, running)
    })
  }

  #note(unit: Unit, text: string): void {
    this.#write(unit, 'systemd[1]', text)
  }

  #write(unit: Unit, source: string, text: string): void {
    this.journal.write({ at: this.#machine.clock.now(), unit: unit.name, source, text })
  }
}

/** A writer that hands on whole lines. */
function lines(write: (line: string) => void): Writer {
  let rest = ''
  return {
    async write(bytes) {
      const parts = (rest + Buffer.from(bytes).toString()).split('\n')
      rest = parts.pop()!
      for (const line of parts) write(line)
    },
  }
}

const textOf = (machine: Machine, path: string): string => {
  const node = machine.files.find(path)
  return node?.kind === 'file' && node.content instanceof Uint8Array
    ? Buffer.from(node.content).toString()
    : ''
}

/** What a unit runs now: `$NAME` is replaced by the words of its environment file, or by nothing. */
function commandOf(machine: Machine, { command, environmentFile }: Unit): string[] {
  const text = environmentFile ? textOf(machine, environmentFile) : ''
  const values = new Map(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^\s*([A-Z_][A-Z0-9_]*)="?([^"]*)"?\s*$/.exec(line) ?? []
      return name ? [[name, value!] as const] : []
    }),
  )
  return command.flatMap((word) =>
    word.startsWith('$') ? (values.get(word.slice(1)) ?? '').split(/\s+/).filter(Boolean) : [word],
  )
}

/** Reads a unit's file with the drop-ins of its `.d` folder: later settings win. */
function readUnit(machine: Machine, name: string, path: string): Unit | undefined {
  const text = textOf(machine, path)
  if (!text) return undefined
  const values = new Map<string, string>()
  const dropIns = ['/usr/lib/systemd/system', '/etc/systemd/system'].flatMap((folder) => {
    const node = machine.files.find(`${folder}/${name}.d`)
    return node?.kind === 'directory'
      ? [...node.children.keys()].sort().map((file) => textOf(machine, `${folder}/${name}.d/${file}`))
      : []
  })
  for (const line of [text, ...dropIns].join('\n').split('\n')) {
    const [, key, value] = /^\s*([A-Za-z]+)=(.*)$/.exec(line) ?? []
    if (key && !(key === 'ExecStart' && value === '')) values.set(key, value!.trim())
  }
  const command = values.get('ExecStart')
  if (!command) return undefined
  const restarts = ['always', 'on-failure'].includes(values.get('Restart') ?? 'no')
  return {
    name,
    path,
    description: values.get('Description') ?? name,
    documentation: values.get('Documentation') ?? '',
    command: command.split(/\s+/),
    environmentFile: values.get('EnvironmentFile')?.replace(/^-/, ''),
    restartMs: restarts ? Number.parseFloat(values.get('RestartSec') ?? '0.1') * 1000 : undefined,
    condition: values.get('ConditionPathExists'),
  }
}
