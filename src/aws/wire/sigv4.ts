import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { FaultKind } from './faults.ts'
import type { Identity, SigningKey } from './identity.ts'
import { header, type WireRequest } from './request.ts'

/** A request's signature is missing or wrong; `kind` chooses the service's error code. */
export class SignatureFault extends Error {
  override readonly name = 'SignatureFault'
  readonly kind: FaultKind
  constructor(kind: FaultKind, message: string) {
    super(message)
    this.kind = kind
  }
}

/** Where and when a request was signed, read from its Authorization header or query string. */
export interface Signature {
  accessKeyId: string
  /** `20261121` */
  day: string
  region: string
  service: string
  signedHeaders: string[]
  signature: string
  /** `20261121T074424Z` */
  date: string
  sessionToken: string | undefined
  /** Seconds that a presigned URL is good for. */
  expires: number | undefined
}

/** How far a signature's time may be from the server's, ms. */
const CLOCK_SKEW_MS = 5 * 60_000
/** The longest life of a presigned request, seconds. */
const MAX_EXPIRES = 604_800

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'

const signatures = new WeakMap<WireRequest, Signature>()

/** Reads a request's signature, once; `undefined` when it has none. Throws SignatureFault when it is incomplete. */
export function readSignature(request: WireRequest): Signature | undefined {
  const known = signatures.get(request)
  if (known) return known
  const signature = findSignature(request)
  if (signature) signatures.set(request, signature)
  return signature
}

function findSignature(request: WireRequest): Signature | undefined {
  const authorization = header(request, 'authorization')
  if (authorization !== undefined) return fromHeader(authorization, request)
  if (!/(^|&)X-Amz-(Algorithm|Signature|Credential)=/i.test(request.query)) return undefined
  return fromQuery(new URLSearchParams(request.query))
}

function fromHeader(authorization: string, request: WireRequest): Signature {
  if (!authorization.startsWith('AWS4-HMAC-SHA256'))
    throw new SignatureFault(
      'incomplete-signature',
      `Unsupported AWS signature in Authorization=${authorization}`,
    )
  const parts = new Map<string, string>()
  for (const part of authorization.slice('AWS4-HMAC-SHA256'.length).split(',')) {
    const equals = part.indexOf('=')
    if (equals > 0) parts.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim())
  }
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter((name) => !parts.get(name))
  const date = header(request, 'x-amz-date') ?? isoBasic(header(request, 'date'))
  const problems = missing.map((name) => `Authorization header requires '${name}' parameter.`)
  if (!date)
    problems.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
  if (problems.length > 0)
    throw new SignatureFault('incomplete-signature', `${problems.join(' ')} Authorization=${authorization}`)
  return {
    ...readScope(parts.get('Credential')!),
    signedHeaders: parts.get('SignedHeaders')!.toLowerCase().split(';'),
    signature: parts.get('Signature')!,
    date: date!,
    sessionToken: header(request, 'x-amz-security-token'),
    expires: undefined,
  }
}

function fromQuery(query: URLSearchParams): Signature {
  const required = [
    'X-Amz-Algorithm',
    'X-Amz-Credential',
    'X-Amz-Signature',
    'X-Amz-SignedHeaders',
    'X-Amz-Date',
  ]
  const missing = required.filter((name) => !query.get(name))
  if (missing.length > 0)
    throw new SignatureFault(
      'incomplete-signature',
      missing.map((name) => `AWS query-string parameters must include '${name}'.`).join(' '),
    )
  const expires = query.get('X-Amz-Expires')
  return {
    ...readScope(query.get('X-Amz-Credential')!),
    signedHeaders: query.get('X-Amz-SignedHeaders')!.toLowerCase().split(';'),
    signature: query.get('X-Amz-Signature')!,
    date: query.get('X-Amz-Date')!,
    sessionToken: query.get('X-Amz-Security-Token') ?? undefined,
    expires: expires === null ? undefined : Number(expires),
  }
}

function readScope(credential: string) {
  const parts = credential.split('/')
  const [day, region, service, terminator] = parts.slice(-4)
  if (parts.length < 5 || terminator !== 'aws4_request')
    throw new SignatureFault(
      'incomplete-signature',
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    )
  return { accessKeyId: parts.slice(0, -4).join('/'), day: day!, region: region!, service: service! }
}

/**
 * Verifies a signature: key, time, scope, payload, the signature itself. `now` is the host's time in ms.
 * Throws SignatureFault with AWS's text.
 */
export function verifySignature(
  request: WireRequest,
  signature: Signature,
  identity: Identity,
  options: { now: number; services: string[]; region?: string },
): SigningKey {
  const key = identity.signingKey(signature.accessKeyId, signature.sessionToken)
  if (key === 'unknown')
    throw new SignatureFault('unknown-key', 'The security token included in the request is invalid.')
  if (key === 'expired')
    throw new SignatureFault('token-expired', 'The security token included in the request is expired')
  checkTime(signature, options.now)
  if (!options.services.includes(signature.service))
    throw new SignatureFault(
      'signature-mismatch',
      `Credential should be scoped to correct service: '${options.services[0]}'. `,
    )
  if (options.region && signature.region !== options.region)
    throw new SignatureFault('signature-mismatch', 'Credential should be scoped to a valid region. ')
  if (!signature.signedHeaders.includes('host'))
    throw new SignatureFault(
      'signature-mismatch',
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    )
  const expected = Buffer.from(calculate(request, signature, key.secretAccessKey))
  const given = Buffer.from(signature.signature)
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new SignatureFault('signature-mismatch', MISMATCH)
  return key
}

function checkTime({ date, day, expires }: Signature, now: number): void {
  const signed = parseBasic(date)
  if (signed === undefined || !date.startsWith(day))
    throw new SignatureFault(
      'signature-mismatch',
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '${date.slice(0, 8)}', from '${date}'.`,
    )
  if (expires !== undefined && !(expires >= 0 && expires <= MAX_EXPIRES))
    throw new SignatureFault(
      'signature-mismatch',
      `X-Amz-Expires must be between 0 and ${MAX_EXPIRES} seconds`,
    )
  if (signed > now + CLOCK_SKEW_MS)
    throw new SignatureFault(
      'request-expired',
      `Signature not yet current: ${date} is still later than ${formatBasic(now + CLOCK_SKEW_MS)} (${formatBasic(now)} + 5 min.)`,
    )
  // STS honours a presigned request for 15 minutes at least, which the tokens of EKS rely on.
  const life = expires === undefined ? CLOCK_SKEW_MS : Math.max(expires * 1000, PRESIGNED_LIFE_MS)
  if (signed < now - life)
    throw new SignatureFault(
      'request-expired',
      `Signature expired: ${date} is now earlier than ${formatBasic(now - life)} (${formatBasic(now)} - ${life / 60_000} min.)`,
    )
}

/** https://github.com/kubernetes-sigs/aws-iam-authenticator: tokens carry X-Amz-Expires=60 and live 15 minutes. */
export const PRESIGNED_LIFE_MS = 15 * 60_000

function calculate(request: WireRequest, signature: Signature, secret: string): string {
  const { day, region, service, date } = signature
  const presigned = signature.expires !== undefined || header(request, 'authorization') === undefined
  const canonical = [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.query),
    ...signature.signedHeaders.map((name) => `${name}:${canonicalHeader(request.headers[name])}`),
    '',
    signature.signedHeaders.join(';'),
    payloadHash(request, presigned),
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  return createHmac('sha256', signingKeyOf(secret, day, region, service))
    .update(text)
    .digest('hex')
}

// Key objects: a key given as bytes costs an HMAC eight times as much.
const signingKeys = new Map<string, KeyObject>()
const SIGNING_KEYS_KEPT = 1000

/** The derived key of a day, region and service; kept because clients sign many requests with one. */
function signingKeyOf(secret: string, day: string, region: string, service: string): KeyObject {
  const name = `${secret}/${day}/${region}/${service}`
  let key = signingKeys.get(name)
  if (!key) {
    const derived = [day, region, service, 'aws4_request'].reduce(
      (parent, part) => createHmac('sha256', parent).update(part).digest(),
      Buffer.from(`AWS4${secret}`),
    )
    key = createSecretKey(derived)
    if (signingKeys.size >= SIGNING_KEYS_KEPT) signingKeys.delete(signingKeys.keys().next().value!)
    signingKeys.set(name, key)
  }
  return key
}

function payloadHash(request: WireRequest, presigned: boolean): string {
  const declared = header(request, 'x-amz-content-sha256')
  if (declared === 'UNSIGNED-PAYLOAD') return declared
  const actual = sha256(request.body)
  if (declared !== undefined && !presigned && declared !== actual)
    throw new SignatureFault(
      'signature-mismatch',
      'The provided x-amz-content-sha256 header does not match what was computed.',
    )
  return actual
}

/** Every service but S3 signs the path encoded once more than it is sent. */
function canonicalPath(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '.' && segment !== '') segments.push(encode(segment))
  }
  const joined = `/${segments.join('/')}`
  return path.endsWith('/') && joined !== '/' ? `${joined}/` : joined
}

function canonicalQuery(query: string): string {
  if (query === '') return ''
  const pairs: [string, string][] = []
  for (const part of query.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const key = encode(decode(equals < 0 ? part : part.slice(0, equals)))
    if (key !== 'X-Amz-Signature') pairs.push([key, equals < 0 ? '' : encode(decode(part.slice(equals + 1)))])
  }
  pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
  return pairs.map(([key, value]) => `${key}=${value}`).join('&')
}

function canonicalHeader(values: string[] | undefined): string {
  if (values?.length === 1) return collapsed(values[0]!)
  return (values ?? []).map(collapsed).join(',')
}

/** Without spaces at the ends, and with single ones inside: most values are so already. */
function collapsed(value: string): string {
  const trimmed = value.trim()
  return /[^\S ]| {2}/.test(trimmed) ? trimmed.replace(/\s+/g, ' ') : trimmed
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function sha256(data: string | Buffer): string {
  return hash('sha256', data)
}

function parseBasic(date: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date)
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number)
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!)
}

function formatBasic(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '')
}

function isoBasic(httpDate: string | undefined): string | undefined {
  const time = httpDate === undefined ? Number.NaN : Date.parse(httpDate)
  return Number.isNaN(time) ? httpDate : formatBasic(time)
}
