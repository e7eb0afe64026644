import type { ProtocolName, ServiceModel } from './model.ts'
import { AwsError } from './service.ts'

/** What can be wrong with a request before the service sees it. */
export type FaultKind =
  | 'missing-token'
  | 'incomplete-signature'
  | 'unknown-key'
  | 'signature-mismatch'
  | 'request-expired'
  | 'token-expired'
  | 'access-denied'
  | 'unknown-operation'
  | 'malformed-input'
  | 'too-large'
  | 'not-simulated'
  | 'throttled'
  | 'quota'
  | 'internal'

interface Fault {
  code: string
  status: number
  /** Replaces the common text. */
  message?: string
}

const EC2_AUTH_FAILURE: Fault = {
  code: 'AuthFailure',
  status: 401,
  message: 'AWS was not able to validate the provided access credentials',
}

const EC2_EXPIRED: Fault = { code: 'RequestExpired', status: 400, message: 'Request has expired.' }

const QUERY: Record<FaultKind, Fault> = {
  'missing-token': {
    code: 'MissingAuthenticationToken',
    status: 403,
    message: 'Request is missing Authentication Token',
  },
  'incomplete-signature': { code: 'IncompleteSignature', status: 400 },
  'unknown-key': { code: 'InvalidClientTokenId', status: 403 },
  'signature-mismatch': { code: 'SignatureDoesNotMatch', status: 403 },
  'request-expired': { code: 'SignatureDoesNotMatch', status: 403 },
  'token-expired': { code: 'ExpiredToken', status: 403 },
  'access-denied': { code: 'AccessDenied', status: 403 },
  'unknown-operation': { code: 'InvalidAction', status: 400 },
  'malformed-input': { code: 'MalformedInput', status: 400 },
  'too-large': { code: 'RequestEntityTooLarge', status: 413 },
  'not-simulated': { code: 'NotImplemented', status: 501 },
  throttled: { code: 'Throttling', status: 400, message: 'Rate exceeded' },
  quota: { code: 'LimitExceeded', status: 409 },
  internal: { code: 'InternalFailure', status: 500 },
}

const JSON_RPC: Record<FaultKind, Fault> = {
  'missing-token': {
    code: 'MissingAuthenticationTokenException',
    status: 400,
    message: 'Missing Authentication Token',
  },
  'incomplete-signature': { code: 'IncompleteSignatureException', status: 400 },
  'unknown-key': { code: 'UnrecognizedClientException', status: 400 },
  'signature-mismatch': { code: 'InvalidSignatureException', status: 400 },
  'request-expired': { code: 'InvalidSignatureException', status: 400 },
  'token-expired': { code: 'ExpiredTokenException', status: 400 },
  'access-denied': { code: 'AccessDeniedException', status: 400 },
  'unknown-operation': { code: 'UnknownOperationException', status: 400, message: '' },
  'malformed-input': { code: 'SerializationException', status: 400 },
  'too-large': { code: 'RequestEntityTooLargeException', status: 413 },
  'not-simulated': { code: 'NotImplemented', status: 501 },
  throttled: { code: 'ThrottlingException', status: 400, message: 'Rate exceeded' },
  quota: { code: 'LimitExceededException', status: 400 },
  internal: { code: 'InternalFailure', status: 500 },
}

/** Codes and status of the common errors, which each protocol family words in its own way. */
const FAULTS: Record<ProtocolName, Record<FaultKind, Fault>> = {
  query: QUERY,
  ec2: {
    ...QUERY,
    'unknown-key': EC2_AUTH_FAILURE,
    'signature-mismatch': EC2_AUTH_FAILURE,
    'request-expired': EC2_EXPIRED,
    'token-expired': EC2_EXPIRED,
    'access-denied': { code: 'UnauthorizedOperation', status: 403 },
    'malformed-input': { code: 'InvalidParameterValue', status: 400 },
    throttled: { code: 'RequestLimitExceeded', status: 503, message: 'Request limit exceeded.' },
    quota: { code: 'ResourceLimitExceeded', status: 400 },
    internal: { code: 'InternalError', status: 500 },
  },
  json: JSON_RPC,
  'rest-json': {
    ...JSON_RPC,
    'missing-token': { ...JSON_RPC['missing-token'], status: 403 },
    'incomplete-signature': { ...JSON_RPC['incomplete-signature'], status: 403 },
    'unknown-key': { ...JSON_RPC['unknown-key'], status: 403 },
    'signature-mismatch': { ...JSON_RPC['signature-mismatch'], status: 403 },
    'request-expired': { ...JSON_RPC['request-expired'], status: 403 },
    'token-expired': { ...JSON_RPC['token-expired'], status: 403 },
    'access-denied': { ...JSON_RPC['access-denied'], status: 403 },
    'unknown-operation': { ...JSON_RPC['unknown-operation'], status: 404 },
    throttled: { code: 'TooManyRequestsException', status: 429, message: 'Too Many Requests' },
  },
}

/** A common error in the wording of a protocol. */
export function fault(protocol: ProtocolName, kind: FaultKind, message: string): AwsError {
  const { code, status, message: fixed } = FAULTS[protocol][kind]
  return new AwsError(code, fixed ?? message, { status })
}

/** What services call their own errors of this kind, the commonest first. */
const QUOTA_ERRORS = [
  'LimitExceededException',
  'ResourceLimitExceededException',
  'ServiceQuotaExceededException',
  'LimitExceededFault',
  'ResourceLimitExceeded',
]

/** The world has used up a quota: the service's own error of a limit, where it has one. */
export function quotaExceeded({ protocol, errors }: ServiceModel, message: string): AwsError {
  const own = QUOTA_ERRORS.map((name) => errors.get(name)).find((error) => error !== undefined)
  return own ? new AwsError(own.code, message) : fault(protocol, 'quota', message)
}

/** The text where a world may hold no more. */
export const worldIsFull = (objects: number): string =>
  `Cannot exceed quota for objects in this lab's world: ${objects}. Delete what you no longer need (Drydock's fair use, not a quota of AWS).`
