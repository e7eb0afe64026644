import type { Entry } from '#world/store.ts'
import { callNumber } from '../timeline.ts'
import type { Part, StillPicture } from './part.ts'
import { accountPart } from './picture.ts'
import { groupPart, project } from './project.ts'

/** The picture of a state that stands still: of a save point, without running it. */
export function stillPicture(entries: Iterable<Entry>, accountId: string): StillPicture {
  const account = accountPart(accountId)
  const parts = new Map([[account.id, account]])
  let calls = 0
  const show = (part: Part): void => {
    if (part.parent !== undefined && !parts.has(part.parent)) {
      const group = groupPart(part.parent)
      if (group) show(group)
    }
    parts.set(part.id, part)
  }
  for (const { key, value } of entries) {
    for (const part of project(key, value)) show(part)
    calls = Math.max(calls, (callNumber(accountId, key) ?? -1) + 1)
  }
  return { calls, parts: [...parts.values()] }
}
