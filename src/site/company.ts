import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What an overlay says to the pages: `company.json`, written by `src/labs/overlay/open.ts`. */
interface Company {
  name: string
  /** The address of a picture. */
  logo?: string
  tracks: { id: string; title: string }[]
  /** Ids of labs that come first. */
  order: string[]
  /** Whether there is a text in place of the start page. */
  welcome: boolean
}

/** The company whose overlay the pages are built with, if any. */
export const company: Company | undefined = read()

function read(): Company | undefined {
  const root = process.env.DRYDOCK_CONTENT
  return root === undefined ? undefined : JSON.parse(readFileSync(join(root, 'company.json'), 'utf8'))
}

/** Labs as the company wants them: those that it names first, the others as they are. */
export function inOrder<Lab extends { id: string }>(labs: Lab[]): Lab[] {
  const first = company?.order ?? []
  const rank = ({ id }: Lab) => (first.includes(id) ? first.indexOf(id) : first.length)
  return labs.toSorted((a, b) => rank(a) - rank(b))
}
