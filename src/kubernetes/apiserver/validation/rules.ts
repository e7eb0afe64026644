import { type FieldError, invalidValue, notSupported, required } from '../errors.ts'
import type { Json, Obj } from '../json.ts'
import { checkForm, FORMS } from './names.ts'

/** Looks at one value of a model; `path` is where it stands in the object. */
export type Rule = (value: Obj, path: string) => FieldError[]

export const sub = (path: string, field: string) => (path ? `${path}.${field}` : field)

/** The field must not be empty. */
export const needs =
  (field: string, why = ''): Rule =>
  (value, path) =>
    isEmpty(value[field]) ? [required(sub(path, field), why)] : []

const isEmpty = (value: Json) =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

/** The field, when set, must be one of `values`. */
export const oneOf =
  (field: string, values: readonly string[]): Rule =>
  (value, path) =>
    value[field] === undefined || values.includes(value[field])
      ? []
      : [notSupported(sub(path, field), value[field], [...values].sort())]

/** The field, when set, must be a text of this form. */
export const formed =
  (field: string, form: keyof typeof FORMS): Rule =>
  (value, path) =>
    value[field] ? checkForm(sub(path, field), value[field], FORMS[form]) : []

/** The number, when set, must be at least `minimum`. */
export const atLeast =
  (field: string, minimum: number): Rule =>
  (value, path) =>
    value[field] !== undefined && value[field] < minimum
      ? [
          invalidValue(
            sub(path, field),
            value[field],
            minimum === 0 ? 'must be greater than or equal to 0' : `must be greater than ${minimum - 1}`,
          ),
        ]
      : []

/** The number, when set, must be a port. */
export const port =
  (field: string): Rule =>
  (value, path) =>
    value[field] !== undefined ? portErrors(value[field], sub(path, field)) : []

export function portErrors(value: Json, path: string): FieldError[] {
  if (typeof value === 'string') return portNameErrors(value, path)
  return value < 1 || value > 65535
    ? [invalidValue(path, value, 'must be between 1 and 65535, inclusive')]
    : []
}

/** An IANA service name. */
export function portNameErrors(name: string, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (name.length > 15) errors.push(invalidValue(path, name, 'must be no more than 15 characters'))
  if (!/^[-a-z0-9]*$/.test(name)) {
    errors.push(
      invalidValue(path, name, 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'),
    )
  }
  if (!/[a-z]/.test(name)) errors.push(invalidValue(path, name, 'must contain at least one letter (a-z)'))
  if (name.includes('--')) errors.push(invalidValue(path, name, 'must not contain consecutive hyphens'))
  if (name.startsWith('-') || name.endsWith('-')) {
    errors.push(invalidValue(path, name, 'must not begin or end with a hyphen'))
  }
  return errors
}
