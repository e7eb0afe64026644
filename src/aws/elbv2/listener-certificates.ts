import type * as sdk from '@aws-sdk/client-elastic-load-balancing-v2'
import { certificates } from '../acm/tables.ts'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { DEFAULT_SSL_POLICY, SSL_POLICIES } from './data/ssl-policies.ts'
import { page } from './paging.ts'
import type { ListenerRecord } from './records.ts'
import { listeners } from './tables.ts'

const validation = (message: string) => new AwsError('ValidationError', message)
export const isSecure = (protocol: string): boolean => protocol === 'HTTPS' || protocol === 'TLS'

/** Throws CertificateNotFound and UnsupportedCertificate for certificates that a listener cannot have. */
function checkCertificate(scope: Scope, arn: string): string {
  const record = certificates.find(scope, arn)
  if (!record) throw new AwsError('CertificateNotFound', `Certificate '${arn}' not found`)
  if (record.status !== 'ISSUED')
    throw new AwsError(
      'UnsupportedCertificate',
      `The certificate '${arn}' must have a fully-qualified domain name, a supported signature, and a supported key size.`,
    )
  return arn
}

/** The certificates and policy of a listener, as they are kept; the first certificate is the default one. */
export function securityOf(
  scope: Scope,
  protocol: string,
  input: Pick<sdk.CreateListenerCommandInput, 'Certificates' | 'SslPolicy'>,
  before?: ListenerRecord,
): Pick<ListenerRecord, 'certificates' | 'sslPolicy'> {
  const given = (input.Certificates ?? []).map(({ CertificateArn }) =>
    checkCertificate(scope, CertificateArn ?? ''),
  )
  if (!isSecure(protocol)) {
    if (given.length > 0) throw validation(`A certificate cannot be specified for ${protocol} listeners`)
    return {}
  }
  if (given.length > 1) throw validation('Up to one certificate can be specified for a listener')
  const kept = given.length > 0 ? [given[0]!, ...(before?.certificates ?? []).slice(1)] : before?.certificates
  if (!kept?.length) throw validation(`A certificate must be specified for ${protocol} listeners`)
  const sslPolicy = input.SslPolicy ?? before?.sslPolicy ?? DEFAULT_SSL_POLICY
  if (!SSL_POLICIES.some(({ name }) => name === sslPolicy))
    throw new AwsError('SSLPolicyNotFound', `SSL policy '${sslPolicy}' not found`)
  return { certificates: kept, sslPolicy }
}

const toCertificate = (arn: string, index: number): sdk.Certificate => ({
  CertificateArn: arn,
  IsDefault: index === 0,
})

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ListenerAttribute.html */
const LISTENER_ATTRIBUTES: Record<string, Record<string, string>> = {
  HTTP: { 'routing.http.response.server.enabled': 'true' },
  HTTPS: { 'routing.http.response.server.enabled': 'true' },
  TCP: { 'tcp.idle_timeout.seconds': '350' },
  TLS: {},
}

const attributesOf = ({ protocol, attributes }: ListenerRecord) =>
  Object.entries({ ...LISTENER_ATTRIBUTES[protocol], ...attributes }).map(([Key, Value]) => ({ Key, Value }))

export const listenerCertificateHandlers: Record<string, Handler> = {
  AddListenerCertificates: (input: sdk.AddListenerCertificatesCommandInput, context) => {
    const record = listeners.get(context, input.ListenerArn!)
    if (!isSecure(record.protocol))
      throw validation('Certificates can only be added to HTTPS and TLS listeners')
    const added = (input.Certificates ?? []).map(({ CertificateArn }) =>
      checkCertificate(context, CertificateArn!),
    )
    const all = [...new Set([...(record.certificates ?? []), ...added])]
    listeners.put(context, { ...record, certificates: all })
    return { Certificates: all.map(toCertificate) }
  },

  RemoveListenerCertificates: (input: sdk.RemoveListenerCertificatesCommandInput, context) => {
    const record = listeners.get(context, input.ListenerArn!)
    const gone = (input.Certificates ?? []).map(({ CertificateArn }) => CertificateArn!)
    const [first, ...others] = record.certificates ?? []
    if (first && gone.includes(first))
      throw new AwsError('OperationNotPermitted', `Default certificate '${first}' cannot be removed`)
    listeners.put(context, {
      ...record,
      certificates: [...(first ? [first] : []), ...others.filter((arn) => !gone.includes(arn))],
    })
    return {}
  },

  DescribeListenerCertificates: (input: sdk.DescribeListenerCertificatesCommandInput, context) => {
    const record = listeners.get(context, input.ListenerArn!)
    const { items, ...rest } = page(record.certificates ?? [], input)
    return {
      Certificates: items.map((arn) => toCertificate(arn, (record.certificates ?? []).indexOf(arn))),
      ...rest,
    }
  },

  DescribeSSLPolicies: (input: sdk.DescribeSSLPoliciesCommandInput) => {
    const found = input.Names?.length
      ? input.Names.map((name) => {
          const policy = SSL_POLICIES.find((one) => one.name === name)
          if (!policy) throw new AwsError('SSLPolicyNotFound', `SSL policy '${name}' not found`)
          return policy
        })
      : SSL_POLICIES
    return {
      SslPolicies: found.map(({ name, protocols, ciphers }) => ({
        Name: name,
        SslProtocols: protocols,
        Ciphers: ciphers.map((Name, index) => ({ Name, Priority: index + 1 })),
        SupportedLoadBalancerTypes: ['application', 'network'],
      })),
    }
  },

  DescribeListenerAttributes: (input: sdk.DescribeListenerAttributesCommandInput, context) => ({
    Attributes: attributesOf(listeners.get(context, input.ListenerArn!)),
  }),

  ModifyListenerAttributes: (input: sdk.ModifyListenerAttributesCommandInput, context) => {
    const record = listeners.get(context, input.ListenerArn!)
    const known = LISTENER_ATTRIBUTES[record.protocol] ?? {}
    for (const { Key = '' } of input.Attributes ?? [])
      if (!(Key in known)) throw validation(`Listener attribute key '${Key}' is not recognized`)
    const changed = Object.fromEntries((input.Attributes ?? []).map(({ Key, Value }) => [Key!, Value ?? '']))
    const next = listeners.put(context, { ...record, attributes: { ...record.attributes, ...changed } })
    return { Attributes: attributesOf(next) }
  },
}
