import type * as sdk from '@aws-sdk/client-eks'
import { parse } from 'yaml'
import type { RequestContext } from '../wire/service.ts'
import { addonSchemas, type Schema } from './data/addon-schemas.ts'
import { addons } from './data/addons.ts'
import { invalidParameter, notFound } from './errors.ts'

const schemaOf = (addonName: string) => ({
  $schema: 'http://json-schema.org/draft-06/schema#',
  ...(addonSchemas[addonName] ?? { type: 'object' }),
})

export function describeAddonConfiguration(
  input: sdk.DescribeAddonConfigurationCommandInput,
  _context: RequestContext,
) {
  const { addonName = '', addonVersion = '' } = input
  const info = addons.find(({ name }) => name === addonName)
  if (!info || !Object.values(info.versions).flat().includes(addonVersion)) {
    throw notFound(`Addon ${addonName} of version ${addonVersion} specified is not supported`, { addonName })
  }
  return { addonName, addonVersion, configurationSchema: JSON.stringify(schemaOf(addonName)) }
}

/**
 * Checks `configurationValues` (JSON or YAML) by the add-on's schema. Throws InvalidParameterException, in the words of the validator
 * that EKS uses, as people report them.
 */
export function checkConfiguration(clusterName: string, addonName: string, text: string | undefined): void {
  if (text === undefined || text.trim() === '') return
  const refuse = (message: string) =>
    invalidParameter(`ConfigurationValue provided in request is not supported: ${message}`, {
      clusterName,
      addonName,
    })
  let values: unknown
  try {
    values = parse(text)
  } catch {
    throw refuse('Failed to parse the configuration values as JSON or YAML')
  }
  const faults = faultsOf(schemaOf(addonName), values, '$')
  if (faults.length > 0) throw refuse(`Json schema validation failed with error: [${faults.join(', ')}]`)
}

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function faultsOf(schema: Schema, value: unknown, path: string): string[] {
  const kind = kindOf(value)
  if (schema.type && kind !== schema.type) return [`${path}: ${kind} found, ${schema.type} expected`]
  const faults: string[] = []
  if (schema.enum && !schema.enum.includes(String(value)))
    faults.push(`${path}: does not have a value in the enumeration ${JSON.stringify(schema.enum)}`)
  if (schema.minimum !== undefined && Number(value) < schema.minimum)
    faults.push(`${path}: must have a minimum value of ${schema.minimum}`)
  if (kind === 'array') {
    const { items } = schema
    if (items)
      faults.push(...(value as unknown[]).flatMap((one, at) => faultsOf(items, one, `${path}[${at}]`)))
  }
  if (kind !== 'object') return faults
  for (const [name, inner] of Object.entries(value as Record<string, unknown>)) {
    const known = schema.properties?.[name]
    const here = `${path}.${name}`
    if (known) faults.push(...faultsOf(known, inner, here))
    else if (schema.additionalProperties === false)
      faults.push(`${here}: is not defined in the schema and the schema does not allow additional properties`)
    else if (typeof schema.additionalProperties === 'object')
      faults.push(...faultsOf(schema.additionalProperties, inner, here))
  }
  return faults
}
