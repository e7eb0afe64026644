import { signal } from '@preact/signals'
import { oneOf, stored } from '../stored.ts'
import type { Box } from './layout.ts'
import { selected } from './model.ts'

export const SHAPES = ['map', 'tree', 'table', 'timeline'] as const
/** How the world is shown. */
export const shape = stored<(typeof SHAPES)[number]>('world.shape', 'map', oneOf(SHAPES))

/** The boxes of the map as they are now. */
export const places = signal<Box[]>([])
/** What the map moves to. */
export const scrollTo = signal<Box | undefined>()

/** Chooses a part and moves the map to it. */
export function choose(id: string): void {
  selected.value = id
  const box = places.peek().find(({ part }) => part.id === id)
  if (box) scrollTo.value = { ...box }
}
