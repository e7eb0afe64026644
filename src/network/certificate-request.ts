// @peculiar/x509 needs the metadata polyfill before it is loaded.
import 'reflect-metadata'
import { randomBytes } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { exportKey, type KeyAndCertificate } from './authority.ts'

/** What a PKCS#10 request asks for. */
export interface CertificateRequest {
  commonName: string
  organizations: string[]
  dnsNames: string[]
  addresses: string[]
  emails: string[]
  uris: string[]
}

const TYPE = 'CERTIFICATE REQUEST'

/** Reads a request in PEM. Throws an Error with Go's words for what is wrong with it. */
export function readRequest(pem: string): CertificateRequest {
  return describe(parse(pem))
}

function parse(pem: string): x509.Pkcs10CertificateRequest {
  const type = pem.match(/-----BEGIN ([A-Z0-9 ]+)-----/)?.[1]
  if (type !== TYPE) throw new Error('PEM block type must be CERTIFICATE REQUEST')
  return new x509.Pkcs10CertificateRequest(pem)
}

function describe(request: x509.Pkcs10CertificateRequest): CertificateRequest {
  const name = request.subjectName
  const names = alternativeNames(request)?.names.items ?? []
  const of = (type: string) => names.filter((item) => item.type === type).map(({ value }) => value)
  return {
    commonName: name.getField('CN')[0] ?? '',
    organizations: name.getField('O'),
    dnsNames: of('dns'),
    addresses: of('ip'),
    emails: of('email'),
    uris: of('url'),
  }
}

const alternativeNames = (request: x509.Pkcs10CertificateRequest) =>
  request.extensions.find((item) => item instanceof x509.SubjectAlternativeNameExtension)

/** A request for a certificate of an ECDSA key that is made for it, and that key; both in PEM. */
export async function makeRequest(wanted: {
  commonName: string
  organizations: string[]
  dnsNames?: string[]
  addresses?: string[]
}): Promise<{ request: string; privateKey: string }> {
  const { commonName, organizations, dnsNames = [], addresses = [] } = wanted
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])
  const names = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...addresses.map((value) => ({ type: 'ip' as const, value })),
  ]
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [...organizations.map((name) => ({ O: [name] })), { CN: [commonName] }],
    keys,
    signingAlgorithm,
    extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  })
  return { request: `${request.toString('pem')}\n`, privateKey: await exportKey(keys.privateKey) }
}

/** Go's x509 key usages by the words of `certificates.k8s.io`. */
const KEY_USAGES: Record<string, number> = {
  signing: x509.KeyUsageFlags.digitalSignature,
  'digital signature': x509.KeyUsageFlags.digitalSignature,
  'content commitment': x509.KeyUsageFlags.nonRepudiation,
  'key encipherment': x509.KeyUsageFlags.keyEncipherment,
  'key agreement': x509.KeyUsageFlags.keyAgreement,
  'data encipherment': x509.KeyUsageFlags.dataEncipherment,
  'cert sign': x509.KeyUsageFlags.keyCertSign,
  'crl sign': x509.KeyUsageFlags.cRLSign,
  'encipher only': x509.KeyUsageFlags.encipherOnly,
  'decipher only': x509.KeyUsageFlags.decipherOnly,
}

const EXTENDED: Record<string, string> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
}

/** The words for what a certificate may be used for. */
export const USAGES = [...Object.keys(KEY_USAGES), ...Object.keys(EXTENDED)]

/** Before now, ms: other machines' clocks may be behind. */
const BACKDATE_MS = 5 * 60_000

/**
 * A certificate for a request, in PEM, with its subject and alternative names. Times are ms since the epoch; the authority's own end
 * comes first. Throws when the request is not signed by its own key.
 */
export async function signRequest(
  authority: KeyAndCertificate,
  pem: string,
  options: { usages: string[]; now: number; durationMs: number },
): Promise<string> {
  const request = parse(pem)
  if (!(await request.verify())) throw new Error('x509: invalid signature in the certificate request')
  const issuer = new x509.X509Certificate(authority.certificate)
  const algorithm = { ...issuer.publicKey.algorithm, hash: 'SHA-256' }
  const der = x509.PemConverter.decodeFirst(authority.privateKey)
  const signingKey = await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  const flags = options.usages.reduce((sum, usage) => sum | (KEY_USAGES[usage] ?? 0), 0)
  const extended = options.usages.flatMap((usage) => EXTENDED[usage] ?? [])
  const names = alternativeNames(request)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(16)
      .toString('hex')
      .replace(/^[89a-f]/, '7'),
    subject: request.subject,
    issuer: issuer.subject,
    notBefore: new Date(options.now - BACKDATE_MS),
    notAfter: new Date(Math.min(options.now + options.durationMs, issuer.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: request.publicKey,
    signingKey,
    extensions: [
      ...(flags ? [new x509.KeyUsagesExtension(flags, true)] : []),
      ...(extended.length > 0 ? [new x509.ExtendedKeyUsageExtension(extended)] : []),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(names ? [names] : []),
    ],
  })
  return `${certificate.toString('pem')}\n`
}
