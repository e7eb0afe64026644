import { getCollection, getEntry } from 'astro:content'
import { t } from './i18n/index.ts'

/** A word of the glossary and what it means, in the reader's language where somebody has translated it. */
export interface Term {
  id: string
  term: string
  short: string
  /** The lesson that explains it. */
  see?: string | undefined
  /** The language of `short`. */
  language: string
}

/** All terms by the alphabet. */
export async function allTerms(): Promise<Term[]> {
  const ids = (await getCollection('glossary')).map(({ id }: { id: string }) => id)
  return (await Promise.all(ids.map(findTerm)))
    .filter((term) => term !== undefined)
    .toSorted((a, b) => a.term.localeCompare(b.term, 'en'))
}

/** A term by its id. */
export async function findTerm(id: string): Promise<Term | undefined> {
  const english = await getEntry('glossary', id)
  if (!english) return undefined
  const meaning = await getEntry('meanings', id)
  return meaning
    ? { id, ...english.data, short: meaning.data.short, language: t.locale.id }
    : { id, ...english.data, language: 'en' }
}
