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
      .search(query)
      .slice(0, LIMIT)
      .map(({ id, terms }) => {
        const entry = entries[id as number]!
        return { ...entry, terms, excerpt: excerpt(entry.text, terms) }
      })
}

function excerpt(text: string, terms: string[]): string {
  const lower = text.toLowerCase()
  const places = terms.map((term) => lower.indexOf(term)).filter((place) => place >= 0)
  const place = places.length > 0 ? Math.min(...places) : 0
  const start = place <= AROUND[0] ? 0 : text.indexOf(' ', place - AROUND[0]) + 1
  const end = place + AROUND[1]
  return `${start > 0 ? '… ' : ''}${text.slice(start, end)}${end < text.length ? ' …' : ''}`
}
