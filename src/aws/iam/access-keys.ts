import type * as sdk from '@aws-sdk/client-iam'
import type { Handler, RequestContext } from '../wire/service.ts'
import { limitExceeded, noSuchEntity } from './errors.ts'
import { entitiesOf, find, now } from './find.ts'
import { secretAccessKey, uniqueId } from './ids.ts'
import { page } from './paging.ts'
import { QUOTAS } from './quotas.ts'
import type { AccessKeyRecord } from './records.ts'
import { userNameOf } from './users.ts'

const statusOf = ({ active }: AccessKeyRecord): sdk.StatusType => (active ? 'Active' : 'Inactive')

function keyOf(context: RequestContext, userName: string, id: string): AccessKeyRecord {
  const key = entitiesOf(context).accessKey(id)
  if (key?.accountId === context.accountId && key.userName === userName) return key
  throw noSuchEntity(`The Access Key with id ${id} cannot be found.`)
}

export const accessKeyHandlers: Record<string, Handler> = {
  CreateAccessKey: (input: sdk.CreateAccessKeyCommandInput, context) => {
    const entities = entitiesOf(context)
    const user = find(context, 'user', userNameOf(context, input.UserName))
    if (user.accessKeys.length >= QUOTAS.AccessKeysPerUser)
      throw limitExceeded('AccessKeysPerUser', QUOTAS.AccessKeysPerUser)
    const key: AccessKeyRecord = {
      id: uniqueId(context.world, 'AKIA'),
      secret: secretAccessKey(),
      accountId: context.accountId,
      userName: user.name,
      active: true,
      created: now(context),
    }
    entities.putAccessKey(key)
    entities.put('user', user.name, { ...user, accessKeys: [...user.accessKeys, key.id] })
    return {
      AccessKey: {
        UserName: user.name,
        AccessKeyId: key.id,
        Status: 'Active',
        SecretAccessKey: key.secret,
        CreateDate: new Date(key.created),
      },
    }
  },

  ListAccessKeys: (input: sdk.ListAccessKeysCommandInput, context) => {
    const entities = entitiesOf(context)
    const user = find(context, 'user', userNameOf(context, input.UserName))
    const keys = user.accessKeys.map((id) => entities.accessKey(id)).filter((key) => key !== undefined)
    const { items, paging } = page(keys, input)
    const AccessKeyMetadata = items.map((key) => ({
      UserName: user.name,
      AccessKeyId: key.id,
      Status: statusOf(key),
      CreateDate: new Date(key.created),
    }))
    return { AccessKeyMetadata, ...paging }
  },

  UpdateAccessKey: (input: sdk.UpdateAccessKeyCommandInput, context) => {
    const key = keyOf(context, userNameOf(context, input.UserName), input.AccessKeyId!)
    entitiesOf(context).putAccessKey({ ...key, active: input.Status === 'Active' })
  },

  DeleteAccessKey: (input: sdk.DeleteAccessKeyCommandInput, context) => {
    const entities = entitiesOf(context)
    const user = find(context, 'user', userNameOf(context, input.UserName))
    const key = keyOf(context, user.name, input.AccessKeyId!)
    entities.deleteAccessKey(key.id)
    entities.put('user', user.name, { ...user, accessKeys: user.accessKeys.filter((id) => id !== key.id) })
  },

  GetAccessKeyLastUsed: (input: sdk.GetAccessKeyLastUsedCommandInput, context) => {
    const key = entitiesOf(context).accessKey(input.AccessKeyId!)
    if (key?.accountId !== context.accountId || key.userName === undefined)
      throw noSuchEntity(`The Access Key with id ${input.AccessKeyId} cannot be found.`)
    // Last use is not tracked: a key looks as on the day it was made.
    return { UserName: key.userName, AccessKeyLastUsed: { ServiceName: 'N/A', Region: 'N/A' } }
  },
}
