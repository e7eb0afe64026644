import { StatusError } from '../api.ts'
import { type Kind, qualified } from './kinds/kind.ts'

// Models k8s.io/apimachinery/pkg/api/errors: the texts that kubectl shows after `Error from server (…): `.

type Resource = Pick<Kind, 'group' | 'plural'>

const details = (resource: Resource, name: string) => ({
  name,
  ...(resource.group && { group: resource.group }),
  kind: resource.plural,
})

export const notFound = (resource: Resource, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${qualified(resource)} "${name}" not found`, details(resource, name))

export const alreadyExists = (resource: Resource, name: string): StatusError =>
  new StatusError(
    409,
    'AlreadyExists',
    `${qualified(resource)} "${name}" already exists`,
    details(resource, name),
  )

export const conflict = (resource: Resource, name: string, why: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
    details(resource, name),
  )

export const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again'

export const forbidden = (resource: Resource, name: string, why: string): StatusError =>
  new StatusError(
    403,
    'Forbidden',
    `${qualified(resource)} "${name}" is forbidden: ${why}`,
    details(resource, name),
  )

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message)

export const unauthorized = (): StatusError => new StatusError(401, 'Unauthorized', 'Unauthorized')

/** `metadata` is that of the answer: it may have a token to go on with. */
export const expired = (message: string, metadata: Record<string, unknown> = {}): StatusError =>
  new StatusError(410, 'Expired', message, undefined, metadata)

/** What a resource without a Table says to who takes nothing else. */
export const notAcceptable = (types: string[]): StatusError =>
  new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`)

export const methodNotAllowed = (): StatusError =>
  new StatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  )

export const unsupportedMediaType = (accepted: string[]): StatusError =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )

/** What etcd says when its quota of space is used up: nothing can be made until something is deleted. */
export const storageFull = (): StatusError =>
  new StatusError(500, '', 'etcdserver: mvcc: database space exceeded')

/** What the simulation does not do; the message names it. */
export const notImplemented = (what: string): StatusError =>
  new StatusError(501, 'NotImplemented', `${what} is not simulated by Drydock (see FIDELITY.md)`)

/** A finding of validation about one field. */
export interface FieldError {
  field: string
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueNotFound'
    | 'FieldValueTypeInvalid'
  /** Text without the field's name. */
  body: string
}

const show = (value: unknown): string => (value === undefined ? 'null' : JSON.stringify(value))
const detail = (text: string) => (text ? `: ${text}` : '')

export const required = (field: string, why = ''): FieldError => ({
  field,
  reason: 'FieldValueRequired',
  body: `Required value${detail(why)}`,
})

export const invalidValue = (field: string, value: unknown, why = ''): FieldError => ({
  field,
  reason: 'FieldValueInvalid',
  body: `Invalid value: ${show(value)}${detail(why)}`,
})

export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  field,
  reason: 'FieldValueNotSupported',
  body: `Unsupported value: ${show(value)}${supported.length > 0 ? `: supported values: ${supported.map(show).join(', ')}` : ''}`,
})

export const duplicate = (field: string, value: unknown): FieldError => ({
  field,
  reason: 'FieldValueDuplicate',
  body: `Duplicate value: ${show(value)}`,
})

export const forbiddenField = (field: string, why: string): FieldError => ({
  field,
  reason: 'FieldValueForbidden',
  body: `Forbidden: ${why}`,
})

export const tooLong = (field: string, limit: number): FieldError => ({
  field,
  reason: 'FieldValueTooLong',
  body: `Too long: may not be more than ${limit} bytes`,
})

export const valueNotFound = (field: string, value: unknown): FieldError => ({
  field,
  reason: 'FieldValueNotFound',
  body: `Not found: ${show(value)}`,
})

/** `Deployment.apps "x" is invalid: …` with one cause a finding. */
export function invalid(kind: Pick<Kind, 'group' | 'kind'>, name: string, errors: FieldError[]): StatusError {
  const texts = [...new Set(errors.map((error) => `${error.field}: ${error.body}`))]
  const all = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  const of = kind.group ? `${kind.kind}.${kind.group}` : kind.kind
  return new StatusError(422, 'Invalid', `${of} ${JSON.stringify(name)} is invalid: ${all}`, {
    ...(name && { name }),
    ...(kind.group && { group: kind.group }),
    ...(kind.kind && { kind: kind.kind }),
    causes: errors.map((error) => ({ reason: error.reason, message: error.body, field: error.field })),
  })
}

/** `metav1.Status` of a failure, as JSON. */
export const statusOf = (error: StatusError) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: error.metadata,
  status: 'Failure',
  message: error.message,
  reason: error.reason,
  ...(error.details && { details: error.details }),
  code: error.code,
})
