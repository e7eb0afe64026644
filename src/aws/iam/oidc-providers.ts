import type * as sdk from '@aws-sdk/client-iam'
import type { Handler, RequestContext } from '../wire/service.ts'
import { alreadyExists, invalidInput, noSuchEntity } from './errors.ts'
import { entitiesOf, now } from './find.ts'
import type { OidcProviderRecord } from './records.ts'
import { mergeTags } from './tags.ts'

/** Throws NoSuchEntity. */
export function findProvider(context: RequestContext, arn: string): OidcProviderRecord {
  const provider = entitiesOf(context).get('oidc-provider', arn)
  if (!provider) throw noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`)
  return provider
}

function put(context: RequestContext, provider: OidcProviderRecord): void {
  entitiesOf(context).put('oidc-provider', provider.arn, provider)
}

export const oidcProviderHandlers: Record<string, Handler> = {
  CreateOpenIDConnectProvider: (input: sdk.CreateOpenIDConnectProviderCommandInput, context) => {
    const url = input.Url!
    if (!/^https:\/\/[^?#]+$/.test(url)) throw invalidInput('Invalid Open ID Connect Provider URL')
    const arn = `arn:aws:iam::${context.accountId}:oidc-provider/${url.slice('https://'.length)}`
    if (entitiesOf(context).get('oidc-provider', arn))
      throw alreadyExists(`Provider with url ${url} already exists.`)
    const provider: OidcProviderRecord = {
      arn,
      url,
      clientIds: input.ClientIDList ?? [],
      thumbprints: input.ThumbprintList ?? [],
      created: now(context),
      tags: mergeTags([], input.Tags),
    }
    put(context, provider)
    return { OpenIDConnectProviderArn: arn, ...(provider.tags.length > 0 ? { Tags: provider.tags } : {}) }
  },

  GetOpenIDConnectProvider: (input: sdk.GetOpenIDConnectProviderCommandInput, context) => {
    const provider = findProvider(context, input.OpenIDConnectProviderArn!)
    return {
      Url: provider.url.slice('https://'.length),
      ClientIDList: provider.clientIds,
      ThumbprintList: provider.thumbprints,
      CreateDate: new Date(provider.created),
      ...(provider.tags.length > 0 ? { Tags: provider.tags } : {}),
    }
  },

  ListOpenIDConnectProviders: (_input: unknown, context) => ({
    OpenIDConnectProviderList: entitiesOf(context)
      .list('oidc-provider')
      .map(({ arn }) => ({ Arn: arn })),
  }),

  AddClientIDToOpenIDConnectProvider: (
    input: sdk.AddClientIDToOpenIDConnectProviderCommandInput,
    context,
  ) => {
    const provider = findProvider(context, input.OpenIDConnectProviderArn!)
    put(context, { ...provider, clientIds: [...new Set([...provider.clientIds, input.ClientID!])] })
  },

  RemoveClientIDFromOpenIDConnectProvider: (
    input: sdk.RemoveClientIDFromOpenIDConnectProviderCommandInput,
    context,
  ) => {
    const provider = findProvider(context, input.OpenIDConnectProviderArn!)
    put(context, { ...provider, clientIds: provider.clientIds.filter((id) => id !== input.ClientID) })
  },

  UpdateOpenIDConnectProviderThumbprint: (
    input: sdk.UpdateOpenIDConnectProviderThumbprintCommandInput,
    context,
  ) => {
    const provider = findProvider(context, input.OpenIDConnectProviderArn!)
    put(context, { ...provider, thumbprints: input.ThumbprintList! })
  },

  DeleteOpenIDConnectProvider: (input: sdk.DeleteOpenIDConnectProviderCommandInput, context) => {
    entitiesOf(context).delete('oidc-provider', input.OpenIDConnectProviderArn!)
  },
}
