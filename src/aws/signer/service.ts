import type * as sdk from '@aws-sdk/client-signer'
import { AwsError, type Handler, type Service } from '../wire/service.ts'
import { PLATFORMS } from './data/platforms.ts'
import * as profile from './profiles.ts'
import { type ProfileRecord, profiles } from './records.ts'
import { signPayload } from './sign.ts'

/** Works on the tags of the profile that an ARN names. */
const onTags =
  <I extends { resourceArn: string | undefined }>(
    act: (record: ProfileRecord, input: I) => ProfileRecord['tags'],
  ): Handler<I> =>
  (input, context) => {
    const record = profiles.list(context).find(({ arn }) => arn === input.resourceArn)
    if (!record)
      throw new AwsError('NotFoundException', `Resource ${input.resourceArn} was not found.`, { status: 404 })
    const tags = act(record, input)
    if (tags !== record.tags) profiles.put(context, { ...record, tags })
    return { tags }
  }

/** AWS Signer for container images: https://docs.aws.amazon.com/signer/latest/api/ */
export const signerService: Service = {
  name: 'signer',
  sdk: () => import('@aws-sdk/client-signer'),
  actionPrefix: 'signer',
  endpoints: [{ prefix: 'signer' }],
  botocoreName: 'signer',
  handlers: {
    PutSigningProfile: profile.putSigningProfile,
    GetSigningProfile: profile.getSigningProfile,
    ListSigningProfiles: profile.listSigningProfiles,
    CancelSigningProfile: profile.cancelSigningProfile,
    RevokeSigningProfile: profile.revokeSigningProfile,
    SignPayload: signPayload,
    ListSigningPlatforms: () => ({ platforms: PLATFORMS }),
    GetSigningPlatform: ({ platformId }: sdk.GetSigningPlatformCommandInput) =>
      profile.platformOf(platformId!),
    ListTagsForResource: onTags<sdk.ListTagsForResourceCommandInput>(({ tags }) => tags),
    TagResource: onTags<sdk.TagResourceCommandInput>(({ tags }, input) => ({ ...tags, ...input.tags })),
    UntagResource: onTags<sdk.UntagResourceCommandInput>(({ tags }, { tagKeys }) =>
      Object.fromEntries(Object.entries(tags).filter(([key]) => !tagKeys!.includes(key))),
    ),
  },
  resources: (_operation, input: { profileName?: string; resourceArn?: string }, context) =>
    input.resourceArn ?? profile.profileArn(context, input.profileName ?? '*'),
}
