import { join } from 'node:path'
import type { WorldInfo } from '#cloud/api.ts'
import type { StartedLabs } from '#database/labs.ts'
import { type Comparison, compare } from '#labs/comparison.ts'
import type { Lab } from '#labs/lab.ts'
import { giveNames, givenNames } from '#labs/names.ts'
import { furnishAccount } from '#labs/overlay/account.ts'
import { runScript } from '#labs/shell.ts'
import type { PreparedWorlds } from '#labs/starts.ts'
import { FolderTooLarge } from '#workspace/copy-folder.ts'
import { shellEnvironment } from '#workspace/environment.ts'
import { WorkspaceFiles } from '#workspace/files.ts'
import { makeHome } from '#workspace/home.ts'
import type { ShellOptions } from '#workspace/terminals.ts'
import type { Toolbox } from '#workspace/tools/install.ts'
import type { StillPicture } from './api.ts'
import type { ServerCloud } from './cloud.ts'
import { LabHome } from './lab-home.ts'
import type { LabTerminals } from './lab-terminals.ts'
import { LabWorld } from './lab-world.ts'
import type { LabNetwork } from './previews/tunnel.ts'
import { notFound, Problem } from './problem.ts'
import type { SessionRecords } from './session-records.ts'
import { StepSaves } from './step-saves.ts'

/** What labs are made with. */
export interface PlaceServices {
  /** Where homes are made: `<data>/workspaces`. */
  folder: string
  cloud: ServerCloud
  worlds: Pick<PreparedWorlds, 'create'>
  toolbox: Promise<Toolbox>
  started: StartedLabs
  terminals: LabTerminals
  /** Where it is kept how things went, for a replay. */
  records?: Pick<SessionRecords, 'note' | 'folderOf' | 'days'> | undefined
  /** An error that no request waits for. */
  onError(error: unknown): void
}

/** Until a lab's set-up script is given up. */
const SETUP_TIMEOUT_MS = 2 * 60_000

/** What a learner's lab consists of: world, home, terminals, and the beginnings of its steps. It tells nobody, and knows nothing of checks. */
export class LabPlace {
  readonly #services: PlaceServices
  readonly #learner: string
  readonly #lab: Lab
  readonly home: LabHome
  /** The learner's cloud, to look at. */
  readonly world: LabWorld
  readonly #saves: StepSaves

  constructor(services: PlaceServices, learner: string, lab: Lab) {
    this.#services = services
    this.#learner = learner
    this.#lab = lab
    this.home = new LabHome(join(services.folder, learner, lab.id, 'home'))
    this.#saves = new StepSaves(this.home.folder)
    const { cloud, started, onError } = services
    this.world = new LabWorld({ cloud, started, learner, lab: lab.id, onError })
  }

  /**
   * Makes what is not there yet of world and home; gives when the lab was started, ms since the epoch, if it was not before.
   * `entered` is the world of whoever starts it.
   */
  async make(entered: string): Promise<number | undefined> {
    const { cloud, worlds, toolbox, started } = this.#services
    await Promise.all([toolbox, cloud.client])
    const record = await started.find(this.#learner, this.#lab.id)
    const { world, files } = await worlds.create(this.#lab.start, {
      id: record?.world ?? entered,
      home: this.home.folder,
      accounts: this.#lab.accounts,
      region: this.#lab.account?.region,
    })
    this.world.made(world)
    await makeHome({ home: this.home.folder, world, files: [files, this.#lab.files] })
    if (record) return undefined
    const startedAt = Date.now()
    // Another attempt gets other names.
    await giveNames(this.home.folder, this.#lab.names, `${world.id} ${startedAt}`)
    await furnishAccount(world, this.#lab.account)
    await this.#setUp(world)
    await started.put(this.#learner, this.#lab.id, { world: world.id, startedAt })
    return startedAt
  }

  /** Ends and deletes all of it. */
  async unmake(): Promise<void> {
    const { started, onError } = this.#services
    await endWorld(this.#services, this.#learner, this.#lab.id)
    this.world.forget()
    await this.home.remove(onError)
    await this.forgetBeginnings(this.#lab.steps.map(({ id }) => id))
    await started.delete(this.#learner, this.#lab.id)
  }

  /** Opens a terminal if there is none. */
  async ensureTerminal(): Promise<void> {
    const { terminals } = this.#services
    if ((await terminals.list(this.#learner, this.#lab.id)).length === 0) await this.openTerminal()
  }

  async openTerminal(): Promise<string> {
    return this.#services.terminals.open(this.#learner, this.#lab.id, await this.shell())
  }

  /** A shell in the world and the home. */
  async shell(): Promise<ShellOptions> {
    const world = await this.world.started()
    const toolbox = await this.#services.toolbox
    const home = this.home.folder
    const environment = shellEnvironment({ world, toolbox, home })
    const recording = this.#services.records?.folderOf(this.#learner, this.#lab.id)
    return { home, environment, world, toolbox, ...(recording !== undefined && { recording }) }
  }

  /** The learner's files, and where they are. */
  async files(): Promise<{ home: string; files: WorkspaceFiles }> {
    await this.world.started()
    const home = this.home.folder
    return { home, files: new WorkspaceFiles(home, [this.#lab.files]) }
  }

  /** The lab network as this lab's terminals have it. */
  async network(): Promise<LabNetwork> {
    const { proxyUrl, caFile } = await this.world.started()
    const { workspace } = this.#services.terminals
    return {
      proxyUrl,
      caFile,
      ...(workspace.dial && { dial: (port) => workspace.dial!(this.home.folder, port) }),
    }
  }

  /** Keeps the present state as the one in which a step begins, so that one can come back to it. */
  async keepBeginning(step: string | undefined): Promise<void> {
    const world = await this.world.find()
    if (step === undefined || !world) return
    const client = await this.#services.cloud.client
    await this.#saves.keep(client, world.id, step).catch((error) => {
      // Then there is no way back to this step; all else goes on.
      if (!(error instanceof FolderTooLarge)) throw error
      this.#services.onError(error)
    })
  }

  /** The steps whose beginnings are kept. */
  beginnings(): Promise<Set<string>> {
    return this.#saves.list(this.#lab.steps.map(({ id }) => id))
  }

  /** The save point of the world that is a step's beginning. */
  saveOf(step: string): string {
    return this.#saves.nameOf(step)
  }

  forgetBeginnings(steps: string[]): Promise<void> {
    return this.#saves.forget(steps)
  }

  /** Puts world and home back to where a step began; its terminals end. The beginning must be kept. */
  async backTo(step: string): Promise<void> {
    const { cloud, terminals, onError } = this.#services
    const world = await this.world.started()
    await terminals.endAll(this.#learner, this.#lab.id)
    await this.#saves.restoreWorld(await cloud.client, world.id, step)
    await this.home.remove(onError)
    await this.#saves.restoreHome(step)
  }

  /** The cloud as it was where a step began. */
  async pictureAtStart(step: string): Promise<StillPicture> {
    const world = await this.world.started()
    const kept = (await this.#saves.list([step])).has(step)
    const picture = kept && (await this.#saves.picture(await this.#services.cloud.client, world.id, step))
    if (!picture) throw notFound('The beginning of this step was not kept.')
    return picture
  }

  /** How the learner's work on the two sides of a lab differs, by what their world recorded. */
  async comparison(): Promise<Comparison> {
    const { compares, steps } = this.#lab
    if (!compares) throw notFound('This lab compares nothing.')
    const { id } = await this.world.started()
    const client = await this.#services.cloud.client
    const kept = await this.beginnings()
    const [starts, now, calls, costs] = await Promise.all([
      Promise.all(
        steps
          .filter((step) => kept.has(step.id))
          .map(async (step) => ({ step: step.id, picture: await this.#saves.picture(client, id, step.id) })),
      ),
      this.world.pictureNow(),
      this.world.timeline(),
      this.world.costs(),
    ])
    return compare(compares, {
      starts: starts.flatMap(({ step, picture }) => (picture ? [{ step, ...picture }] : [])),
      now,
      calls,
      perHour: costs.perHourBy,
    })
  }

  /** What the lab's texts and checks have names from, once it is started. */
  names(): Promise<Record<string, string> | undefined> {
    return givenNames(this.home.folder, this.#lab.names)
  }

  /** Runs the script that makes what the lab begins with out of its start. A lab whose script fails is not started: the next try begins anew. */
  async #setUp(world: WorldInfo): Promise<void> {
    const { setup } = this.#lab
    if (!setup) return
    const home = this.home.folder
    const env = shellEnvironment({ world, toolbox: await this.#services.toolbox, home })
    const script = await runScript({ file: setup, cwd: home, env, timeout: SETUP_TIMEOUT_MS })
    if (script.code === 0) return
    this.#services.onError(new Error(`${setup} ended with ${script.code}:\n${script.output}`))
    await this.home.remove(this.#services.onError)
    const client = await this.#services.cloud.client
    await client.deleteWorld(world.id)
    this.world.forget()
    throw new Problem(500, {
      code: 'setup-failed',
      what: 'The lab could not be prepared.',
      why: script.timedOut ? 'Its preparation took too long.' : 'A command of its preparation failed.',
      next: 'Start it again. If it stays so, the log of Drydock says which command failed.',
    })
  }
}

/** Ends a learner's terminals in a lab, and deletes its world, whether or not there is still such a lab. */
export async function endWorld(
  { cloud, started, terminals }: Pick<PlaceServices, 'cloud' | 'started' | 'terminals'>,
  learner: string,
  lab: string,
): Promise<void> {
  const record = await started.find(learner, lab)
  await terminals.endAll(learner, lab)
  const client = await cloud.client
  if (record && (await client.world(record.world))) await client.deleteWorld(record.world)
}
