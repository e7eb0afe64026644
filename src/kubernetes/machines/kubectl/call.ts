import { parseAllDocuments } from 'yaml'
import { readAll } from '#containers/processes/pipe.ts'
import type { Process } from '#containers/processes/process.ts'
import { type Client, type Json, KubectlError, pathOf, type Resource } from './client.ts'

/** A command that is to be run. */
export interface Call {
  client: Client
  process: Process
  words: string[]
  flags: Map<string, string>
  files: string[]
}

export const namespaceOf = (flags: Map<string, string>) =>
  flags.get('n') ?? flags.get('namespace') ?? 'default'

/** What a command is about: `pods a b`, `deploy/web`, `nodes`. */
export async function targets({
  client,
  words,
}: Pick<Call, 'client' | 'words'>): Promise<{ resource: Resource; name: string | undefined }[]> {
  const [first, ...names] = words
  if (!first) throw new KubectlError('error: You must specify the type of resource to get.')
  if (first.includes('/'))
    return Promise.all(
      words
        .filter((word) => word.includes('/'))
        .map(async (word) => ({
          resource: await client.resource(word.split('/')[0]!),
          name: word.split('/')[1],
        })),
    )
  const lists = await Promise.all(first.split(',').map((name) => client.resource(name)))
  if (names.length === 0) return lists.map((resource) => ({ resource, name: undefined }))
  return names.map((name) => ({ resource: lists[0]!, name }))
}

export async function documents({ process, files }: Call): Promise<Json[]> {
  if (files.length === 0) throw new KubectlError('error: must specify one of -f and -k')
  const texts = await Promise.all(
    files.map(async (file) => {
      if (file === '-') return (await process.waitFor(readAll(process.stdin))).toString()
      const bytes = await process.machine.files
        .read(file.startsWith('/') ? file : `${process.cwd}/${file}`)
        .catch(() => {
          throw new KubectlError(`error: the path ${JSON.stringify(file)} does not exist`)
        })
      return Buffer.from(bytes).toString()
    }),
  )
  return texts
    .flatMap((text) => parseAllDocuments(text).map((document) => document.toJS()))
    .flatMap((object: Json) => (object?.kind === 'List' ? object.items : object ? [object] : []))
}

export const typeOf = ({ group, names }: Resource) => (group ? `${names[1]}.${group}` : names[1])

export async function patch(call: Call, resource: Resource, name: string, body: object): Promise<Json> {
  return call.client.json('PATCH', pathOf(resource, namespaceOf(call.flags), name), {
    body: JSON.stringify(body),
    type: 'application/merge-patch+json',
  })
}
