import { fences } from './fences.ts'

/** The commands of a step's text as one script, in order, without those marked `norun`: what only a person can do. */
export function textCommands(mdx: string): string {
  return fences(mdx)
    .filter(({ language, attributes }) => language === 'sh' && attributes.norun === undefined)
    .map(({ text }) => text)
    .join('')
}
