import type { Scope } from '../../ec2/index.ts'
import { AwsError } from '../../wire/service.ts'

/** https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html */
const HANDLER_CODES: [RegExp, string][] = [
  [/AccessDenied|Unauthorized|NotAuthorized/, 'AccessDenied'],
  [/AlreadyExists|Duplicate|EntityAlreadyExists/, 'AlreadyExists'],
  [/NotFound|NoSuch|DoesNotExist/, 'NotFound'],
  [/Limit|Quota/, 'ServiceLimitExceeded'],
  [/Throttl|RequestLimit/, 'Throttling'],
  [/InUse|Conflict|DependencyViolation/, 'ResourceConflict'],
  [/Invalid|Validation|Malformed|Missing|ClientException/, 'InvalidRequest'],
]

/** The reason of a failed resource, as the handlers of CloudFormation's registry word a service's error. */
export function handlerMessage({ world }: Scope, type: string, error: unknown): string {
  if (!(error instanceof AwsError)) throw error
  const { code, status, message } = error
  const [, namespace = ''] = type.split('::')
  // The SDK that the handlers use writes abbreviations as words.
  const service = /^[A-Z0-9]+$/.test(namespace) ? namespace[0] + namespace.slice(1).toLowerCase() : namespace
  const handlerCode = HANDLER_CODES.find(([pattern]) => pattern.test(code))?.[1] ?? 'GeneralServiceException'
  const detail = `${message} (Service: ${service}, Status Code: ${status}, Request ID: ${world.ids.uuid()})`
  return `Resource handler returned message: "${detail}" (RequestToken: ${world.ids.uuid()}, HandlerErrorCode: ${handlerCode})`
}
