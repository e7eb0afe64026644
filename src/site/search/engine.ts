import MiniSearch from 'minisearch'
import { href } from '../href.ts'
import { t } from '../i18n/index.ts'
import type { SearchEntry } from './entry.ts'

export interface Found extends SearchEntry {
  /** Some words around the first that was looked for. */
  excerpt: string
  /** The words of the text that were found. */
  terms: string[]
}

/** How many places are shown. */
const LIMIT = 30
/** Characters of an excerpt before and after the word. */
const AROUND = [60, 140] as const

/** How much what is called by exactly the words that are looked for comes before what only has them. */
const NAMED = 10

/** Chinese has no spaces: the browser knows its words. */
const segmenter = t.locale.id.startsWith('zh') && new Intl.Segmenter(t.locale.id, { granularity: 'word' })

function words(text: string): string[] {
  if (segmenter)
    return [...segmenter.segment(text)].filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment)
  return text.split(/[^\p{L}\p{N}_]+/u).filter(Boolean)
}

/** Loads what can be found and gives the function that finds. Rejects when it cannot be loaded. */
export async function loadSearch(): Promise<(query: string) => Found[]> {
  const answer = await fetch(href('/search.json'))
  if (!answer.ok) throw new Error(`search.json: ${answer.status}`)
  const entries = (await answer.json()) as SearchEntry[]
  const index = new MiniSearch<SearchEntry & { id: number }>({
    fields: ['title', 'heading', 'text'],
    tokenize: words,
    searchOptions: {
      boost: { title: 3, heading: 2 },
      prefix: true,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      combineWith: 'AND',
    },
  })
  index.addAll(entries.map((entry, id) => ({ id, ...entry })))
  return (query) =>
    index
      .search(query, { boostDocument: (id) => (isNamed(entries[id as number]!, query) ? NAMED : 1) })
      .slice(0, LIMIT)
      .map(({ id, terms }) => {
        const entry = entries[id as number]!
        return { ...entry, terms, excerpt: excerpt(entry.text, terms) }
      })
}

function isNamed({ title, heading }: SearchEntry, query: string): boolean {
  return (heading || title).toLowerCase() === query.toLowerCase()
}

function excerpt(text: string, terms: string[]): string {
  const lower = text.toLowerCase()
  const places = terms.map((term) => lower.indexOf(term)).filter((place) => place >= 0)
  const place = places.length > 0 ? Math.min(...places) : 0
  const start = place <= AROUND[0] ? 0 : between(text, place - AROUND[0], place)
  const end =
    place + AROUND[1] >= text.length ? text.length : between(text, place + AROUND[1] - 20, place + AROUND[1])
  return `${start > 0 ? '… ' : ''}${text.slice(start, end).trimEnd()}${end < text.length ? ' …' : ''}`
}

/** A place from `from` to `to` where a word begins; the first where there are no spaces, as in Chinese. */
function between(text: string, from: number, to: number): number {
  const space = text.indexOf(' ', from)
  return space >= 0 && space < to ? space + 1 : from
}
