import { computed, signal } from '@preact/signals'
import type { BoardState, Cohort, CohortEvent, SessionState } from '#server/api.ts'

/** What the classroom pages show. `feed.ts` and what people do write it. */
export const session = signal<SessionState | undefined>()
export const courses = signal<Cohort[] | undefined>()
/** The learning paths that a course may ask for, as the page was built with them. */
export const paths: { id: string; title: string }[] = JSON.parse(
  document.querySelector<HTMLElement>('[data-paths]')?.dataset.paths ?? '[]',
)
/** The board that is open. */
export const board = signal<BoardState | undefined>()
export const connected = signal(true)
/** The time, moved once a minute: "stuck since". */
export const now = signal(Date.now())
/** What a screen reader is told next. */
export const announcement = signal('')

/** For whom a help did not work, and why. */
export const helpProblems = signal<string[]>([])

/** The lab whose steps are shown. */
export const chosenLab = signal('')
export const lab = computed(() => {
  const labs = board.value?.labs ?? []
  return labs.find(({ id }) => id === chosenLab.value) ?? labs[0]
})

type Person = BoardState['people'][number]

/** Acts on an event of the board. */
export function showEvent(event: CohortEvent): void {
  const state = board.value
  if (!state) return
  const change = (id: string, how: (person: Person) => Person) => {
    board.value = {
      ...state,
      people: state.people.map((person) => (person.id === id ? how(person) : person)),
    }
  }
  switch (event.type) {
    case 'cell':
      return change(event.person, (person) => ({
        ...person,
        cells: [
          ...person.cells.filter(({ lab, step }) => lab !== event.cell.lab || step !== event.cell.step),
          event.cell,
        ],
      }))
    case 'presence':
      return change(event.person, (person) => ({
        ...person,
        pages: { ...person.pages, [event.lab]: event.pages },
      }))
    case 'reset': {
      const elsewhere = (key: string) => !key.startsWith(`${event.lab}/`)
      return change(event.person, (person) => ({
        ...person,
        cells: person.cells.filter(({ lab }) => lab !== event.lab),
        hints: Object.fromEntries(Object.entries(person.hints).filter(([key]) => elsewhere(key))),
        skipped: person.skipped.filter(elsewhere),
      }))
    }
    case 'hints':
      return change(event.person, (person) => ({
        ...person,
        hints: { ...person.hints, [`${event.lab}/${event.step}`]: event.opened },
      }))
    case 'skipped':
      return change(event.person, (person) => ({
        ...person,
        skipped: [...person.skipped, `${event.lab}/${event.step}`],
      }))
    case 'member': {
      const others = state.people.filter(({ id }) => id !== event.person)
      const person: Person = {
        id: event.person,
        name: event.name,
        cells: [],
        hints: {},
        skipped: [],
        pages: {},
      }
      board.value = { ...state, people: [...others, person].sort((a, b) => a.name.localeCompare(b.name)) }
      return
    }
    case 'left':
      board.value = { ...state, people: state.people.filter(({ id }) => id !== event.person) }
      return
    case 'hand': {
      const others = state.hands.filter(({ id }) => id !== event.hand.id)
      const hands = event.hand.loweredAt === undefined ? [...others, event.hand] : others
      board.value = { ...state, hands: hands.sort((a, b) => a.raisedAt - b.raisedAt) }
      return
    }
    case 'cohort':
      board.value = { ...state, cohort: event.cohort }
  }
}

/** Who is stuck by what, the most people first. */
export const stuck = computed(() => {
  const groups = new Map<string, { step: string; title: string; people: Person[] }>()
  for (const person of board.value?.people ?? []) {
    for (const { lab: of, step, finding } of person.cells) {
      if (!finding || of !== lab.value?.id) continue
      const key = `${step} ${finding.id}`
      const group = groups.get(key) ?? { step, title: finding.title, people: [] }
      group.people.push(person)
      groups.set(key, group)
    }
  }
  return [...groups.values()].sort((a, b) => b.people.length - a.people.length)
})
