import { setFlagsFromString } from 'node:v8'

/** % by which what is alive may grow before all of it is looked through again. */
const GROWTH = 50

/**
 * Has V8 collect the old generation only when it has grown by half. Left to itself it weighs the growth against what a collection costs
 * the main thread, which is little, and not what it costs the threads that help: a heap of 2 GB is then gone through after each 100 MB
 * more, so that a pod costs the more the more there are. To be called first in a process that holds worlds.
 */
export function growHeapInProportion(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`)
}
