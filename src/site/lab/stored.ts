import { type Signal, signal } from '@preact/signals'

/**
 * A signal that the browser remembers under a name. What is stored and does not make sense any more (`read` gives
 * undefined), or a browser that keeps nothing, gives the initial value.
 */
export function stored<T>(key: string, initial: T, read: (value: unknown) => T | undefined): Signal<T> {
  const remembered = signal(read(recall(key)) ?? initial)
  remembered.subscribe((value) => {
    try {
      localStorage.setItem(`drydock.${key}`, JSON.stringify(value))
    } catch {
      // No room, or storage is off: it holds for this visit.
    }
  })
  return remembered
}

function recall(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(`drydock.${key}`) ?? 'null')
  } catch {
    return undefined
  }
}

/** A number between two others, whatever was stored. */
export const within =
  (least: number, most: number) =>
  (value: unknown): number | undefined =>
    typeof value === 'number' && Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : undefined

/** One of some words. */
export const oneOf =
  <T extends string>(words: readonly T[]) =>
  (value: unknown): T | undefined =>
    words.find((word) => word === value)

export const yesOrNo = (value: unknown): boolean | undefined =>
  typeof value === 'boolean' ? value : undefined
