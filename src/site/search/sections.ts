import type { MarkdownHeading } from 'astro'

export interface Section {
  heading: string
  /** The heading's id on the page; empty for what stands before the first. */
  slug: string
  text: string
}

/** An MDX text by its headings of the second level, without markup. Commands stay: people search for them. */
export function sections(mdx: string, headings: MarkdownHeading[]): Section[] {
  const titles = headings.filter(({ depth }) => depth === 2)
  if (titles.length === 0) return [{ heading: '', slug: '', text: plain(mdx) }]
  const parts = mdx.split(/^## (.+)$/m)
  return [
    { heading: '', slug: '', text: plain(parts[0] ?? '') },
    ...titles.map(({ text: heading, slug }, index) => ({
      heading,
      slug,
      text: plain(parts[index * 2 + 2] ?? ''),
    })),
  ]
}

function plain(mdx: string): string {
  return mdx
    .replace(/^```.*$/gm, '')
    .replace(/<(?:Predict|Tab|Tabs|Aside)\b[^>]*?(?:ask|name|label|title)="([^"]*)"[^>]*>/g, '$1. ')
    .replace(/<(Diff|Matrix|Costs|Guide|Picture)\b[\s\S]*?\/>/g, '')
    .replace(/<\/?[A-Za-z][^>]*>/g, '')
    .replace(/^\|[ :|-]+$/gm, '')
    .replace(/^\s*(?:>|[-*]|\d+\.) +/gm, '')
    .replace(/\[([^\]\n]*)\]\([^)]*\)/g, '$1')
    .replace(/[`*]/g, '')
    .replace(/\|/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}
