import { type FieldError, forbiddenField, invalidValue, required } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { NameRule } from '../kinds/kind.ts'
import { managedFieldsErrors } from './managers.ts'

// Models k8s.io/apimachinery/pkg/util/validation.

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const SERVICE = '[a-z]([-a-z0-9]*[a-z0-9])?'
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const LABEL_VALUE = `(${QUALIFIED})?`

interface Form {
  pattern: RegExp
  limit: number
  message: string
}

const form = (source: string, limit: number, message: string): Form => ({
  pattern: new RegExp(`^${source}$`),
  limit,
  message: `${message}, regex used for validation is '${source}')`,
})

export const FORMS = {
  subdomain: form(
    SUBDOMAIN,
    253,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com'",
  ),
  label: form(
    LABEL,
    63,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc'",
  ),
  service: form(
    SERVICE,
    63,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123'",
  ),
  labelValue: form(
    LABEL_VALUE,
    63,
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345'",
  ),
  qualified: form(
    QUALIFIED,
    63,
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc'",
  ),
  envName: {
    pattern: /^[ -<>-~]+$/,
    limit: Number.MAX_SAFE_INTEGER,
    message:
      "a valid environment variable name must consist only of printable ASCII characters other than '='",
  },
  configKey: form(
    '[-._a-zA-Z0-9]+',
    253,
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name'",
  ),
} satisfies Record<string, Form>

/** What is wrong with a text that must have a form; nothing when it has it. */
export function formErrors(value: string, rule: Form): string[] {
  const errors: string[] = []
  if (value.length > rule.limit) errors.push(`must be no more than ${rule.limit} bytes`)
  if (!rule.pattern.test(value)) {
    const hasDots = rule === FORMS.label && FORMS.subdomain.pattern.test(value)
    errors.push(hasDots ? 'must not contain dots' : rule.message)
  }
  return errors
}

/** Field errors of a text that must have a form. */
export const checkForm = (field: string, value: string, rule: Form): FieldError[] =>
  formErrors(value, rule).map((message) => invalidValue(field, value, message))

function pathNameErrors(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`]
  return ['/', '%'].filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`)
}

/** Checks `metadata` of an object about to be stored. */
export function metadataErrors(metadata: Obj, rule: NameRule, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = []
  if (!metadata.name) errors.push(required('metadata.name', 'name or generateName is required'))
  else {
    const wrong = rule === 'path' ? pathNameErrors(metadata.name) : formErrors(metadata.name, FORMS[rule])
    errors.push(...wrong.map((message) => invalidValue('metadata.name', metadata.name, message)))
  }
  if (!namespaced && metadata.namespace) {
    errors.push(forbiddenField('metadata.namespace', 'not allowed on this type'))
  }
  errors.push(...labelErrors(metadata.labels, 'metadata.labels'))
  for (const key in metadata.annotations ?? {}) {
    errors.push(...keyErrors(key.toLowerCase(), 'metadata.annotations', key))
  }
  errors.push(...managedFieldsErrors(metadata.managedFields))
  return errors
}

/** Nothing may hold what is going anew. Models apimachinery/pkg/api/validation.ValidateObjectMetaAccessorUpdate. */
export function finalizerErrors(metadata: Obj, old: Obj): FieldError[] {
  if (!old.deletionTimestamp) return []
  const added = (metadata.finalizers ?? []).filter((name: string) => !old.finalizers?.includes(name))
  if (added.length === 0) return []
  const names = `[]string{${added.map((name: string) => JSON.stringify(name)).join(', ')}}`
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${names}`
  return [forbiddenField('metadata.finalizers', why)]
}

/** Checks keys and values of a map of labels. */
export function labelErrors(labels: Record<string, string> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(labels ?? {})) {
    errors.push(...keyErrors(key, field, key), ...checkForm(field, value ?? '', FORMS.labelValue))
  }
  return errors
}

const keyErrors = (key: string, field: string, shown: string): FieldError[] =>
  qualifiedNameErrors(key).map((message) => invalidValue(field, shown, message))

/** What is wrong with a name like `example.com/name`. */
export function qualifiedNameErrors(key: string): string[] {
  const parts = key.split('/')
  if (parts.length > 2) {
    return [
      `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  const name = parts.at(-1)!
  const messages =
    name === ''
      ? ['name part must be non-empty', FORMS.qualified.message]
      : formErrors(name, FORMS.qualified).map((text) =>
          text.startsWith('must be no') ? `name part ${text}` : text,
        )
  if (parts.length === 2)
    messages.unshift(...formErrors(parts[0]!, FORMS.subdomain).map((text) => `prefix part ${text}`))
  return messages
}
