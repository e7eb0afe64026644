/** A place that can be found. */
export interface SearchEntry {
  kind: 'lesson' | 'lab' | 'term' | 'path'
  href: string
  title: string
  /** The section or step; empty for the whole. */
  heading: string
  text: string
  /** That it is written in. */
  language: string
}
