import { performance } from 'node:perf_hooks'

/** How long (host ms) the simulation's work may hold the event loop before everybody else gets a turn. */
const SLICE_MS = 3

const queue = new Set<() => void>()
let running = false

/**
 * Runs `task` soon, in the order of asking, in a slice of the event loop's time that all work of the process shares: however many
 * worlds and controllers are busy, connections are served in between. What the task sets off at once (promises that need no I/O)
 * counts as part of it. The same function is queued once.
 */
export function inTurn(task: () => void): void {
  queue.add(task)
  if (running) return
  running = true
  setImmediate(() => void run())
}

/** Resolves when it is the caller's turn, after the event loop has looked for I/O. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise<void>((resolve) => inTurn(resolve))
}

async function run(): Promise<void> {
  let end = performance.now() + SLICE_MS
  for (const task of queue) {
    queue.delete(task)
    task()
    await drained()
    if (performance.now() < end) continue
    await new Promise((resolve) => setImmediate(resolve))
    end = performance.now() + SLICE_MS
  }
  running = false
}

/** Resolves when no promise has anything left to do: Node.js turns to `nextTick` only then. */
const drained = () => new Promise<void>((resolve) => process.nextTick(resolve))
