import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { WorkspaceFiles } from '#checks/workspace-files.ts'

/** Where a home folder has the names that were drawn: a shell may `source` it, a check reads it, the page shows them. */
const FILE = 'names.env'

/** What a lab may be about, by parameter: one of the choices is drawn for each learner. */
export type NamePools = Record<string, string[]>

/** One choice of each parameter. The same seed draws the same. */
export function drawNames(pools: NamePools, seed: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(pools).map(([parameter, choices]) => {
      const hash = createHash('sha256').update(`${seed}\0${parameter}`).digest()
      return [parameter, choices[hash.readUInt32BE() % choices.length]!]
    }),
  )
}

/** Draws a lab's names and writes them into the home folder; nothing for a lab without. */
export async function giveNames(home: string, pools: NamePools | undefined, seed: string): Promise<void> {
  if (!pools) return
  const lines = Object.entries(drawNames(pools, seed)).map(
    ([parameter, name]) => `${parameter.toUpperCase().replaceAll('-', '_')}=${name}\n`,
  )
  await writeFile(join(home, FILE), lines.join(''))
}

/** The names that a home folder has, by parameter; undefined when the lab has none or the file is gone. */
export async function givenNames(
  home: string,
  pools: NamePools | undefined,
): Promise<Record<string, string> | undefined> {
  if (!pools) return undefined
  // A learner may have put a link, a pipe or a device in its place.
  const text = await new WorkspaceFiles(home).read(FILE)
  if (text === undefined) return undefined
  const lines = new Map([...text.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]))
  return Object.fromEntries(
    Object.keys(pools).flatMap((parameter) => {
      const name = lines.get(parameter.toUpperCase().replaceAll('-', '_'))
      return name === undefined ? [] : [[parameter, name.trim()]]
    }),
  )
}
