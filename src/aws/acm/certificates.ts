import { createPrivateKey, X509Certificate } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-acm'
import { pageOf } from '../table.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import type { CertificateRecord } from './records.ts'
import { certificates } from './tables.ts'

const validation = (message: string) => new AwsError('ValidationException', message)

/** Throws ResourceNotFoundException. */
function get(context: RequestContext, arn: string): CertificateRecord {
  const record = certificates.find(context, arn)
  if (!record) throw new AwsError('ResourceNotFoundException', `Could not find certificate ${arn}.`)
  return record
}

const newArn = ({ world, region, accountId }: RequestContext) =>
  `arn:aws:acm:${region}:${accountId}:certificate/${world.ids.uuid()}`
const tagsOf = (tags: sdk.Tag[] | undefined) =>
  Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key!, Value ?? '']))

const parsed = ({ certificate }: CertificateRecord) =>
  certificate === undefined ? undefined : new X509Certificate(certificate)

const KEYS: Record<string, string> = {
  '2048': 'RSA_2048',
  '3072': 'RSA_3072',
  '4096': 'RSA_4096',
  '1024': 'RSA_1024',
}
const CURVES: Record<string, string> = {
  prime256v1: 'EC_prime256v1',
  secp384r1: 'EC_secp384r1',
  secp521r1: 'EC_secp521r1',
}

function keyAlgorithm(certificate: X509Certificate | undefined): string {
  const details = certificate?.publicKey.asymmetricKeyDetails
  return KEYS[String(details?.modulusLength)] ?? CURVES[details?.namedCurve ?? ''] ?? 'RSA_2048'
}

/** The DNS record by which AWS would see that the domain is the caller's. */
const challenge = (record: CertificateRecord, domain: string): sdk.ResourceRecord => {
  const id = record.arn.split('/')[1]!.replaceAll('-', '')
  return {
    Name: `_${id}.${domain.replace(/^\*\./, '')}.`,
    Type: 'CNAME',
    Value: `_${id.split('').reverse().join('')}.acm-validations.aws.`,
  }
}

function toDetail(record: CertificateRecord, usedBy: string[]): sdk.CertificateDetail {
  const certificate = parsed(record)
  const subject = certificate?.subject.replaceAll('\n', ', ')
  return {
    CertificateArn: record.arn,
    DomainName: record.domain,
    SubjectAlternativeNames: [record.domain, ...record.names],
    Type: record.type,
    Status: record.status,
    KeyAlgorithm: keyAlgorithm(certificate) as sdk.KeyAlgorithm,
    InUseBy: usedBy,
    ...(certificate
      ? {
          Serial: certificate.serialNumber.toLowerCase().replace(/(..)(?=.)/g, '$1:'),
          Subject: subject,
          Issuer: /CN=([^\n]+)/.exec(certificate.issuer)?.[1] ?? certificate.issuer,
          ImportedAt: new Date(record.created),
          NotBefore: new Date(certificate.validFrom),
          NotAfter: new Date(certificate.validTo),
          SignatureAlgorithm: 'SHA256WITHRSA',
          RenewalEligibility: 'INELIGIBLE' as const,
        }
      : {
          CreatedAt: new Date(record.created),
          RenewalEligibility: 'INELIGIBLE' as const,
          DomainValidationOptions: [record.domain, ...record.names].map((domain) => ({
            DomainName: domain,
            ValidationDomain: domain,
            ValidationStatus: 'PENDING_VALIDATION' as const,
            ValidationMethod: record.validation,
            ...(record.validation === 'DNS' ? { ResourceRecord: challenge(record, domain) } : {}),
          })),
        }),
  }
}

/** Who uses a certificate: told by the load balancers, which know nothing of this service's records. */
export type UsedBy = (context: RequestContext, arn: string) => string[]

function importCertificate(input: sdk.ImportCertificateCommandInput, context: RequestContext) {
  const certificate = Buffer.from(input.Certificate!).toString()
  const privateKey = Buffer.from(input.PrivateKey!).toString()
  const chain = input.CertificateChain ? Buffer.from(input.CertificateChain).toString() : undefined
  let x509: X509Certificate
  try {
    x509 = new X509Certificate(certificate)
  } catch {
    throw validation('The certificate is not in PEM format.')
  }
  let matches: boolean
  try {
    matches = x509.checkPrivateKey(createPrivateKey(privateKey))
  } catch {
    throw validation('The private key is not supported.')
  }
  if (!matches) throw validation('Provided certificate and private key do not match.')
  if (Date.parse(x509.validTo) < context.world.clock.now()) throw validation('The certificate has expired.')
  const domain = /CN=([^\n]+)/.exec(x509.subject)?.[1] ?? ''
  const names = [...(x509.subjectAltName ?? '').matchAll(/DNS:([^,\s]+)/g)].map(([, name]) => name!)
  const known = input.CertificateArn ? get(context, input.CertificateArn) : undefined
  const record = certificates.put(context, {
    arn: known?.arn ?? newArn(context),
    domain: domain || (names[0] ?? ''),
    names: names.filter((name) => name !== domain),
    type: 'IMPORTED',
    status: 'ISSUED',
    certificate,
    privateKey,
    ...(chain === undefined ? {} : { chain }),
    created: context.world.clock.now(),
    tags: known?.tags ?? tagsOf(input.Tags),
  })
  return { CertificateArn: record.arn }
}

function requestCertificate(input: sdk.RequestCertificateCommandInput, context: RequestContext) {
  const token = input.IdempotencyToken
  const same = token
    ? certificates.list(context).find((one) => one.token === token && one.domain === input.DomainName)
    : undefined
  if (same) return { CertificateArn: same.arn }
  const record = certificates.put(context, {
    arn: newArn(context),
    domain: input.DomainName!,
    names: (input.SubjectAlternativeNames ?? []).filter((name) => name !== input.DomainName),
    type: 'AMAZON_ISSUED',
    status: 'PENDING_VALIDATION',
    validation: input.ValidationMethod === 'DNS' ? 'DNS' : 'EMAIL',
    created: context.world.clock.now(),
    ...(token ? { token } : {}),
    tags: tagsOf(input.Tags),
  })
  return { CertificateArn: record.arn }
}

export function certificateHandlers(usedBy: UsedBy): Record<string, Handler> {
  return {
    ImportCertificate: importCertificate,
    /** It stays PENDING_VALIDATION: no DNS zone is simulated in which its record could be put. */
    RequestCertificate: requestCertificate,

    DescribeCertificate: (input: sdk.DescribeCertificateCommandInput, context) => {
      const record = get(context, input.CertificateArn!)
      return { Certificate: toDetail(record, usedBy(context, record.arn)) }
    },

    ListCertificates: (input: sdk.ListCertificatesCommandInput, context) => {
      const all = certificates
        .list(context)
        .filter(
          ({ status }) => !input.CertificateStatuses?.length || input.CertificateStatuses.includes(status),
        )
      const { items, next } = pageOf(all, input.MaxItems ?? 100, input.NextToken, () =>
        validation('The NextToken is not valid.'),
      )
      return {
        CertificateSummaryList: items.map((record) => {
          const { CertificateArn, DomainName, Status, Type, KeyAlgorithm, NotBefore, NotAfter } = toDetail(
            record,
            [],
          )
          const InUse = usedBy(context, record.arn).length > 0
          return { CertificateArn, DomainName, Status, Type, KeyAlgorithm, NotBefore, NotAfter, InUse }
        }),
        NextToken: next,
      }
    },

    GetCertificate: (input: sdk.GetCertificateCommandInput, context) => {
      const { certificate, chain, status } = get(context, input.CertificateArn!)
      if (status !== 'ISSUED')
        throw new AwsError(
          'RequestInProgressException',
          `Certificate ${input.CertificateArn} is not yet issued.`,
        )
      return { Certificate: certificate, ...(chain === undefined ? {} : { CertificateChain: chain }) }
    },

    DeleteCertificate: (input: sdk.DeleteCertificateCommandInput, context) => {
      const record = get(context, input.CertificateArn!)
      if (usedBy(context, record.arn).length > 0)
        throw new AwsError(
          'ResourceInUseException',
          `Certificate ${record.arn} in account ${context.accountId} is in use.`,
        )
      certificates.delete(context, record)
    },

    AddTagsToCertificate: (input: sdk.AddTagsToCertificateCommandInput, context) => {
      const record = get(context, input.CertificateArn!)
      certificates.put(context, { ...record, tags: { ...record.tags, ...tagsOf(input.Tags) } })
    },
    RemoveTagsFromCertificate: (input: sdk.RemoveTagsFromCertificateCommandInput, context) => {
      const record = get(context, input.CertificateArn!)
      const gone = (input.Tags ?? []).map(({ Key }) => Key!)
      const left = Object.entries(record.tags).filter(([key]) => !gone.includes(key))
      certificates.put(context, { ...record, tags: Object.fromEntries(left) })
    },
    ListTagsForCertificate: (input: sdk.ListTagsForCertificateCommandInput, context) => ({
      Tags: Object.entries(get(context, input.CertificateArn!).tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  }
}
