import { digestOf } from '../blobs/digest.ts'

/** The name of each layer with all that is below it, bottom first (image-spec v1.1, config.md, "Layer ChainID"). */
export function chainIds(diffIds: readonly string[]): string[] {
  const chains: string[] = []
  for (const diffId of diffIds) {
    const below = chains.at(-1)
    chains.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`))
  }
  return chains
}
