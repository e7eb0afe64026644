import type { Handler, RequestContext } from '../wire/service.ts'
import { AwsError } from '../wire/service.ts'
import { invalidInput, limitExceeded, noSuchEntity } from './errors.ts'
import { encodeDocument, entitiesOf, find, policyByArn } from './find.ts'
import { page } from './paging.ts'
import { validatePolicy } from './policy/validate.ts'
import { QUOTAS } from './quotas.ts'
import type { GroupRecord, RoleRecord, UserRecord } from './records.ts'
import { refuseLinked } from './roles.ts'

type Holder = UserRecord | GroupRecord | RoleRecord
type Kind = 'User' | 'Group' | 'Role'

// biome-ignore lint/suspicious/noExplicitAny: the inputs of three operations that differ in one member's name.
type Input = any

/** The operations on inline and attached policies, which users, groups and roles share. */
export const holderHandlers: Record<string, Handler> = {
  ...handlersOf('User'),
  ...handlersOf('Group'),
  ...handlersOf('Role'),
}

function handlersOf(kind: Kind): Record<string, Handler> {
  const type = kind.toLowerCase() as 'user' | 'group' | 'role'
  const holder = (input: Input, context: RequestContext): Holder => find(context, type, input[`${kind}Name`])
  const change = (context: RequestContext, present: Holder, next: Partial<Holder>) => {
    if (type === 'role') refuseLinked(present as RoleRecord)
    entitiesOf(context).put(type, present.name, { ...present, ...next } as Holder & RoleRecord & UserRecord)
  }
  const inlineOf = (present: Holder, name: string): string => {
    const document = Object.hasOwn(present.inline, name) ? present.inline[name] : undefined
    if (document === undefined) throw noSuchEntity(`The ${type} policy with name ${name} cannot be found.`)
    return document
  }

  return {
    [`Put${kind}Policy`]: (input: Input, context) => {
      const present = holder(input, context)
      validatePolicy(input.PolicyDocument, 'identity')
      const inline = { ...present.inline, [input.PolicyName]: input.PolicyDocument }
      const size = Object.values(inline).join('').replace(/\s/g, '').length
      const limit = QUOTAS[`${kind}PolicySize`]
      if (size > limit)
        throw new AwsError(
          'LimitExceeded',
          `Maximum policy size of ${limit} bytes exceeded for ${type} ${present.name}`,
        )
      change(context, present, { inline })
    },

    [`Get${kind}Policy`]: (input: Input, context) => {
      const present = holder(input, context)
      return {
        [`${kind}Name`]: present.name,
        PolicyName: input.PolicyName,
        PolicyDocument: encodeDocument(inlineOf(present, input.PolicyName)),
      }
    },

    [`Delete${kind}Policy`]: (input: Input, context) => {
      const present = holder(input, context)
      inlineOf(present, input.PolicyName)
      const { [input.PolicyName]: _dropped, ...inline } = present.inline
      change(context, present, { inline })
    },

    [`List${kind}Policies`]: (input: Input, context) => {
      const { items, paging } = page(Object.keys(holder(input, context).inline).sort(), input)
      return { PolicyNames: items, ...paging }
    },

    [`Attach${kind}Policy`]: (input: Input, context) => {
      const arn: string = input.PolicyArn
      if (!arn.startsWith('arn:')) throw invalidInput(`ARN ${arn} is not valid.`)
      const present = holder(input, context)
      if (!policyByArn(context, arn)) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`)
      if (present.attached.includes(arn)) return
      const quota = `AttachedPoliciesPer${kind}` as const
      if (present.attached.length >= QUOTAS[quota]) throw limitExceeded(`PoliciesPer${kind}`, QUOTAS[quota])
      change(context, present, { attached: [...present.attached, arn] })
    },

    [`Detach${kind}Policy`]: (input: Input, context) => {
      const present = holder(input, context)
      if (!present.attached.includes(input.PolicyArn))
        throw noSuchEntity(`Policy ${input.PolicyArn} was not found.`)
      change(context, present, { attached: present.attached.filter((arn) => arn !== input.PolicyArn) })
    },

    [`ListAttached${kind}Policies`]: (input: Input, context) => {
      const policies = holder(input, context)
        .attached.map((arn) => policyByArn(context, arn))
        .filter((policy) => policy !== undefined)
        .filter(({ path }) => path.startsWith(input.PathPrefix ?? '/'))
      const { items, paging } = page(policies, input)
      return {
        AttachedPolicies: items.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn })),
        ...paging,
      }
    },
  }
}
