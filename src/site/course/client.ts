import type { CourseState, LessonState } from '#server/api.ts'
import { request } from '../api.ts'

/** What the learner has done; undefined when no server answers, or nobody is signed in. */
export function courseState(): Promise<CourseState | undefined> {
  return request<CourseState>('GET', '/api/progress').catch(() => undefined)
}

/** Tells the server that a lesson is open, and what was answered (by the number of the question). Gives what it knows then. */
export function keepLesson(id: string, answers: Record<string, string>): Promise<LessonState | undefined> {
  return request<LessonState>('PUT', `/api/progress/lessons/${id}`, { answers }).catch(() => undefined)
}

/** How far a learner is with a thing of the catalogue. */
export interface ItemState {
  state: 'new' | 'begun' | 'done'
  /** When it was last looked at, ms since the epoch; 0 for never. */
  visited: number
  /** Of a lab. */
  steps?: { passed: number; all: number }
}

/** The state of `lesson:<id>` or `lab:<id>`. */
export function itemState({ lessons, labs }: CourseState, item: string): ItemState {
  const [kind, id] = [item.slice(0, item.indexOf(':')), item.slice(item.indexOf(':') + 1)]
  if (kind === 'lesson') {
    const lesson = lessons[id]
    return { state: lesson?.done ? 'done' : lesson ? 'begun' : 'new', visited: lesson?.visited ?? 0 }
  }
  const { passed = 0, steps = 0, visited = 0 } = labs[id] ?? {}
  return {
    state: steps > 0 && passed === steps ? 'done' : visited > 0 ? 'begun' : 'new',
    visited,
    steps: { passed, all: steps },
  }
}
