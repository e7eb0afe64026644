/** A fence of commands in a step's text: `sh`, and `norun` behind it for what only a person can do. */
const FENCE = /^```sh([^\n]*)\n([\s\S]*?)^```$/gm

/** The commands of a step's text as one script, in order, without those marked `norun`. */
export function textCommands(mdx: string): string {
  return [...mdx.matchAll(FENCE)]
    .filter(([, meta]) => !meta!.split(' ').includes('norun'))
    .map(([, , commands]) => commands)
    .join('')
}
