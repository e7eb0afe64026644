import 'reflect-metadata'
import { createHash, X509Certificate as NodeCertificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { resolvePath } from '../files/tree.ts'
import { readAll } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const USAGES: [bit: x509.KeyUsageFlags, name: string][] = [
  [x509.KeyUsageFlags.digitalSignature, 'Digital Signature'],
  [x509.KeyUsageFlags.nonRepudiation, 'Non Repudiation'],
  [x509.KeyUsageFlags.keyEncipherment, 'Key Encipherment'],
  [x509.KeyUsageFlags.dataEncipherment, 'Data Encipherment'],
  [x509.KeyUsageFlags.keyAgreement, 'Key Agreement'],
  [x509.KeyUsageFlags.keyCertSign, 'Certificate Sign'],
  [x509.KeyUsageFlags.cRLSign, 'CRL Sign'],
]
const PURPOSES: Record<string, string> = {
  '1.3.6.1.5.5.7.3.1': 'TLS Web Server Authentication',
  '1.3.6.1.5.5.7.3.2': 'TLS Web Client Authentication',
  '1.3.6.1.5.5.7.3.3': 'Code Signing',
}
/** Options that take a value, and those that name what is printed, in the order in which they are given. */
const WITH_VALUE = new Set(['in', 'inform', 'checkend', 'out', 'nameopt'])
const PRINTS = new Set([
  'text',
  'dates',
  'startdate',
  'enddate',
  'subject',
  'issuer',
  'serial',
  'fingerprint',
  'ext',
])

/** `Nov 29 19:00:00 2026 GMT` */
function shownDate(time: Date): string {
  const clock = time.toISOString().slice(11, 19)
  return `${MONTHS[time.getUTCMonth()]} ${String(time.getUTCDate()).padStart(2)} ${clock} ${time.getUTCFullYear()} GMT`
}

/** `CN = kubernetes` of OpenSSL 3.0 and 3.1; later ones have no spaces around the sign. */
function shownName(name: x509.Name, version: string): string {
  const sign = /^3\.[01]\./.test(version) ? ' = ' : '='
  return name
    .toJSON()
    .flatMap((part) =>
      Object.entries(part).flatMap(([type, values]) => values.map((value) => `${type}${sign}${value}`)),
    )
    .join(', ')
}

const pairs = (hex: string): string[] => hex.match(/../g) ?? []

/** Hexadecimal numbers with colons, so many a line. */
function block(hex: string, indent: string, width: number): string {
  const all = pairs(hex)
  const lines: string[] = []
  for (let at = 0; at < all.length; at += width) {
    const last = at + width >= all.length
    lines.push(`${indent}${all.slice(at, at + width).join(':')}${last ? '' : ':'}\n`)
  }
  return lines.join('')
}

function keyText(pem: NodeCertificate): string {
  const key = pem.publicKey
  const { n, e, x, y, crv } = key.export({ format: 'jwk' })
  const hex = (text: unknown) => Buffer.from(String(text), 'base64url').toString('hex')
  if (key.asymmetricKeyType === 'rsa') {
    const modulus = hex(n)
    const bits = key.asymmetricKeyDetails?.modulusLength
    const exponent = Number.parseInt(hex(e), 16)
    return `            Public Key Algorithm: rsaEncryption\n                Public-Key: (${bits} bit)\n                Modulus:\n${block(`00${modulus}`, ' '.repeat(20), 15)}                Exponent: ${exponent} (0x${exponent.toString(16)})\n`
  }
  const curves: Record<string, [bits: number, name: string]> = {
    'P-256': [256, 'prime256v1'],
    'P-384': [384, 'secp384r1'],
  }
  const [bits, name] = curves[String(crv)] ?? [0, String(crv)]
  return `            Public Key Algorithm: id-ecPublicKey\n                Public-Key: (${bits} bit)\n                pub:\n${block(`04${hex(x)}${hex(y)}`, ' '.repeat(20), 15)}                ASN1 OID: ${name}\n                NIST CURVE: ${crv}\n`
}

/** An extension's title and text; undefined for one that is not modelled. */
function extensionText(extension: x509.Extension): [title: string, text: string] | undefined {
  if (extension instanceof x509.KeyUsagesExtension)
    return [
      'X509v3 Key Usage',
      USAGES.filter(([bit]) => extension.usages & bit)
        .map(([, name]) => name)
        .join(', '),
    ]
  if (extension instanceof x509.ExtendedKeyUsageExtension)
    return [
      'X509v3 Extended Key Usage',
      extension.usages.map((oid) => PURPOSES[String(oid)] ?? String(oid)).join(', '),
    ]
  if (extension instanceof x509.BasicConstraintsExtension) {
    const length = extension.pathLength === undefined ? '' : `, pathlen:${extension.pathLength}`
    return ['X509v3 Basic Constraints', `CA:${extension.ca ? 'TRUE' : 'FALSE'}${length}`]
  }
  if (extension instanceof x509.SubjectKeyIdentifierExtension)
    return ['X509v3 Subject Key Identifier', pairs(extension.keyId.toUpperCase()).join(':')]
  if (extension instanceof x509.AuthorityKeyIdentifierExtension)
    return ['X509v3 Authority Key Identifier', pairs((extension.keyId ?? '').toUpperCase()).join(':')]
  if (extension instanceof x509.SubjectAlternativeNameExtension) {
    const kinds: Record<string, string> = { dns: 'DNS', ip: 'IP Address', email: 'email', url: 'URI' }
    const names = extension.names.items.map(({ type, value }) => `${kinds[type] ?? type}:${value}`)
    return ['X509v3 Subject Alternative Name', names.join(', ')]
  }
  return undefined
}

function certificateText(certificate: x509.X509Certificate, pem: NodeCertificate, version: string): string {
  const { hash, name } = certificate.signatureAlgorithm as { hash?: { name: string }; name: string }
  const digest = (hash?.name ?? 'SHA-256').replace('-', '')
  const algorithm = name === 'ECDSA' ? `ecdsa-with-${digest}` : `${digest.toLowerCase()}WithRSAEncryption`
  const serial = pem.serialNumber
  const number = BigInt(`0x${serial}`)
  const serialText =
    number < 2n ** 63n
      ? ` ${number} (0x${number.toString(16)})`
      : `\n            ${pairs(serial.toLowerCase()).join(':')}`
  const extensions = certificate.extensions.flatMap((extension) => {
    const shown = extensionText(extension)
    if (!shown) return []
    return `            ${shown[0]}: ${extension.critical ? 'critical' : ''}\n                ${shown[1]}\n`
  })
  const signature = Buffer.from(certificate.signature).toString('hex')
  return `Certificate:
    Data:
        Version: 3 (0x2)
        Serial Number:${serialText}
        Signature Algorithm: ${algorithm}
        Issuer: ${shownName(certificate.issuerName, version)}
        Validity
            Not Before: ${shownDate(certificate.notBefore)}
            Not After : ${shownDate(certificate.notAfter)}
        Subject: ${shownName(certificate.subjectName, version)}
        Subject Public Key Info:
${keyText(pem)}        X509v3 extensions:
${extensions.join('')}    Signature Algorithm: ${algorithm}
    Signature Value:
${block(signature, '        ', 18)}`
}

async function show(process: Process, version: string): Promise<number> {
  const options = new Map<string, string>()
  const prints: string[] = []
  const words = process.argv.slice(2)
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const name = word.replace(/^--?/, '')
    if (PRINTS.has(name)) prints.push(name)
    else options.set(name, WITH_VALUE.has(name) ? (words.shift() ?? '') : '')
  }
  const path = options.get('in')
  let input: Buffer
  try {
    input =
      path === undefined
        ? await readAll(process.stdin)
        : Buffer.from(await process.files.read(resolvePath(process.cwd, path)))
  } catch {
    await process.complain(
      `Could not open file or uri for loading certificate from ${path}: No such file or directory\n`,
    )
    return 1
  }
  const pem = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(input.toString())?.[0]
  let node: NodeCertificate
  try {
    node = new NodeCertificate(pem ?? input)
  } catch {
    await process.complain(`Could not find certificate from ${path ?? '<stdin>'}\n`)
    return 1
  }
  const certificate = new x509.X509Certificate(node.raw)
  const digest = options.has('sha256') ? 'sha256' : 'sha1'
  const texts: Record<string, () => string> = {
    text: () => certificateText(certificate, node, version),
    startdate: () => `notBefore=${shownDate(certificate.notBefore)}\n`,
    enddate: () => `notAfter=${shownDate(certificate.notAfter)}\n`,
    dates: () => `${texts.startdate!()}${texts.enddate!()}`,
    subject: () => `subject=${shownName(certificate.subjectName, version)}\n`,
    issuer: () => `issuer=${shownName(certificate.issuerName, version)}\n`,
    serial: () => `serial=${node.serialNumber}\n`,
    fingerprint: () => {
      const hash = createHash(digest).update(node.raw).digest('hex').toUpperCase()
      return `${digest} Fingerprint=${pairs(hash).join(':')}\n`
    },
  }
  for (const name of prints) {
    if (texts[name]) await process.print(texts[name]())
    else {
      await process.complain(`openssl: drydock: x509 -${name} is not simulated\n`)
      return 1
    }
  }
  const seconds = options.get('checkend')
  let status = 0
  if (seconds !== undefined) {
    const lasts = certificate.notAfter.getTime() > process.machine.clock.now() + Number(seconds) * 1000
    await process.print(`Certificate will ${lasts ? 'not ' : ''}expire\n`)
    status = lasts ? 0 : 1
  }
  if (!options.has('noout')) await process.print(`${node.toString().trimEnd()}\n`)
  return status
}

/** `openssl`: shows certificates (`x509`); what else it can is not simulated. */
export const openssl =
  (version: string): Program =>
  async (process) => {
    const [, command = 'help'] = process.argv
    if (command === 'x509') return show(process, version)
    if (command === 'version') {
      await process.print(`OpenSSL ${version}\n`)
      return 0
    }
    await process.complain(`openssl: drydock: ${command} is not simulated, only x509 and version are\n`)
    return 1
  }
