import type * as sdk from '@aws-sdk/client-kms'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { page } from './paging.ts'
import type { AliasRecord } from './records.ts'
import {
  aliasArn,
  deleteAliasRecord,
  findAlias,
  listAliasRecords,
  notFound,
  putAlias,
  requireKey,
} from './tables.ts'

function checkName(name: string): void {
  if (name.startsWith('alias/aws/')) {
    throw new AwsError('NotAuthorizedException', '')
  }
  if (!/^alias\/[a-zA-Z0-9:/_-]+$/.test(name)) {
    throw new AwsError(
      'ValidationException',
      `Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`,
    )
  }
}

export function createAlias(input: sdk.CreateAliasCommandInput, context: RequestContext) {
  const name = input.AliasName!
  checkName(name)
  const key = requireKey(context, input.TargetKeyId!)
  if (findAlias(context, name)) {
    throw new AwsError(
      'AlreadyExistsException',
      `An alias with the name ${aliasArn(context, name)} already exists`,
    )
  }
  const now = context.world.clock.now()
  putAlias(context, { name, keyId: key.id, createdAt: now, updatedAt: now })
  return {}
}

export function updateAlias(input: sdk.UpdateAliasCommandInput, context: RequestContext) {
  const alias = requireAlias(context, input.AliasName!)
  const key = requireKey(context, input.TargetKeyId!)
  putAlias(context, { ...alias, keyId: key.id, updatedAt: context.world.clock.now() })
  return {}
}

export function deleteAlias(input: sdk.DeleteAliasCommandInput, context: RequestContext) {
  checkName(input.AliasName!)
  deleteAliasRecord(context, requireAlias(context, input.AliasName!).name)
  return {}
}

function requireAlias(context: RequestContext, name: string): AliasRecord {
  const alias = findAlias(context, name)
  if (!alias) throw notFound(`Alias ${aliasArn(context, name)} is not found.`)
  return alias
}

export function listAliases(input: sdk.ListAliasesCommandInput, context: RequestContext) {
  const key = input.KeyId ? requireKey(context, input.KeyId) : undefined
  const all = listAliasRecords(context).filter(({ keyId }) => !key || keyId === key.id)
  const { items, paging } = page(all, input)
  return {
    Aliases: items.map(({ name, keyId, createdAt, updatedAt }) => ({
      AliasName: name,
      AliasArn: aliasArn(context, name),
      TargetKeyId: keyId,
      CreationDate: new Date(createdAt),
      LastUpdatedDate: new Date(updatedAt),
    })),
    ...paging,
  }
}
