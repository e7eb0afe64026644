import { type ImageReference, InvalidReferenceError, parseReference } from '../images/reference.ts'
import { badRequest } from './api.ts'

/** A reference. Throws the API's error for what is none. */
export function checkedReference(text: string): ImageReference {
  try {
    return parseReference(text)
  } catch (error) {
    if (!(error instanceof InvalidReferenceError)) throw error
    throw badRequest(error.message)
  }
}
