import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { groupVersions, kindsIn } from '../kinds/registry.ts'
import { fieldNames } from '../schema/layout.ts'
import type { SchemaFile } from '../schema/schema.ts'
import { documentOf } from './document.ts'
import { encodeSwagger } from './gnostic.ts'
import { type Model, readModels } from './models.ts'
import { swaggerOf } from './swagger.ts'
import { readTexts, withTexts } from './texts.ts'

/**
 * Derives from `@kubernetes/client-node`, with texts of `kubernetes-types`, what the API server knows of its objects' fields:
 * `schema.json` for decoding, defaulting, validation and patches, `v3/<path>.json`, the OpenAPI v3 documents, and `v2/`, the parts of
 * the one of v2.
 */
export async function buildOpenApi(options: { outFolder: string }): Promise<void> {
  const texts = await readTexts()
  const models = (await readModels()).map((model) => withTexts(asServed(model), texts))
  const byName = new Map(models.map((model) => [model.name, model]))
  await Promise.all(
    ['v2', 'v3'].map((version) => mkdir(join(options.outFolder, version), { recursive: true })),
  )
  const documents = groupVersions().flatMap(({ group, versions }) =>
    versions.map((version) => {
      const path = group ? `apis/${group}/${version}` : `api/${version}`
      return { path, document: documentOf(group, kindsIn(group, version), byName) }
    }),
  )
  const swagger = swaggerOf(documents.map(({ document }) => document))
  await Promise.all([
    put(join(options.outFolder, 'v2', 'paths.json'), JSON.stringify(swagger.paths)),
    put(join(options.outFolder, 'v2', 'definitions.json'), JSON.stringify(swagger.definitions)),
    put(join(options.outFolder, 'v2', 'document.pb'), encodeSwagger(swagger)),
    put(join(options.outFolder, 'schema.json'), JSON.stringify(schemaFile(models))),
    ...documents.map(({ path, document }) =>
      put(join(options.outFolder, 'v3', `${path.replaceAll('/', '__')}.json`), JSON.stringify(document)),
    ),
  ])
}

/** The client is a minor ahead: only the fields that this version has. */
function asServed(model: Model): Model {
  const names = fieldNames(model.name)
  return names ? { ...model, fields: model.fields.filter(({ name }) => names.has(name)) } : model
}

/** Renames into place, so that a reader never sees half a file. */
async function put(path: string, text: string | Buffer): Promise<void> {
  await writeFile(`${path}.${process.pid}`, text)
  await rename(`${path}.${process.pid}`, path)
}

function schemaFile(models: Model[]): SchemaFile {
  const file: SchemaFile = {}
  for (const model of models) {
    file[model.name] = Object.fromEntries(
      model.fields.map((field) => [
        field.name,
        [typeName(field.type, field.format), field.required ? 1 : 0] as [string, 0 | 1],
      ]),
    )
  }
  return file
}

/** Models that are one value on the wire, not an object of their fields. */
const OPAQUE = new Set(['V1JSONSchemaProps', 'V1FieldsV1'])

function typeName(type: string, format: string): string {
  const list = type.match(/^(?:Array|Set)<(.+)>$/)
  if (list) return `[]${typeName(list[1]!, format)}`
  const map = type.match(/^\{ \[key: string\]: (.+); \}$/)
  if (map) return `{}${typeName(map[1]!, format)}`
  if (type === 'any' || type === 'object' || OPAQUE.has(type)) return 'any'
  if (type === 'Date') return 'time'
  if (type === 'V1MicroTime' || format === 'date-time-micro') return 'microtime'
  if (type === 'IntOrString') return 'int-or-string'
  if (type === 'number') return format === 'int64' || format === 'double' ? format : 'int32'
  if (type === 'string') return format === 'byte' ? 'bytes' : 'string'
  return type
}
