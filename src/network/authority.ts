import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { dirname } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
// @peculiar/x509 needs the metadata polyfill before it is loaded.
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY = 24 * 3600 * 1000
/** Clients refuse server certificates of more than 398 days (CA/Browser Forum BR 6.3.2). */
const LEAF_DAYS = 397
const ROOT_DAYS = 3650

export interface KeyAndCertificate {
  /** PEM */
  privateKey: string
  /** PEM */
  certificate: string
}

/** Makes a self-signed CA. `now` is ms since the epoch: clients check dates against their own clock. */
export async function createAuthority(commonName: string, now: number): Promise<KeyAndCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + ROOT_DAYS * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { privateKey: await exportKey(keys.privateKey), certificate: certificate.toString('pem') }
}

/** Issues server certificates for host names, signed by one CA, and keeps them for later connections. */
export class CertificateIssuer {
  readonly #authority: KeyAndCertificate
  readonly #hostNow: () => number
  readonly #contexts = new Map<string, { context: SecureContext; expires: number }>()
  #signer: ReturnType<typeof loadSigner> | undefined

  constructor(authority: KeyAndCertificate, hostNow: () => number) {
    this.#authority = authority
    this.#hostNow = hostNow
  }

  /** What a TLS server needs to speak as `host` (a name or an address). */
  async secureContext(host: string): Promise<SecureContext> {
    const known = this.#contexts.get(host)
    if (known && known.expires > this.#hostNow()) return known.context
    const { certificate, privateKey } = await this.issue(host)
    const context = createSecureContext({ cert: certificate + this.#authority.certificate, key: privateKey })
    this.#contexts.set(host, { context, expires: this.#hostNow() + (LEAF_DAYS - 7) * DAY })
    return context
  }

  /** A certificate for a name or an address, and for `others` beside it. */
  async issue(host: string, others: string[] = []): Promise<KeyAndCertificate> {
    this.#signer ??= loadSigner(this.#authority)
    const { key, certificate: issuer, algorithm, leaf, leafPem } = await this.#signer
    const now = this.#hostNow()
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      // A common name holds at most 64 characters; the name that counts is the alternative one.
      subject: [{ CN: [host.slice(0, 64)] }],
      issuer: issuer.subject,
      notBefore: new Date(now - DAY),
      notAfter: new Date(now + LEAF_DAYS * DAY),
      signingAlgorithm: algorithm,
      publicKey: leaf.publicKey,
      signingKey: key,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1']),
        new x509.SubjectAlternativeNameExtension(
          [host, ...others].map((value) => ({
            type: isIP(value) ? ('ip' as const) : ('dns' as const),
            value,
          })),
        ),
        await x509.SubjectKeyIdentifierExtension.create(leaf.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ],
    })
    return { certificate: `${certificate.toString('pem')}\n`, privateKey: leafPem }
  }
}

/** What a certificate is for, besides its names. */
export interface CertificateRequest {
  commonName: string
  organizations?: string[]
  /** Names and addresses of a server. */
  names?: string[]
  usages: ('server' | 'client' | 'code')[]
  /** Of its key; default P-256. */
  curve?: 'P-256' | 'P-384'
  /** ms since the epoch. */
  notBefore: number
  notAfter: number
}

/** A certificate with a key of its own, signed by an authority. */
export async function signCertificate(
  authority: KeyAndCertificate,
  request: CertificateRequest,
): Promise<KeyAndCertificate> {
  const { key, certificate: issuer, algorithm } = await loadSigner(authority)
  const { commonName, organizations = [], names = [], usages, notBefore, notAfter, curve } = request
  const keys = await crypto.subtle.generateKey(
    { ...ALGORITHM, namedCurve: curve ?? ALGORITHM.namedCurve },
    true,
    ['sign', 'verify'],
  )
  const purposes = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2', code: '1.3.6.1.5.5.7.3.3' }
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...organizations.map((name) => ({ O: [name] })), { CN: [commonName] }],
    issuer: issuer.subject,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature |
          (usages.includes('code') ? 0 : x509.KeyUsageFlags.keyEncipherment),
        true,
      ),
      new x509.ExtendedKeyUsageExtension(usages.map((usage) => purposes[usage])),
      ...(names.length > 0
        ? [
            new x509.SubjectAlternativeNameExtension(
              names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
            ),
          ]
        : []),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  })
  return {
    certificate: `${certificate.toString('pem')}\n`,
    privateKey: await exportKey(keys.privateKey),
  }
}

/** What issuing needs. One key pair serves all names: making one for each would cost more than the certificate. */
async function loadSigner(authority: KeyAndCertificate) {
  const certificate = new x509.X509Certificate(authority.certificate)
  // The authority of an EKS cluster has an RSA key, the lab's own an elliptic one.
  const algorithm = { ...certificate.publicKey.algorithm, hash: 'SHA-256' } as typeof ALGORITHM
  const der = x509.PemConverter.decodeFirst(authority.privateKey)
  const key = await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  const leaf = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  return { key, certificate, algorithm, leaf, leafPem: await exportKey(leaf.privateKey) }
}

/** Reads a CA from `<path>.key` and `<path>.crt`, making them the first time. */
export async function loadAuthority(
  path: string,
  commonName: string,
  now: number,
): Promise<KeyAndCertificate> {
  try {
    const [privateKey, certificate] = await Promise.all([
      readFile(`${path}.key`, 'utf8'),
      readFile(`${path}.crt`, 'utf8'),
    ])
    return { privateKey, certificate }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const authority = await createAuthority(commonName, now)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // The key first: a certificate without its key would be believed and could not be used.
  for (const [suffix, text, mode] of [
    ['.key', authority.privateKey, 0o600],
    ['.crt', authority.certificate, 0o644],
  ] as const) {
    await writeFile(`${path}${suffix}.tmp`, text, { mode })
    await rename(`${path}${suffix}.tmp`, `${path}${suffix}`)
  }
  return authority
}

export async function exportKey(key: CryptoKey): Promise<string> {
  const der = await crypto.subtle.exportKey('pkcs8', key)
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`
}

/** 126 random bits, positive (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x3f) | 0x40
  return bytes.toString('hex')
}
