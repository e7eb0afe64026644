import { type Environment, Optional } from '@marcbachmann/cel-js'
import { FORMATS } from '../../custom/formats.ts'
import { FORMS, formErrors, qualifiedNameErrors } from '../../validation/names.ts'
import { parseUrl } from './go-url.ts'

// Source: k8s.io/apiserver/pkg/cel/library/format.go, read 2026-11.

/** `kubernetes.NamedFormat` */
class Format {
  readonly name: string
  /** Length of the regular expression that a check counts as. */
  readonly pattern: number
  /** What is wrong with a text. */
  readonly faults: (text: string) => string[]
  constructor(name: string, pattern: number, faults: (text: string) => string[]) {
    this.name = name
    this.pattern = pattern
    this.faults = faults
  }
}

/** The name `format` in front of a point. */
class Formats {}

const F = 'kubernetes.NamedFormat'

type Form = Parameters<typeof formErrors>[1]
const form = (form: Form) => (text: string) => formErrors(text, form)
/** What begins a name may end in a hyphen. */
const prefix = (form: Form) => (text: string) => formErrors(text.replace(/(?<=.)-$/, 'a'), form)
const known =
  (name: string, fault: string) =>
  (text: string): string[] =>
    FORMATS[name]!(text) ? [] : [fault]

function uriFaults(text: string): string[] {
  try {
    parseUrl(text)
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

const ALL: readonly Format[] = [
  new Format('dns1123Label', 30, form(FORMS.label)),
  new Format('dns1123Subdomain', 60, form(FORMS.subdomain)),
  new Format('dns1035Label', 30, form(FORMS.service)),
  new Format('qualifiedName', 60, qualifiedNameErrors),
  new Format('dns1123LabelPrefix', 30, prefix(FORMS.label)),
  new Format('dns1123SubdomainPrefix', 60, prefix(FORMS.subdomain)),
  new Format('dns1035LabelPrefix', 30, prefix(FORMS.service)),
  new Format('labelValue', 40, form(FORMS.labelValue)),
  // The lengths of govalidator's and strfmt's expressions.
  new Format('uri', 1094, uriFaults),
  new Format('uuid', 76, known('uuid', 'does not match the UUID format')),
  new Format('byte', 76, known('byte', 'invalid base64')),
  new Format('date', 127, known('date', 'invalid date')),
  new Format('datetime', 127, known('date-time', 'invalid datetime')),
]

export function withFormats(environment: Environment): Environment {
  environment
    .registerType(F, { ctor: Format, fields: {} })
    .registerType('Formats', { ctor: Formats, fields: {} })
    .registerConstant('format', 'Formats', new Formats())
    .registerFunction(`Formats.named(string): optional<${F}>`, (_: Formats, name: string) => {
      const found = ALL.find((format) => format.name === name)
      return found ? Optional.of(found) : Optional.none()
    })
    .registerFunction(`${F}.validate(string): optional<list<string>>`, ({ faults }: Format, text: string) => {
      const found = faults(text)
      return found.length > 0 ? Optional.of(found) : Optional.none()
    })
    .registerOperator(`${F} == ${F}`, (a: Format, b: Format) => a === b)
  for (const format of ALL) environment.registerFunction(`Formats.${format.name}(): ${F}`, () => format)
  return environment
}

/** The length of the expression that a check by this format counts as; undefined for what is no format. */
export const patternLength = (value: unknown): number | undefined =>
  value instanceof Format ? value.pattern : undefined
