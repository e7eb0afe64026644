import type { PartDetails, PictureChange, WorldInfo } from '#cloud/api.ts'
import type { StartedLabs } from '#database/labs.ts'
import type { CostReport, Door, Part, StillPicture, TimelineCall } from './api.ts'
import type { ServerCloud } from './cloud.ts'
import { followTimeline } from './lab-timeline.ts'
import { notFound, Problem } from './problem.ts'

/** How far (virtual ms) “until ready” goes at most: longer than anything takes on AWS to be provisioned. */
const UNTIL_READY_LIMIT_MS = 60 * 60_000

export interface LabWorldOptions {
  cloud: ServerCloud
  started: Pick<StartedLabs, 'find'>
  learner: string
  lab: string
  onError(error: unknown): void
}

/** The world of a learner's lab, and what is to be seen in it. What looks throws a Problem when the lab is not started. */
export class LabWorld {
  readonly #options: LabWorldOptions
  #known: WorldInfo | undefined

  constructor(options: LabWorldOptions) {
    this.#options = options
  }

  /** It was made. */
  made(world: WorldInfo): void {
    this.#known = world
  }

  /** It is gone, or no longer what it was. */
  forget(): void {
    this.#known = undefined
  }

  /** The world, if the lab is started and the cloud is there to ask. */
  async find(): Promise<WorldInfo | undefined> {
    const { started, cloud, learner, lab } = this.#options
    const record = await started.find(learner, lab)
    if (!record) return undefined
    if (this.#known || cloud.status !== 'up') return this.#known
    const client = await cloud.client
    this.#known = await client.world(record.world)
    return this.#known
  }

  /** The world of a lab that is started; else throws a Problem. */
  async started(): Promise<WorldInfo> {
    await this.#options.cloud.client
    const world = await this.find()
    if (world) return world
    throw new Problem(409, {
      code: 'not-started',
      what: 'This lab has not been started.',
      next: 'Press "Start the lab" first.',
    })
  }

  /** How to follow the live picture of the learner's cloud. */
  async picture(): Promise<(listener: (change: PictureChange) => void) => { close(): void }> {
    const { client, id } = await this.#open()
    return (listener) => client.picture(id, listener)
  }

  /** The cloud as it is now. */
  async pictureNow(): Promise<Part[]> {
    const { client, id } = await this.#open()
    return new Promise((resolve) => {
      const following = client.picture(id, ({ put }) => {
        resolve(put)
        queueMicrotask(() => following.close())
      })
    })
  }

  /** The cloud as it was just after a call, by its number. */
  async pictureThen(call: number): Promise<StillPicture> {
    const { client, id } = await this.#open()
    const picture = await client.pictureThen(id, call)
    if (!picture) throw notFound('So much of the past is not kept.', 'Look at a later moment.')
    return picture
  }

  /** A part of the picture in full. Throws a Problem when it is not there (any more). */
  async part(part: string): Promise<PartDetails> {
    const { client, id } = await this.#open()
    const details = await client.part(id, part)
    if (!details) throw notFound('This is not there any more.', 'Look at the picture: it shows what is.')
    return details
  }

  /** Calls that changed something, newest first. */
  async timeline(): Promise<TimelineCall[]> {
    const { client, id } = await this.#open()
    return client.timeline(id)
  }

  /** How to follow the calls of the learner's world. */
  async followTimeline(): Promise<(listener: (calls: TimelineCall[]) => void) => { close(): void }> {
    const { client, world } = await this.#open()
    return (listener) => followTimeline(client, world, listener, this.#options.onError)
  }

  /** What in the world answers browsers. */
  async doors(): Promise<Door[]> {
    const { client, id } = await this.#open()
    return client.doors(id)
  }

  /** What the learner's resources would cost on AWS. */
  async costs(): Promise<CostReport> {
    const { client, id } = await this.#open()
    return client.costs(id)
  }

  /** The schemas that a cluster of the learner's serves for an `apiVersion`. */
  async schemas(apiVersion: string): Promise<Record<string, object> | undefined> {
    const { client, id } = await this.#open()
    return client.schemas(id, apiVersion)
  }

  /** Changes how fast the world's time goes, or moves it until nothing is on its way any more. */
  async setClock(change: { speed: number } | { untilReady: true }): Promise<void> {
    const { client, id } = await this.#open()
    if ('speed' in change) await client.setSpeed(id, change.speed)
    else await client.untilReady(id, UNTIL_READY_LIMIT_MS)
    this.#known = await client.world(id)
  }

  async #open() {
    const world = await this.started()
    return { client: await this.#options.cloud.client, world, id: world.id }
  }
}
