import { createReadStream } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { TimelineCall } from '#cloud/api.ts'
import type { KeptMoment, Moment, Moments } from '#database/moments.ts'
import { partOf } from '#workspace/pty-host/recording.ts'

const DAY = 24 * 3600 * 1000

/** What a terminal has shown, as it may be replayed. */
export interface RecordedTerminal {
  id: string
  /** When it was opened, ms since the epoch, or when what is still kept of it begins. */
  from: number
}

/** How learners' labs went: what happened when, and what their terminals showed. Kept for as long as the settings say. */
export class SessionRecords {
  /** How long it is kept, days; 0: nothing is. */
  readonly days: number
  readonly #folder: string
  readonly #moments: Moments
  readonly #onError: (error: unknown) => void

  /** `folder`: the recordings', in the data folder. */
  constructor(days: number, folder: string, moments: Moments, onError: (error: unknown) => void) {
    this.days = days
    this.#folder = folder
    this.#moments = moments
    this.#onError = onError
  }

  /** Notes what happened; nothing waits for it. */
  note(learner: string, lab: string, moment: Moment): void {
    this.#moments.add(learner, lab, moment).catch(this.#onError)
  }

  /** Where terminals of a learner's lab are recorded. */
  folderOf(learner: string, lab: string): string {
    return join(this.#folder, learner, lab)
  }

  moments(learner: string, lab: string): Promise<KeptMoment[]> {
    return this.#moments.list(learner, lab)
  }

  /** The terminals of a learner's lab, in the order in which they were opened. */
  async terminals(learner: string, lab: string): Promise<RecordedTerminal[]> {
    const found = new Map<string, RecordedTerminal>()
    for (const { terminal, from } of await partsIn(this.folderOf(learner, lab)))
      if (!found.has(terminal)) found.set(terminal, { id: terminal, from })
    return [...found.values()]
  }

  /** What a terminal showed, by lines as `OutputRecording` has them. Undefined when there is no such recording. */
  async output(learner: string, lab: string, terminal: string): Promise<Readable | undefined> {
    const parts = (await partsIn(this.folderOf(learner, lab))).filter((part) => part.terminal === terminal)
    return parts.length > 0 ? Readable.from(contentOf(parts)) : undefined
  }

  /** All that terminals of a learner have shown, as JSON in pieces: a list of `{ lab, terminal, lines }`. */
  async *everything(learner: string): AsyncGenerator<string> {
    yield '['
    let first = true
    for (const lab of await namesIn(join(this.#folder, learner))) {
      for (const { id } of await this.terminals(learner, lab)) {
        yield `${first ? '' : ','}{"lab":${JSON.stringify(lab)},"terminal":${JSON.stringify(id)},"lines":[`
        first = false
        let between = ''
        const input = (await this.output(learner, lab, id)) ?? Readable.from([])
        for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
          // A line that a crash has cut is none.
          if (!line.endsWith(']')) continue
          yield between + line
          between = ','
        }
        yield ']}'
      }
    }
    yield ']'
  }

  /** Deletes what is recorded of a learner's terminals; what is in the database goes with the person. */
  async forget(learner: string): Promise<void> {
    await rm(join(this.#folder, learner), { recursive: true, force: true })
  }

  /** Forgets what is too old; of what terminals showed whole parts, also if a piece of one is not as old. */
  async deleteOld(now: number): Promise<void> {
    const before = now - this.days * DAY
    await this.#moments.deleteBefore(before)
    // Terminals outlive the server that had them recorded: where their folder is gone they are not any more.
    if (this.days === 0) return rm(this.#folder, { recursive: true, force: true })
    for (const learner of await namesIn(this.#folder))
      for (const lab of await namesIn(join(this.#folder, learner)))
        for (const { from, file } of await partsIn(this.folderOf(learner, lab)))
          if (from < before) await rm(file, { force: true })
  }
}

const namesIn = (folder: string) => readdir(folder).catch(() => [] as string[])

interface Part {
  terminal: string
  from: number
  file: string
}

/** One part after the other. One that has been forgotten meanwhile is left out. */
async function* contentOf(parts: Part[]): AsyncGenerator<Buffer> {
  for (const { file } of parts) {
    try {
      yield* createReadStream(file) as AsyncIterable<Buffer>
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

/** What is recorded in a folder, in order of time. */
async function partsIn(folder: string): Promise<Part[]> {
  const parts = (await namesIn(folder)).flatMap((name) => {
    const part = partOf(name)
    return part ? [{ ...part, file: join(folder, name) }] : []
  })
  return parts.sort((a, b) => a.from - b.from)
}

/**
 * Calls of a world by the time at which they were made: a world's clock may have been moved, or go faster. Between two times at which that
 * was noted it goes evenly.
 */
export function inRealTime(calls: TimelineCall[], moments: KeptMoment[]): TimelineCall[] {
  const clocks = moments.filter((moment) => moment.kind === 'clock')
  return calls.map((call) => {
    const clock = clocks.findLast(({ world }) => world <= call.at)
    return clock ? { ...call, at: Math.round(clock.at + (call.at - clock.world) / clock.speed) } : call
  })
}
