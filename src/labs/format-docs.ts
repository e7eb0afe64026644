import { z } from 'zod'
import { labSchema, mistakeSchema, stepSchema, watchSchema } from './schema.ts'

/** The marks in labs/README.md between which the reference stands. */
export const REFERENCE_MARKS = {
  start: '<!-- reference: written by scripts/lab-format.ts from src/labs/schema.ts -->',
  end: '<!-- /reference -->',
}

/** The reference of the lab format in Markdown, from the descriptions in the schemas. */
export function labFormatReference(): string {
  return [
    section('`lab.yaml`', labSchema),
    section('Each of `steps`', stepSchema),
    section('`watch` of a step', watchSchema),
    section('Comments at the top of a mistake (`# finding: no-image`)', mistakeSchema),
  ].join('\n')
}

/** A README with its reference replaced by the present one. */
export function withReference(readme: string): string {
  const start = readme.indexOf(REFERENCE_MARKS.start) + REFERENCE_MARKS.start.length
  return `${readme.slice(0, start)}\n\n${labFormatReference()}\n${readme.slice(readme.indexOf(REFERENCE_MARKS.end))}`
}

interface Property {
  type?: string
  description?: string
  items?: Property
  enum?: string[]
  default?: unknown
}

function section(title: string, schema: z.ZodType): string {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: Record<string, Property>
    required?: string[]
  }
  const rows = Object.entries(properties).map(([name, property]) => {
    const need = required.includes(name) ? 'yes' : 'no'
    return `| \`${name}\` | ${typeName(property)} | ${need} | ${property.description ?? ''} |`
  })
  return [
    `### ${title}`,
    '',
    '| field | type | required | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function typeName(property: Property): string {
  if (property.enum) return property.enum.map((value) => `\`${value}\``).join(' or ')
  if (property.type === 'array') return `list of ${typeName(property.items ?? {})}`
  if (property.type === 'integer') return 'whole number'
  return property.type === 'string' ? 'text' : (property.type ?? 'any')
}
