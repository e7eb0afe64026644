import type * as sdk from '@aws-sdk/client-ec2'
import type { RequestContext } from '../wire/service.ts'
import { invalidParameterValue, required } from './errors.ts'
import type { InstanceRecord } from './records.ts'
import { instances } from './tables.ts'

const MOST_HOPS = 64

/** Those fields of a machine's record that say how its metadata service answers. */
export type MetadataFields = Pick<
  InstanceRecord,
  'metadataHttpTokens' | 'metadataHopLimit' | 'metadataDisabled' | 'metadataIpv6' | 'metadataTags'
>

/** How an instance's metadata service answers: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceMetadataOptionsResponse.html */
export const toMetadataOptions = (instance: MetadataFields) => ({
  State: 'applied' as const,
  HttpTokens: instance.metadataHttpTokens,
  HttpPutResponseHopLimit: instance.metadataHopLimit,
  HttpEndpoint: onOff(!instance.metadataDisabled),
  HttpProtocolIpv6: onOff(instance.metadataIpv6),
  InstanceMetadataTags: onOff(instance.metadataTags),
})

const onOff = (on: boolean | undefined) => (on ? ('enabled' as const) : ('disabled' as const))

/** What a request changes of them. Throws InvalidParameterValue. */
export function metadataFields(
  given: Pick<
    sdk.InstanceMetadataOptionsRequest,
    'HttpTokens' | 'HttpPutResponseHopLimit' | 'HttpEndpoint' | 'HttpProtocolIpv6' | 'InstanceMetadataTags'
  > = {},
): Partial<MetadataFields> {
  const { HttpTokens, HttpPutResponseHopLimit: hops, HttpEndpoint } = given
  if (hops !== undefined && (hops < 1 || hops > MOST_HOPS))
    throw invalidParameterValue(
      `Value (${hops}) for parameter HttpPutResponseHopLimit is invalid. It must be between 1 and ${MOST_HOPS}.`,
    )
  return {
    ...(HttpTokens && { metadataHttpTokens: HttpTokens === 'optional' ? 'optional' : 'required' }),
    ...(hops !== undefined && { metadataHopLimit: hops }),
    ...(HttpEndpoint && { metadataDisabled: HttpEndpoint === 'disabled' }),
    ...(given.HttpProtocolIpv6 && { metadataIpv6: given.HttpProtocolIpv6 === 'enabled' }),
    ...(given.InstanceMetadataTags && { metadataTags: given.InstanceMetadataTags === 'enabled' }),
  }
}

export function modifyInstanceMetadataOptions(
  input: sdk.ModifyInstanceMetadataOptionsCommandInput,
  context: RequestContext,
) {
  const id = required(input.InstanceId, 'instanceId')
  const changed = instances.patch(context, id, metadataFields(input))
  return {
    InstanceId: id,
    InstanceMetadataOptions: { ...toMetadataOptions(changed), State: 'pending' as const },
  }
}
