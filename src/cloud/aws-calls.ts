import type { Scope } from '#aws/ec2/index.ts'
import { decide } from '#aws/iam/identity.ts'
import { denialText } from '#aws/wire/denial.ts'
import {
  AwsError,
  type Principal,
  type RequestContext,
  resourcesOf,
  type Service,
} from '#aws/wire/service.ts'

export interface CallerOptions {
  scope: Scope
  service: Service
  /** The SDK's name of the service: `Elastic Load Balancing v2`. */
  title: string
  principal: Principal
  /** What the caller's requests bring for IAM's conditions. */
  conditions?: Record<string, string | string[]>
}

/** Calls the operations of a service from inside the world; each is put to IAM as one that came over the wire. */
export type AwsCall = <Output>(operation: string, input: object) => Promise<Output>

/** Throws an Error with the text that the AWS SDK for Go gives. */
export function awsCaller(options: CallerOptions): AwsCall {
  const { scope, service, title, principal, conditions = {} } = options
  const { world, accountId, region } = scope
  return async (operation, input) => {
    const requestId = world.ids.uuid()
    const failed = (status: number, text: string) =>
      new Error(
        `operation error ${title}: ${operation}, https response error StatusCode: ${status}, RequestID: ${requestId}, ${text}`,
      )
    const ask = (action: string, resource: string) => {
      const decision = decide(world, { principal, action, resource, conditions })
      if (decision.allowed) return
      throw failed(403, `api error AccessDenied: ${denialText(principal, action, resource, decision)}`)
    }
    const action = `${service.actionPrefix}:${operation}`
    const context: RequestContext = {
      world,
      accountId,
      region,
      partition: 'aws',
      principal,
      requestId,
      action,
      host: `${service.endpoints[0]!.prefix}.${region}.amazonaws.com`,
      sourceIp: '127.0.0.1',
      authorize: ask,
    }
    for (const resource of [resourcesOf(service, operation, input, context)].flat()) ask(action, resource)
    try {
      return await service.handlers[operation]!(input, context)
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      throw failed(error.status, `${error.code}: ${error.message}`)
    }
  }
}
