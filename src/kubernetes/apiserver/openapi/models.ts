import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** One model of the Kubernetes API as `@kubernetes/client-node` describes it. */
export interface Model {
  name: string
  description: string
  fields: ModelField[]
}

export interface ModelField {
  name: string
  /** TypeScript's way of writing it: `string`, `Array<V1Container>`, `{ [key: string]: string; }`. */
  type: string
  format: string
  required: boolean
  description: string
}

const BATCH = 64

/** Reads the models of the stable API versions from the client's generated files. */
export async function readModels(): Promise<Model[]> {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')),
    'gen/models',
  )
  const names = (await readdir(folder))
    .filter((file) => /V\d+(?!\d|alpha|beta)[A-Za-z]*\.js$/.test(file))
    .map((file) => file.slice(0, -3))
  const models: Model[] = []
  for (let start = 0; start < names.length; start += BATCH) {
    const batch = names.slice(start, start + BATCH)
    models.push(...(await Promise.all(batch.map((name) => readModel(folder, name)))))
  }
  return models
}

async function readModel(folder: string, name: string): Promise<Model> {
  const [code, types] = await Promise.all([
    readFile(join(folder, `${name}.js`), 'utf8'),
    readFile(join(folder, `${name}.d.ts`), 'utf8'),
  ])
  const table = code.match(/\.attributeTypeMap = (\[[\s\S]*?\n\]|\[\]);/)?.[1] ?? '[]'
  const attributes = JSON.parse(table) as { name: string; baseName: string; type: string; format: string }[]
  const start = types.indexOf('export declare class')
  const declared = new Map<string, { required: boolean; description: string }>()
  const member = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?'([^']+)'(\?)?:/g
  for (const match of types.slice(start).matchAll(member)) {
    declared.set(match[2]!, { required: !match[3], description: comment(match[1] ?? '') })
  }
  return {
    name,
    description: comment(types.slice(0, start).match(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/)?.[1] ?? ''),
    fields: attributes.map(({ name: property, baseName, type, format }) => ({
      name: baseName,
      type,
      format,
      required: declared.get(property)?.required ?? false,
      description: declared.get(property)?.description ?? '',
    })),
  }
}

const comment = (text: string) =>
  text
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, ''))
    .join('\n')
    .trim()
