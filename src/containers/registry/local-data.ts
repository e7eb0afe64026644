import type { Store } from '#world/store.ts'

/**
 * A registry in a container keeps its repositories in the world's store, as the other registries do. In its folder lies an empty
 * file whose name holds an id; the id names them in the store.
 */
const DATA_FILE = /(?:^|\/)drydock-registry-([0-9a-f]{32})$/

/** The name of the file for a new id of 32 hexadecimal digits. */
export const newDataFile = (id: string): string => `drydock-registry-${id}`

/** The id in the name of one of these files. */
export const savedDataId = (names: Iterable<string>): string | undefined =>
  [...names].map((name) => DATA_FILE.exec(name)?.[1]).find((id) => id !== undefined)

/** The host name under which the store has the repositories. */
export const dataHost = (id: string): string => `container-${id}`

/** Forgets what registries had in a folder that is gone. */
export function forgetData(store: Store, names: Iterable<string>): void {
  const id = savedDataId(names)
  if (id === undefined) return
  const { entries } = store.list(`registry/${dataHost(id)}/`)
  store.commit(entries.map(({ key }) => ({ key, value: undefined })))
}
