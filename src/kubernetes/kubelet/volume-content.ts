import { wholeOf } from '#containers/files/pieces.ts'
import type { Mount } from '#containers/runtime.ts'
import type { ConfigMap, Secret, Volume } from '../objects.ts'
import { ConfigError, type EnvironmentSource, fieldOf, resourceOf } from './environment.ts'

export type Files = Mount['files']

type MountedFile = Files extends Map<string, infer File> ? File : never

/** A token for the pod's service account, signed when it is first read: what `serviceAccountToken` projects. */
export type TokenIssuer = (request: {
  namespace: string
  serviceAccount: string
  pod: { name: string; uid: string }
  audience: string | undefined
  expirationSeconds: number
}) => () => string

/** A projected token: signed when somebody reads the file. */
export class TokenFile {
  readonly mode: number
  readonly #issued: () => string
  #content: Buffer | undefined

  constructor(issued: () => string, mode = 0o644) {
    this.#issued = issued
    this.mode = mode
  }

  get content(): Buffer {
    this.#content ??= Buffer.from(this.#issued())
    return this.#content
  }
}

/** Whether a file need not be replaced; tokens are compared by what they were made for, lest they be read for it. */
const isSame = (old: MountedFile, value: MountedFile): boolean =>
  old === value ||
  (!(value instanceof TokenFile) &&
    old.mode === value.mode &&
    Buffer.compare(wholeOf(old.content), wholeOf(value.content)) === 0)

export function replace(files: Files, wanted: Files): void {
  for (const path of files.keys()) if (!wanted.has(path)) files.delete(path)
  for (const [path, value] of wanted) {
    const old = files.get(path)
    if (!old || !isSame(old, value)) files.set(path, value)
  }
}

export const file = (content: string | Uint8Array, mode = 0o644) => ({
  content: typeof content === 'string' ? Buffer.from(content) : content,
  mode,
})

const decoded = new WeakMap<object, Map<string, Uint8Array>>()

/** The values of a ConfigMap or Secret as bytes, made once for all pods that mount it. */
function bytesOf(object: object, decode: () => [string, Uint8Array][]): Map<string, Uint8Array> {
  const known = decoded.get(object) ?? new Map(decode())
  decoded.set(object, known)
  return known
}

const base64 = ([key, value]: [string, string]): [string, Uint8Array] => [key, Buffer.from(value, 'base64')]

type Items = { key: string; path: string; mode?: number }[] | undefined

function pick(
  data: Map<string, Uint8Array>,
  items: Items,
  optional: boolean | undefined,
  mode: number | undefined,
): Files {
  if (!items) return new Map([...data].map(([key, content]) => [key, file(content, mode)]))
  const files: Files = new Map()
  for (const { key, path, mode: own } of items) {
    const content = data.get(key)
    if (content) files.set(path, file(content, own ?? mode))
    else if (!optional) throw new ConfigError(`references non-existent config key: ${key}`)
  }
  return files
}

export function configMapFiles(
  { api, pod }: EnvironmentSource,
  name: string,
  items: Items,
  optional?: boolean,
  mode?: number,
): Files {
  const map = api.get<ConfigMap>('configmaps', pod.metadata.namespace!, name)
  if (!map && !optional) throw new ConfigError(`configmap "${name}" not found`)
  const { data = {}, binaryData = {} } = map ?? {}
  const plain = ([key, value]: [string, string]): [string, Uint8Array] => [key, Buffer.from(value)]
  const bytes = bytesOf(map ?? data, () => [
    ...Object.entries(data).map(plain),
    ...Object.entries(binaryData).map(base64),
  ])
  return pick(bytes, items, optional, mode)
}

export function secretFiles(
  { api, pod }: EnvironmentSource,
  name: string,
  items: Items,
  optional?: boolean,
  mode?: number,
): Files {
  const secret = api.get<Secret>('secrets', pod.metadata.namespace!, name)
  if (!secret && !optional) throw new ConfigError(`secret "${name}" not found`)
  const { data = {} } = secret ?? {}
  const bytes = bytesOf(secret ?? data, () => Object.entries(data).map(base64))
  return pick(bytes, items, optional, mode)
}

type DownwardItem = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number]

export function downwardFiles(
  source: EnvironmentSource,
  items: DownwardItem[],
  mode: number | undefined,
): Files {
  return new Map(
    items.map(({ path, fieldRef, resourceFieldRef, mode: own }) => {
      const named = source.pod.spec.containers.find(({ name }) => name === resourceFieldRef?.containerName)
      const text = fieldRef
        ? fieldOf(source, fieldRef.fieldPath)
        : resourceOf(source.node, named!, resourceFieldRef!.resource, resourceFieldRef!.divisor)
      return [path, file(text, own ?? mode)]
    }),
  )
}
