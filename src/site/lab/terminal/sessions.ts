import { batch, computed, signal } from '@preact/signals'
import type { TerminalInfo } from '#server/api.ts'
import { ProblemError, request } from '../../api.ts'
import { t } from '../../i18n/index.ts'
import { Backoff } from '../backoff.ts'
import { labId, link } from '../store.ts'
import { focusNext, typeIntoTerminal } from './bridge.ts'
import { LabTerminal } from './lab-terminal.ts'
import { ask } from './questions.ts'

const path = `/api/labs/${encodeURIComponent(labId)}/terminals`
const KEY = `drydock.terminal.${labId}`

export const terminals = signal<LabTerminal[]>([])
const activeId = signal(sessionStorage.getItem(KEY))
const besideId = signal(sessionStorage.getItem(`${KEY}.beside`))
/** The terminal that is worked in. */
export const active = computed(
  () => terminals.value.find(({ id }) => id === activeId.value) ?? terminals.value[0],
)
/** The one that is shown beside it, if the pane is split. */
export const beside = computed(() =>
  terminals.value.find((terminal) => terminal.id === besideId.value && terminal !== active.value),
)
/** What is shown, from left to right. */
export const shown = computed(() =>
  terminals.value.filter((terminal) => terminal === active.value || terminal === beside.value),
)

// After a silence the sockets may be dead without knowing it: coming back costs nothing and loses nothing.
let wasAway = false
link.subscribe((state) => {
  if (state === 'connected' && wasAway) for (const terminal of terminals.peek()) terminal.comeBack()
  wasAway = state === 'reconnecting'
})

/** Shows the lab's terminals as they are on the server; the first time makes one. */
export async function openTerminals(): Promise<void> {
  const infos = await request<TerminalInfo[]>('GET', path)
  terminals.value = infos
    .toSorted((a, b) => a.createdAt - b.createdAt)
    .map((info, index) => attended(info, t.terminal.name(index + 1)))
  if (terminals.value.length === 0) await addTerminal()
  typeIntoTerminal.value = (command) => void active.peek()?.type(command)
}

export async function addTerminal(): Promise<void> {
  const info = await request<TerminalInfo>('POST', path)
  focusNext.value = true
  const taken = new Set(terminals.value.map(({ name }) => name))
  let number = 1
  while (taken.has(t.terminal.name(number))) number++
  terminals.value = [...terminals.value, attended(info, t.terminal.name(number))]
  showTerminal(info.id)
}

/** Goes to a terminal: to the one beside, or to one that takes the place of the one worked in. */
export function showTerminal(id: string): void {
  batch(() => {
    if (id === besideId.value) besideId.value = active.value?.id ?? null
    activeId.value = id
  })
  remember()
}

/** Splits the pane, with the next terminal or a new one; or joins it again. */
export async function toggleSplit(): Promise<void> {
  const here = active.value
  if (!here) return
  if (beside.value) besideId.value = null
  else {
    const next = terminals.value.find((terminal) => terminal !== here)
    if (next) besideId.value = next.id
    else {
      await addTerminal()
      besideId.value = here.id
    }
  }
  remember()
}

function remember(): void {
  for (const [key, id] of [
    [KEY, activeId.value],
    [`${KEY}.beside`, besideId.value],
  ] as const)
    if (id) sessionStorage.setItem(key, id)
    else sessionStorage.removeItem(key)
}

/** Ends a terminal's shell, asking first while it runs. */
export async function closeTerminal(terminal: LabTerminal): Promise<void> {
  const over = terminal.state.value === 'ended' || terminal.state.value === 'gone'
  if (!over && !(await ask({ kind: 'close', name: terminal.name }))) return
  terminal.close()
  await request('DELETE', `/api/terminals/${encodeURIComponent(terminal.id)}`).catch((error) => {
    if (error.status !== 404) throw error
  })
  terminals.value = terminals.value.filter((other) => other !== terminal)
}

/** Puts a new terminal in the place of one whose shell ended. */
export async function replaceTerminal(terminal: LabTerminal): Promise<void> {
  await closeTerminal(terminal)
  await addTerminal()
}

/** A terminal that is replaced by itself when it is lost: with the process that held the shells, it may be. */
function attended(info: TerminalInfo, name: string, replacesLost = false): LabTerminal {
  const terminal = new LabTerminal(info, name, replacesLost)
  terminal.onGone = () => {
    // One that never came to life would be lost again.
    if (!replacesLost || terminal.wasAttached) recover(terminal)
  }
  return terminal
}

/** One after the other: two that are lost at once must not take the same place. */
let recovering: Promise<void> = Promise.resolve()

/** Replaces a terminal that is lost, as soon as the server can. */
function recover(lost: LabTerminal): void {
  lost.state.value = 'lost'
  const retry = new Backoff(() => {
    recovering = recovering.then(async () => {
      try {
        if (terminals.peek().includes(lost)) await replaceLost(lost)
      } catch (error) {
        if (error instanceof ProblemError && (error.status === 0 || error.status >= 500)) return retry.later()
        lost.state.value = 'gone'
      }
      retry.close()
    })
  })
  retry.later()
}

/** Puts into a lost terminal's place one that the server has and this page has not, or a new one. */
async function replaceLost(lost: LabTerminal): Promise<void> {
  const present = await request<TerminalInfo[]>('GET', path)
  const known = new Set(terminals.peek().map(({ id }) => id))
  const info =
    present.find(({ id, running }) => running && !known.has(id)) ??
    (await request<TerminalInfo>('POST', path))
  const hadFocus = document.getElementById(`panel-${lost.id}`)?.contains(document.activeElement)
  lost.close()
  batch(() => {
    if (hadFocus) focusNext.value = true
    const replacement = attended(info, lost.name, true)
    terminals.value = terminals.value.map((terminal) => (terminal === lost ? replacement : terminal))
    if (activeId.value === lost.id) activeId.value = info.id
    if (besideId.value === lost.id) besideId.value = info.id
  })
  remember()
}

/** Lets go of all connections, for another world. The shells go on. */
export function leaveTerminals(): void {
  typeIntoTerminal.value = undefined
  for (const terminal of terminals.value) terminal.close()
  terminals.value = []
}
