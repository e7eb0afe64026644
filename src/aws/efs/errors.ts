import { AwsError } from '../wire/service.ts'

/** An error of EFS: its shapes carry the code once more. */
export const efsError = (
  code: string,
  message: string,
  status = 400,
  fields: Record<string, string> = {},
): AwsError => new AwsError(code, message, { status, fields: { ErrorCode: code, ...fields } })

export const badRequest = (message: string): AwsError => efsError('BadRequest', message)
