import type { Handler, RequestContext } from '../wire/service.ts'
import { entitiesOf, find, findPolicy } from './find.ts'
import { findProvider } from './oidc-providers.ts'
import { page } from './paging.ts'
import type { Tag } from './records.ts'
import { dropTags, mergeTags } from './tags.ts'

// biome-ignore lint/suspicious/noExplicitAny: the inputs of operations that differ in one member's name.
type Input = any

/** How the tags of one kind of entity are read and written. */
interface Taggable {
  get(context: RequestContext, input: Input): { tags: Tag[]; put(tags: Tag[]): void }
}

const named = (type: 'user' | 'role' | 'instance-profile', member: string): Taggable => ({
  get(context, input) {
    const record = find(context, type, input[member])
    return {
      tags: record.tags,
      put: (tags) => entitiesOf(context).put(type, record.name, { ...record, tags } as never),
    }
  },
})

const TAGGABLE: Record<string, Taggable> = {
  User: named('user', 'UserName'),
  Role: named('role', 'RoleName'),
  InstanceProfile: named('instance-profile', 'InstanceProfileName'),
  Policy: {
    get(context, input) {
      const policy = findPolicy(context, input.PolicyArn)
      return {
        tags: policy.tags,
        put: (tags) => entitiesOf(context).put('policy', policy.name, { ...policy, tags }),
      }
    },
  },
  OpenIDConnectProvider: {
    get(context, input) {
      const provider = findProvider(context, input.OpenIDConnectProviderArn)
      const put = (tags: Tag[]) =>
        entitiesOf(context).put('oidc-provider', provider.arn, { ...provider, tags })
      return { tags: provider.tags, put }
    },
  },
}

/** `TagRole`, `UntagRole`, `ListRoleTags` and the same of every other kind. */
export const taggingHandlers: Record<string, Handler> = Object.fromEntries(
  Object.entries(TAGGABLE).flatMap(([kind, { get }]): [string, Handler][] => [
    [
      `Tag${kind}`,
      (input: Input, context) => {
        const { tags, put } = get(context, input)
        put(mergeTags(tags, input.Tags))
      },
    ],
    [
      `Untag${kind}`,
      (input: Input, context) => {
        const { tags, put } = get(context, input)
        put(dropTags(tags, input.TagKeys))
      },
    ],
    [
      `List${kind}Tags`,
      (input: Input, context) => {
        const { items, paging } = page(get(context, input).tags, input)
        return { Tags: items, ...paging }
      },
    ],
  ]),
)
