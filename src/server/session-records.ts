import { createReadStream } from 'node:fs'
import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { TimelineCall } from '#cloud/api.ts'
import type { KeptMoment, Moment, Moments } from '#database/moments.ts'
import { olderPart } from '#workspace/pty-host/recording.ts'
import { RECORDING, recordingFile } from '#workspace/terminals.ts'

/** What a terminal has shown, as it may be replayed. */
export interface RecordedTerminal {
  id: string
  /** When it was opened, and when it last showed something new, ms since the epoch. */
  from: number
  until: number
}

/** How learners' labs went: what happened when, and what their terminals showed. Kept for as long as the settings say. */
export class SessionRecords {
  readonly #folder: string
  readonly #moments: Moments
  readonly #onError: (error: unknown) => void

  /** `folder`: the recordings', in the data folder. */
  constructor(folder: string, moments: Moments, onError: (error: unknown) => void) {
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
    const folder = this.folderOf(learner, lab)
    const files = (await namesIn(folder)).filter((name) => name.endsWith(RECORDING))
    const found = await Promise.all(
      files.map(async (name) => {
        const { birthtimeMs, mtimeMs } = await stat(join(folder, name))
        const older = await stat(olderPart(join(folder, name))).catch(() => undefined)
        const from = Math.min(birthtimeMs, older?.birthtimeMs ?? birthtimeMs)
        return { id: name.slice(0, -RECORDING.length), from: Math.floor(from), until: Math.ceil(mtimeMs) }
      }),
    )
    return found.sort((a, b) => a.from - b.from)
  }

  /** What a terminal showed, by lines as `OutputRecording` has them. Undefined when there is no such recording. */
  async output(learner: string, lab: string, terminal: string): Promise<Readable[] | undefined> {
    const file = recordingFile(this.folderOf(learner, lab), terminal)
    const parts = []
    for (const part of [olderPart(file), file])
      if (await stat(part).catch(() => undefined)) parts.push(createReadStream(part))
    return parts.length > 0 ? parts : undefined
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
        for (const part of (await this.output(learner, lab, id)) ?? []) {
          for await (const line of createInterface({ input: part, crlfDelay: Number.POSITIVE_INFINITY })) {
            // A line that a crash has cut is none.
            if (!line.endsWith(']')) continue
            yield between + line
            between = ','
          }
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

  /** Forgets what is older (ms since the epoch): moments, and terminals that have shown nothing since. */
  async deleteBefore(time: number): Promise<void> {
    await this.#moments.deleteBefore(time)
    for (const learner of await namesIn(this.#folder)) {
      for (const lab of await namesIn(join(this.#folder, learner))) {
        const folder = this.folderOf(learner, lab)
        for (const name of await namesIn(folder)) {
          const file = join(folder, name)
          if ((await stat(file)).mtimeMs < time) await rm(file, { force: true })
        }
        await removeIfEmpty(folder)
      }
      await removeIfEmpty(join(this.#folder, learner))
    }
  }
}

const namesIn = (folder: string) => readdir(folder).catch(() => [] as string[])
const removeIfEmpty = (folder: string) => rmdir(folder).catch(() => {})

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
