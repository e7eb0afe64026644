import type { Snapshot } from '#world/snapshot.ts'
import { entriesIn, hourlyByService } from '../costs/ledger.ts'
import type { Part, StillPicture } from './part.ts'
import { accountPart } from './picture.ts'
import { groupPart, project } from './project.ts'

/** The picture of a state that stands still: of a save point or a moment that is over, without running it. */
export function stillPicture({ entries, revision }: Snapshot, accountId: string): StillPicture {
  const account = accountPart(accountId)
  const parts = new Map([[account.id, account]])
  const show = (part: Part): void => {
    if (part.parent !== undefined && !parts.has(part.parent)) {
      const group = groupPart(part.parent)
      if (group) show(group)
    }
    parts.set(part.id, part)
  }
  for (const { key, value } of entries) for (const part of project(key, value)) show(part)
  return { revision, parts: [...parts.values()], perHour: hourlyByService(entriesIn({ entries })) }
}
