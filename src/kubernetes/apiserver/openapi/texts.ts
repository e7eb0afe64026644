import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Model } from './models.ts'

const INTERFACE = /export interface (\w+) \{\n([\s\S]*?)\n\}/g
const MEMBER = /\/\*\*([\s\S]*?)\*\/\s*"?([\w$-]+)"?\??:/g

/**
 * What `kubernetes-types` says about fields, by `v1.DeploymentSpec.strategy`. The client's generated models leave out the texts
 * of fields that are objects themselves; these types have them.
 */
export async function readTexts(): Promise<Map<string, string>> {
  const folder = dirname(createRequire(import.meta.url).resolve('kubernetes-types/package.json'))
  const files = (await readdir(folder, { recursive: true })).filter((file) => /(^|\/)v\d+\.d\.ts$/.test(file))
  const texts = new Map<string, string>()
  for (const file of files) {
    const version = file.match(/(v\d+)\.d\.ts$/)![1]!
    const code = await readFile(join(folder, file), 'utf8')
    for (const [, name, body] of code.matchAll(INTERFACE)) {
      for (const [, text, field] of body!.matchAll(MEMBER))
        texts.set(`${version}.${name}.${field}`, clean(text!))
    }
  }
  return texts
}

const clean = (text: string) =>
  text
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim()

/** What a type says of itself, where a field's own text is missing. */
const OF_TYPE = /^(IntOrString is a type|Quantity is a fixed-point|Time is a wrapper|MicroTime is version)/

/** The model with texts for the fields that have none. */
export function withTexts(model: Model, texts: Map<string, string>): Model {
  const [, version, name] = model.name.match(/V(\d+)(\w+)$/) ?? []
  const fields = model.fields.map((field) =>
    field.description && !OF_TYPE.test(field.description)
      ? field
      : { ...field, description: texts.get(`v${version}.${name}.${field.name}`) ?? field.description },
  )
  return { ...model, fields }
}
