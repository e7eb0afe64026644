import type { Scope } from '../../ec2/index.ts'
import type { Invocation } from '../../wire/pipeline.ts'
import type { Principal } from '../../wire/service.ts'
import type { Calls } from '../types/type.ts'

/** Performs operations of the world's services for somebody; see `AwsServer.invoke`. */
export type Invoke = (invocation: Invocation) => Promise<object>

/** Calls in the name of a principal, as CloudFormation makes them for the owner of a stack. */
export function callsFor(invoke: Invoke, { accountId, region }: Scope, principal: Principal): Calls {
  const call = (service: string, operation: string, input: Record<string, unknown>) =>
    invoke({ service, operation, input, principal, region, calledVia: 'cloudformation.amazonaws.com' })
  return Object.assign(call, { accountId, region })
}
