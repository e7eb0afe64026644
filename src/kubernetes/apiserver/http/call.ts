import type { IncomingMessage, ServerResponse } from 'node:http'
import type { UserInfo } from '../../provider.ts'
import type { WebhookAnswers } from '../admission/webhooks/answers.ts'
import type { Kind, Subresource } from '../kinds/kind.ts'
import type { RequestInfo } from './request-info.ts'

/** A request about an API resource, authenticated and authorized. */
export interface Call {
  req: IncomingMessage
  res: ServerResponse
  info: RequestInfo
  user: UserInfo
  /** As the URL names it. */
  kind: Kind
  /** In whose form its objects are stored. */
  stored: Kind
  subresource: Subresource | undefined
  /** What a new object calls itself; the URL does not name it. */
  named?: string | undefined
  /** What webhooks have said about it, for when it is tried again. */
  answers: WebhookAnswers
  /** What admission has to say to the audit log. */
  annotations: Map<string, string>
}
