import { type Fence, fences } from './fences.ts'

/**
 * The commands of a step's text as one script for `bash -e`, in order, without those marked `norun`: what only a person can do.
 * A block marked `exit=1` must end with that code: what the text shows as refused is refused.
 */
export function textCommands(mdx: string): string {
  return fences(mdx)
    .filter(({ language, attributes }) => language === 'sh' && attributes.norun === undefined)
    .map(commandsOf)
    .join('')
}

const commandsOf = ({ text, attributes: { exit } }: Fence): string =>
  exit === undefined ? text : `${text.trimEnd()} && exit 64 || test $? -eq ${exit}\n`
