import { signal } from '@preact/signals'
import type { LabState, Look, LookEvent } from '#server/api.ts'
import { viewed } from '../../lab/store.ts'
import { WatchedTerminal } from './watched-terminal.ts'

/** Whom the page looks at, from its address: `/classroom/look/#<cohort>/<person>/<lab>`. */
export const [cohortId = '', personId = '', labId = ''] = location.hash
  .slice(1)
  .split('/')
  .map(decodeURIComponent)

/** What the page shows. `feed.ts` writes it. */
export const look = signal<Look | undefined>()
export const lab = signal<LabState | undefined>()
export const terminals = signal<WatchedTerminal[]>([])
export const connected = signal(true)
/** Why there is nothing to see. */
export const refused = signal('')

/** Acts on an event of the server. */
export function showEvent(event: LookEvent): void {
  switch (event.type) {
    case 'look': {
      // Another look after a lost connection: what belonged to the one before is void.
      if (event.look.id !== look.value?.id) forget()
      look.value = event.look
      viewed.value = `/api/looks/${encodeURIComponent(event.look.id)}`
      for (const terminal of terminals.value) terminal.mayType(event.look.keyboard === 'shared')
      return
    }
    case 'terminals': {
      const before = new Map(terminals.value.map((terminal) => [terminal.id, terminal]))
      const next = event.terminals.map(
        (info) => before.get(info.id) ?? new WatchedTerminal(info, look.value!),
      )
      for (const terminal of terminals.value) if (!next.includes(terminal)) terminal.close()
      terminals.value = next
      return
    }
    case 'state':
      lab.value = event.state
  }
}

/** Lets go of what the look before showed. */
function forget(): void {
  for (const terminal of terminals.value) terminal.close()
  terminals.value = []
}
