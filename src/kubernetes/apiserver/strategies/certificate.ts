import { X509Certificate } from 'node:crypto'
import { type CertificateRequest, readRequest, USAGES } from '#network/certificate-request.ts'
import type { UserInfo } from '../../provider.ts'
import { type FieldError, invalidValue, notSupported, required } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { Strategy } from '../storage/strategy.ts'

const MIN_SECONDS = 600
const SIGNER = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+\/[^/]+$/

/** What the request of a CertificateSigningRequest asks for. Throws an Error that says what is wrong with it. */
export const requestOf = (object: Obj): CertificateRequest =>
  readRequest(Buffer.from(object.spec.request ?? '', 'base64').toString('latin1'))

/** Who asks stands in the object, whatever the client says. Models pkg/registry/certificates/certificates. */
function stamp(object: Obj, user: UserInfo | undefined): void {
  const { username: _, uid: __, groups: ___, extra: ____, ...spec } = object.spec
  object.spec = {
    ...spec,
    ...(user && {
      username: user.username,
      ...(user.uid && { uid: user.uid }),
      groups: user.groups,
      ...(user.extra && { extra: user.extra }),
    }),
  }
  delete object.status
}

function specErrors({ spec }: Obj): FieldError[] {
  const errors: FieldError[] = []
  try {
    requestOf({ spec })
  } catch (error) {
    const bytes = [...Buffer.from(spec.request ?? '', 'base64')].map((byte) => `0x${byte.toString(16)}`)
    errors.push({
      field: 'spec.request',
      reason: 'FieldValueInvalid',
      body: `Invalid value: []byte{${bytes.join(', ')}}: ${(error as Error).message}`,
    })
  }
  if (!spec.usages?.length) errors.push(required('spec.usages', 'usages must be provided'))
  for (const [index, usage] of (spec.usages ?? []).entries()) {
    if (!USAGES.includes(usage)) errors.push(notSupported(`spec.usages[${index}]`, usage, [...USAGES].sort()))
  }
  if (!spec.signerName) errors.push(required('spec.signerName'))
  else if (!SIGNER.test(spec.signerName)) {
    errors.push(
      invalidValue(
        'spec.signerName',
        spec.signerName,
        'must be a fully qualified domain and path of the form "example.com/signer-name"',
      ),
    )
  } else if (spec.signerName === 'kubernetes.io/legacy-unknown') {
    errors.push(
      invalidValue(
        'spec.signerName',
        spec.signerName,
        'the legacy signerName is not allowed via this API version',
      ),
    )
  }
  if (spec.expirationSeconds !== undefined && spec.expirationSeconds < MIN_SECONDS) {
    errors.push(
      invalidValue(
        'spec.expirationSeconds',
        spec.expirationSeconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    )
  }
  return errors
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g

/** What is wrong with a certificate that a signer has given. Models pkg/apis/certificates/validation (validateCertificate). */
function certificateErrors({ status }: Obj): FieldError[] {
  if (!status?.certificate) return []
  const blocks = [...Buffer.from(status.certificate, 'base64').toString('latin1').matchAll(BLOCK)]
  const wrong = (why: string): FieldError[] => [invalidValue('status.certificate', '<certificate data>', why)]
  if (blocks.length === 0) return wrong('must contain at least one CERTIFICATE PEM block')
  for (const [pem, type] of blocks) {
    if (type !== 'CERTIFICATE')
      return wrong(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`)
    try {
      new X509Certificate(pem)
    } catch {
      return wrong('x509: malformed certificate')
    }
  }
  return []
}

export const certificateStrategy: Strategy = {
  create: (object, _context, user) => stamp(object, user),
  update: (object, old) => {
    object.spec = old.spec
  },
  validate: (object, old) => (old ? [] : specErrors(object)),
  subresources: { status: certificateErrors },
}
