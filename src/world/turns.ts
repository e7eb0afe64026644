import { performance } from 'node:perf_hooks'

/** How long (host ms) the simulation's work may hold the event loop before everybody else gets a turn. */
const SLICE_MS = 3

const queue = new Set<() => void>()
/** Tasks that come before all others. */
const urgent = new Set<() => void>()
/** Tasks that give way to those in the queue, each with the host time from which it does not any more. */
const patient = new Map<() => void, number>()
/** No patient task has waited long enough before this time. */
let soonest = Number.POSITIVE_INFINITY
let running = false
/** When the present slice is over, host ms. */
let end = 0

/**
 * Runs `task` soon, in the order of asking, in a slice of the event loop's time that all work of the process shares: however many
 * worlds and controllers are busy, connections are served in between. What the task sets off at once (promises that need no I/O)
 * counts as part of it. The same function is queued once. `first`: before all others, for the little whose delay would be taken for a failure.
 */
export function inTurn(task: () => void, first = false): void {
  if (first) urgent.add(task)
  else queue.add(task)
  begin()
}

/** As `inTurn`, but only when nobody else has anything to do, or `latest` (`performance.now()`) has come. */
export function whenQuiet(task: () => void, latest: number): void {
  if (patient.has(task)) return
  patient.set(task, latest)
  soonest = Math.min(soonest, latest)
  begin()
}

/** Whether the present slice is used up: long work stops here and asks for another turn. */
export const isTurnOver = (): boolean => performance.now() >= end

/** Resolves when it is the caller's turn, after the event loop has looked for I/O. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise<void>((resolve) => inTurn(resolve))
}

function begin(): void {
  if (running) return
  running = true
  setImmediate(() => void run())
}

async function run(): Promise<void> {
  end = performance.now() + SLICE_MS
  while (urgent.size > 0 || queue.size > 0 || patient.size > 0) {
    let task = next()
    if (!task) {
      await nextSlice()
      // Nothing new came in: the patient have their time.
      task = next() ?? oldest()
    }
    task()
    await drained()
    if (isTurnOver()) await nextSlice()
  }
  running = false
}

/** Lets the event loop look for I/O. */
async function nextSlice(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  end = performance.now() + SLICE_MS
}

/** Who comes next: what is urgent, patient tasks that have waited long enough, then the queue. */
function next(): (() => void) | undefined {
  for (const task of urgent) {
    urgent.delete(task)
    return task
  }
  if (soonest <= performance.now()) return oldest()
  for (const task of queue) {
    queue.delete(task)
    return task
  }
}

/** Takes the patient task that has the right to run first. */
function oldest(): () => void {
  let [first] = patient.keys()
  for (const [task, latest] of patient) if (latest < patient.get(first!)!) first = task
  patient.delete(first!)
  soonest = Math.min(...patient.values())
  return first!
}

/** Resolves when no promise has anything left to do: Node.js turns to `nextTick` only then. */
const drained = () => new Promise<void>((resolve) => process.nextTick(resolve))
