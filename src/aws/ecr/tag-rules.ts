import type * as sdk from '@aws-sdk/client-ecr'
import { AwsError } from '../wire/service.ts'
import { quotas } from './data/quotas.ts'

/** The tags of a resource with new ones added; those of AWS (`aws:…`) only a service may set, for its caller. Throws InvalidTagParameterException, TooManyTagsException. */
export function checkTags(
  known: Record<string, string>,
  added: sdk.Tag[] | undefined,
  system = false,
): Record<string, string> {
  const tags = { ...known }
  for (const { Key = '', Value = '' } of added ?? []) {
    if (Key === '' || Key.length > 128 || Value.length > 256 || (!system && /^aws:/i.test(Key))) {
      throw new AwsError(
        'InvalidTagParameterException',
        'An invalid parameter has been specified. Tag keys can have a maximum character length of 128 characters, and tag values can have a maximum length of 256 characters.',
      )
    }
    tags[Key] = Value
  }
  if (Object.keys(tags).length > quotas.resourceTags) {
    throw new AwsError(
      'TooManyTagsException',
      'The list of tags on the repository is over the limit. The maximum number of tags that can be applied to a repository is 50.',
    )
  }
  return tags
}
