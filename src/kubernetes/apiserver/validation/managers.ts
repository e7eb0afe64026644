import { type FieldError, invalidValue, tooLong } from '../errors.ts'
import type { Obj } from '../json.ts'

const LONGEST_MANAGER = 128
const LONGEST_SUBRESOURCE = 256

/** Names of plain characters, which most are, need no closer look. */
const PLAIN = /^[\x20-\x7e]{0,128}$/

/** What is wrong with the name of a field manager. Models apimachinery metav1/validation.ValidateFieldManager. */
export function managerErrors(manager: string, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (PLAIN.test(manager)) return errors
  if (Buffer.byteLength(manager) > LONGEST_MANAGER) errors.push(tooLong(field, LONGEST_MANAGER))
  let position = 0
  for (const char of manager) {
    // Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols, and of the spaces the plain one.
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char)) {
      const point = char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
      errors.push(invalidValue(field, manager, `invalid character U+${point} (at position ${position})`))
    }
    position += Buffer.byteLength(char)
  }
  return errors
}

/** What is wrong with an object's owners of fields. Models ValidateManagedFields beside it, after they were decoded. */
export function managedFieldsErrors(managers: Obj[] | undefined): FieldError[] {
  const errors: FieldError[] = []
  for (let index = 0; index < (managers?.length ?? 0); index++) {
    const { manager, subresource } = managers![index]!
    const field = `metadata.managedFields[${index}]`
    errors.push(...managerErrors(manager ?? '', `${field}.manager`))
    if ((subresource?.length ?? 0) > LONGEST_SUBRESOURCE)
      errors.push(tooLong(`${field}.subresource`, LONGEST_SUBRESOURCE))
  }
  return errors
}
