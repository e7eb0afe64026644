import { signal } from '@preact/signals'

/** The account and region that were chosen; the address remembers them. Nothing: where the lab is. */
export interface ChosenPlace {
  accountId?: string
  region?: string
}

const NAMES = ['accountId', 'region'] as const

function read(): ChosenPlace {
  const query = new URLSearchParams(location.search)
  return Object.fromEntries(NAMES.flatMap((name) => (query.has(name) ? [[name, query.get(name)!]] : [])))
}

export const chosen = signal<ChosenPlace>(read())

/** Looks elsewhere: what one was looking at is not there, so the overview is shown. */
export function choose(change: ChosenPlace): void {
  const next = { ...chosen.value, ...change }
  history.replaceState(null, '', `?${new URLSearchParams({ ...next })}#/`)
  dispatchEvent(new HashChangeEvent('hashchange'))
  chosen.value = next
}
