import { type CollectionTag, parseDocument, type ScalarTag } from 'yaml'
import { AwsError } from '../../wire/service.ts'

export interface TemplateResource {
  Type: string
  Properties?: Record<string, unknown>
  DependsOn?: string | string[]
  Condition?: string
  DeletionPolicy?: unknown
  UpdateReplacePolicy?: unknown
  Metadata?: unknown
}

export interface TemplateParameter {
  Type: string
  Default?: unknown
  AllowedValues?: unknown[]
  AllowedPattern?: string
  MinLength?: unknown
  MaxLength?: unknown
  MinValue?: unknown
  MaxValue?: unknown
  ConstraintDescription?: string
  Description?: string
  NoEcho?: unknown
}

export interface TemplateOutput {
  Value: unknown
  Description?: string
  Condition?: string
  Export?: { Name: unknown }
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html */
export interface Template {
  Description?: string
  Metadata?: unknown
  Parameters: Record<string, TemplateParameter>
  Mappings: Record<string, Record<string, Record<string, unknown>>>
  Conditions: Record<string, unknown>
  Resources: Record<string, TemplateResource>
  Outputs: Record<string, TemplateOutput>
}

export const formatError = (message: string) =>
  new AwsError('ValidationError', `Template format error: ${message}`)

const SHORT_FORMS = [
  'And',
  'Base64',
  'Cidr',
  'Equals',
  'FindInMap',
  'GetAZs',
  'If',
  'ImportValue',
  'Join',
  'Length',
  'Not',
  'Or',
  'Select',
  'Split',
  'Sub',
  'ToJsonString',
  'Transform',
]

/** `!Sub text`, `!Sub [text, map]` and the like, as the long form has them. */
const tags = [
  ...['Ref', 'Condition'].map(
    (name): ScalarTag => ({ tag: `!${name}`, resolve: (text) => ({ [name]: text }) }),
  ),
  ...SHORT_FORMS.flatMap((name): (ScalarTag | CollectionTag)[] => {
    const wrap = (value: unknown) => ({ [`Fn::${name}`]: value })
    return [
      { tag: `!${name}`, resolve: wrap },
      { tag: `!${name}`, collection: 'seq', resolve: (node) => wrap(node.toJSON()) },
      { tag: `!${name}`, collection: 'map', resolve: (node) => wrap(node.toJSON()) },
    ]
  }),
  { tag: '!GetAtt', resolve: (text: string) => ({ 'Fn::GetAtt': splitAttribute(text) }) } satisfies ScalarTag,
  {
    tag: '!GetAtt',
    collection: 'seq',
    resolve: (node) => ({ 'Fn::GetAtt': node.toJSON() }),
  } satisfies CollectionTag,
]

/** `Database.Endpoint.Address` is the attribute `Endpoint.Address` of `Database`. */
export function splitAttribute(text: string): [string, string] {
  const dot = text.indexOf('.')
  return dot < 0 ? [text, ''] : [text.slice(0, dot), text.slice(dot + 1)]
}

const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Rules',
  'Mappings',
  'Conditions',
  'Transform',
  'Resources',
  'Outputs',
  'Hooks',
]

/** Reads a template in YAML or JSON. Throws ValidationError, as CloudFormation words it. */
export function parseTemplate(text: string): Template {
  const root = readDocument(text)
  if (!isObject(root)) throw formatError('unsupported structure.')
  const unknown = Object.keys(root).filter((name) => !SECTIONS.includes(name))
  if (unknown.length > 0)
    throw new AwsError('ValidationError', `Invalid template property or properties [${unknown.join(', ')}]`)
  for (const section of ['Transform', 'Rules', 'Hooks'])
    if (root[section] !== undefined && !onlyExtensions(section, root[section]))
      throw new AwsError(
        'ValidationError',
        `Drydock does not simulate the section ${section} of templates: nothing was done. Write out what it would make.`,
      )
  const version = root.AWSTemplateFormatVersion
  if (version !== undefined && version !== '2010-09-09')
    throw formatError(`Value ${JSON.stringify(version)} is not a supported template format version.`)
  if (root.Description !== undefined && typeof root.Description !== 'string')
    throw formatError('Template Description must be a string.')
  const section = <T>(name: string): Record<string, T> => {
    const value = root[name] ?? {}
    if (!isObject(value)) throw formatError(`${name} member must be an object.`)
    return value as Record<string, T>
  }
  const template: Template = {
    ...(root.Description === undefined ? {} : { Description: root.Description as string }),
    ...(root.Metadata === undefined ? {} : { Metadata: root.Metadata }),
    Parameters: section('Parameters'),
    Mappings: section('Mappings'),
    Conditions: section('Conditions'),
    Resources: section('Resources'),
    Outputs: section('Outputs'),
  }
  if (Object.keys(template.Resources).length === 0)
    throw formatError('At least one Resources member must be defined.')
  return template
}

/** `AWS::LanguageExtensions` adds functions that are always there here. */
const onlyExtensions = (section: string, value: unknown) =>
  section === 'Transform' && [value].flat().every((name) => name === 'AWS::LanguageExtensions')

function readDocument(text: string): unknown {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text)
    } catch (error) {
      const [, line, column] = /line (\d+) column (\d+)/.exec((error as Error).message) ?? []
      const where = line === undefined ? '' : ` (line ${line}, column ${column})`
      throw formatError(`JSON not well-formed.${where}`)
    }
  }
  const document = parseDocument(text, { customTags: tags, maxAliasCount: 100 } as object)
  const [problem] = document.errors
  if (problem) {
    const [at] = problem.linePos ?? []
    throw formatError(`YAML not well-formed.${at ? ` (line ${at.line}, column ${at.col})` : ''}`)
  }
  const unresolved = document.warnings.find(({ code }) => code === 'TAG_RESOLVE_FAILED')
  if (unresolved) throw formatError(`YAML not well-formed. ${unresolved.message.split('\n')[0]}`)
  return document.toJS()
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
