import { signal } from '@preact/signals'
import type { ApiProblem, StillPicture, TimelineCall } from '#server/api.ts'
import { request } from '../../api.ts'
import { problemOf } from '../session.ts'
import { stepPath } from '../store.ts'
import { calls, type Moment, moment, showMoment } from './model.ts'
import { worldPath } from './stream.ts'
import { shape } from './view.ts'

/** Whether the past is on its way, and what went wrong with it. */
export const looking = signal(false)
export const lookProblem = signal<ApiProblem['error'] | undefined>()

/** What was asked for last: an answer that comes after the next question is not shown. */
let wanted: Moment | undefined

/** Shows the world as it was: a copy that changes nothing, while the world itself goes on. */
export async function lookBack(when: Moment): Promise<void> {
  wanted = when
  const path =
    typeof when === 'string' ? `${stepPath(when)}/start` : `${worldPath()}/then?call=${when.number}`
  looking.value = true
  lookProblem.value = undefined
  await request<StillPicture>('GET', path).then(
    ({ parts }) => {
      if (wanted !== when) return
      showMoment(when, parts)
      if (shape.value === 'timeline') shape.value = 'map'
    },
    (error) => {
      if (wanted === when) lookProblem.value = problemOf(error)
    },
  )
  if (wanted === when) looking.value = false
}

export function backToNow(): void {
  wanted = undefined
  looking.value = false
  lookProblem.value = undefined
  showMoment(undefined)
}

/** The call before or after the one that is looked at. */
export function neighbour(by: 1 | -1): TimelineCall | undefined {
  const at = moment.value
  if (at === undefined || typeof at === 'string') return undefined
  const all = calls.value ?? []
  const place = all.findIndex(({ number }) => number === at.number)
  return place < 0 ? undefined : all[place - by]
}
