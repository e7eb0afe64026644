import { AwsError } from '../wire/service.ts'
import { QUOTAS } from './quotas.ts'
import type { Tag } from './records.ts'

interface GivenTag {
  Key?: string
  Value?: string
}

/** The tags after adding some, newer values winning. Throws for too many, doubled, or reserved keys. */
export function mergeTags(present: Tag[], given: GivenTag[] | undefined): Tag[] {
  const merged = new Map(present.map((tag) => [tag.Key, tag]))
  const seen = new Set<string>()
  for (const { Key = '', Value = '' } of given ?? []) {
    if (/^aws:/i.test(Key))
      throw new AwsError('InvalidInput', 'Only AWS services may add tags whose keys start with aws:')
    if (seen.has(Key.toLowerCase()))
      throw new AwsError(
        'InvalidInput',
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      )
    seen.add(Key.toLowerCase())
    merged.set(Key, { Key, Value })
  }
  if (merged.size > QUOTAS.Tags)
    throw new AwsError('LimitExceeded', `The number of tags has reached the maximum limit of ${QUOTAS.Tags}.`)
  return [...merged.values()]
}

/** The tags without those of the given keys. */
export function dropTags(present: Tag[], keys: string[]): Tag[] {
  return present.filter(({ Key }) => !keys.includes(Key))
}
