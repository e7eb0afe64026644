import { computed, signal } from '@preact/signals'
import type { SessionRecording } from '#server/api.ts'
import { request } from '../../../api.ts'
import { lab, look } from '../store.ts'
import { beatsOf } from './beats.ts'
import { type Line, lastShown, linesOf } from './output.ts'

/** How often the position moves while it plays, ms. */
const TICK = 100
/** With pauses left out the next thing comes after so many ms. */
const PAUSE = 1_000
export const SPEEDS = [1, 4, 16, 64] as const

/** Whether the page shows how it went instead of how it goes. */
export const replaying = signal(false)
export const recording = signal<SessionRecording | undefined>()
export const problem = signal('')
/** What each terminal showed. */
export const outputs = signal<ReadonlyMap<string, Line[]>>(new Map())
/** The moment that is shown, ms since the epoch. */
export const position = signal(0)
export const playing = signal(false)
export const speed = signal<number>(4)
export const leavesOutPauses = signal(true)
/** The terminal that was chosen; else the one that was worked in is shown. */
export const chosen = signal('')

export const beats = computed(() => (recording.value ? beatsOf(recording.value, lab.value?.steps ?? []) : []))
/** From when to when there is something. */
export const span = computed(() => {
  const times = [
    ...beats.value.map(({ at }) => at),
    ...[...outputs.value.values()].flatMap((lines) =>
      lines.length > 0 ? [lines[0]![0], lines.at(-1)![0]] : [],
    ),
  ]
  return times.length === 0 ? undefined : { from: Math.min(...times), until: Math.max(...times) }
})
/** The last that had happened at the position, by its place in the list; -1 before anything. */
export const current = computed(() => beats.value.findLastIndex(({ at }) => at <= position.value))
export const shownTerminal = computed(
  () => chosen.value || lastShown(outputs.value, position.value) || [...outputs.value.keys()][0],
)

/** Every time at which something is to be seen, in order. */
const times = computed(() =>
  [
    ...beats.value.map(({ at }) => at),
    ...[...outputs.value.values()].flatMap((lines) => lines.map(([at]) => at)),
  ].sort((a, b) => a - b),
)

let timer: ReturnType<typeof setInterval> | undefined

/** Gets what is recorded; the learner is told that it is looked at. */
export async function openRecording(): Promise<void> {
  const path = `/api/looks/${encodeURIComponent(look.value!.id)}/recording`
  replaying.value = true
  problem.value = ''
  try {
    const found = await request<SessionRecording>('GET', path)
    const shown = await Promise.all(
      found.terminals.map(async ({ id }) => {
        const response = await fetch(`${path}/terminals/${encodeURIComponent(id)}`)
        return [id, response.ok ? linesOf(await response.text()) : []] as const
      }),
    )
    outputs.value = new Map(shown.filter(([, lines]) => lines.length > 0))
    recording.value = found
    position.value = span.value?.from ?? 0
  } catch (error) {
    problem.value = (error as Error).message
  }
}

export function closeRecording(): void {
  pause()
  replaying.value = false
}

export function play(): void {
  if (!span.value) return
  if (position.value >= span.value.until) position.value = span.value.from
  playing.value = true
  clearInterval(timer)
  timer = setInterval(step, TICK)
}

export function pause(): void {
  playing.value = false
  clearInterval(timer)
}

/** Shows a moment. */
export function jump(at: number): void {
  position.value = at
}

/** The finding before or after the position. */
export function findingFrom(by: 1 | -1): number | undefined {
  const found = beats.value.filter(({ kind }) => kind === 'finding').map(({ at }) => at)
  return by === 1 ? found.find((at) => at > position.value) : found.findLast((at) => at < position.value)
}

function step(): void {
  const { until } = span.value!
  let next = position.value + TICK * speed.value
  if (leavesOutPauses.value) {
    const coming = times.value.find((at) => at > position.value)
    if (coming !== undefined && coming - next > PAUSE * speed.value) next = coming - PAUSE * speed.value
  }
  position.value = Math.min(next, until)
  if (position.value >= until) pause()
}
