/** How long a name may be, characters. */
export const NAME_LENGTH = 60
/** Control characters, and what turns the direction of the text around it. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]+/gu

/** A name that another site gives, as others may see it: what cannot be seen is left out. Undefined when nothing is left. */
export function displayName(given: string | undefined): string | undefined {
  const seen = given?.replace(UNSEEN, '').trim()
  return seen ? [...seen].slice(0, NAME_LENGTH).join('') : undefined
}
