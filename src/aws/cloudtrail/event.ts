import type { AnsweredCall } from '../wire/pipeline.ts'
import { signingName } from '../wire/served.ts'
import type { Principal } from '../wire/service.ts'

/**
 * An event as CloudTrail writes it.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export interface TrailEvent {
  eventVersion: string
  userIdentity: Record<string, unknown>
  eventTime: string
  eventSource: string
  eventName: string
  awsRegion: string
  sourceIPAddress: string
  userAgent: string
  errorCode?: string
  errorMessage?: string
  requestParameters: unknown
  responseElements: unknown
  requestID: string
  eventID: string
  readOnly: boolean
  eventType: 'AwsApiCall'
  managementEvent: true
  recipientAccountId: string
  eventCategory: 'Management'
}

const READS =
  /^(Describe|List|Get|Lookup|Filter|Check|Head|BatchGet|BatchCheck|Estimate|Validate|Simulate|Search|Test|Preview|Start(Query|LiveTail))/
/** Calls that give out credentials or secrets count as reads though; what they give never stands in an event. */
const HIDDEN =
  /^(secretstring|secretbinary|password|plaintext|ciphertextblob|privatekeymaterial|keymaterial|secretaccesskey|authorizationtoken|sessiontoken|token|webidentitytoken|layerpartblob|imagemanifest)$/i
const HIDDEN_TEXT = 'HIDDEN_DUE_TO_SECURITY_REASONS'
/** Longer texts are left out, as CloudTrail does with elements of over 100 KB. */
const TEXT_LIMIT = 16_384

export function trailEvent(call: AnsweredCall, eventID: string): TrailEvent {
  const { service, operation, error, principal } = call
  const readOnly = READS.test(operation)
  return {
    eventVersion: '1.11',
    userIdentity: identityOf(principal, call.calledVia),
    eventTime: new Date(call.time).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    eventSource: `${signingName(service)}.amazonaws.com`,
    eventName: operation,
    // Global services tell of their calls in us-east-1.
    awsRegion: service.endpoints.every(({ global }) => global) ? 'us-east-1' : call.region,
    sourceIPAddress: call.sourceIp,
    userAgent: call.userAgent,
    ...(error === undefined ? {} : { errorCode: error.code, errorMessage: error.message }),
    requestParameters: Object.keys(call.input).length === 0 ? null : elements(call.input),
    responseElements: readOnly || error !== undefined ? null : elements(call.output),
    requestID: call.requestId,
    eventID,
    readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: principal.accountId,
    eventCategory: 'Management',
  }
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html */
function identityOf(principal: Principal, calledVia: string | undefined): Record<string, unknown> {
  const { arn, accountId, userId, accessKeyId, roleArn, type } = principal
  const via = calledVia === undefined ? {} : { invokedBy: calledVia }
  const common = {
    principalId: userId,
    arn,
    accountId,
    ...(accessKeyId === undefined ? {} : { accessKeyId }),
  }
  if (type === 'anonymous')
    return { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL', ...via }
  if (type === 'root') return { type: 'Root', ...common, ...via }
  if (type === 'user') return { type: 'IAMUser', ...common, userName: arn.split('/').at(-1), ...via }
  const sessionIssuer = {
    type: 'Role',
    principalId: userId.split(':')[0],
    arn: roleArn,
    accountId,
    userName: roleArn?.split('/').at(-1),
  }
  return { type: 'AssumedRole', ...common, sessionContext: { sessionIssuer, attributes: {} }, ...via }
}

/** The name that an event is found by: the user's, or the session's. */
export function userNameOf({ userIdentity }: TrailEvent): string | undefined {
  const { type, userName, arn } = userIdentity as { type: string; userName?: string; arn?: string }
  if (type === 'Root') return 'root'
  return userName ?? arn?.split('/').at(-1)
}

/** Members begin with a small letter; secrets, bytes and long texts are left out. */
function elements(value: unknown, depth = 8): unknown {
  if (value === undefined || value === null) return null
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'string' && value.length > TEXT_LIMIT) return `${value.slice(0, 256)}...`
  if (typeof value !== 'object') return value
  if (value instanceof Uint8Array || depth === 0) return HIDDEN_TEXT
  if (Array.isArray(value)) return value.map((item) => elements(item, depth - 1))
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [
        key[0]!.toLowerCase() + key.slice(1),
        HIDDEN.test(key) ? HIDDEN_TEXT : elements(item, depth - 1),
      ]),
  )
}
