import { conditionsOf } from './conditions.ts'
import { conform } from './conform.ts'
import { denial } from './denial.ts'
import { withoutEvents } from './event-stream.ts'
import { fault, quotaExceeded, worldIsFull } from './faults.ts'
import type { Conditions, Decision, Identity } from './identity.ts'
import { writeJson } from './json.ts'
import type { OperationModel } from './model.ts'
import type { WireError, WireResponse } from './protocol.ts'
import { header, type WireRequest } from './request.ts'
import { MalformedInput } from './scalars.ts'
import { type Served, signingName } from './served.ts'
import type { AwsServerOptions } from './server.ts'
import { AwsError, type Principal, type RequestContext, resourcesOf, type Service } from './service.ts'
import { readSignature, type Signature, SignatureFault, verifySignature } from './sigv4.ts'
import { Validator } from './validate.ts'

interface Caller {
  principal: Principal
  region: string
}

/** What a handler's call is made of besides its input. */
interface Call extends Caller {
  request: Pick<WireRequest, 'headers' | 'secure' | 'sourceIp'>
  requestId: string
  calledVia?: string
  unrecorded?: boolean
}

/** A call that a service makes for somebody, as CloudFormation does. */
export interface Invocation extends Caller {
  /** `eks`, `CreateCluster`: names of the service and its operation. */
  service: string
  operation: string
  input: Record<string, unknown>
  /** `cloudformation.amazonaws.com` */
  calledVia: string
  /** Nobody is told of the call: CloudTrail's history shows what people and their tools did. Default false. */
  unrecorded?: boolean
}

/** A call that has been answered, for the record: what CloudTrail tells of it. */
export interface AnsweredCall {
  service: Service
  operation: string
  principal: Principal
  region: string
  requestId: string
  /** ms since the epoch, world time. */
  time: number
  sourceIp: string
  userAgent: string
  calledVia?: string
  input: Record<string, unknown>
  output?: Record<string, unknown>
  error?: AwsError
}

/** The way of one request: signature, operation, input, permission, behaviour, answer. */
export class Pipeline {
  readonly #options: AwsServerOptions
  readonly #identity: Identity
  readonly #validator: Validator

  constructor(options: AwsServerOptions) {
    this.#options = options
    this.#identity = options.identity
    this.#validator = new Validator(options.constraints)
  }

  /** Never throws: every failure is an error of the service. */
  async answer(
    served: Served,
    request: WireRequest,
    requestId: string,
    region?: string,
  ): Promise<WireResponse> {
    const { model, protocol } = served
    let operation: OperationModel | undefined
    try {
      const routed = route(served, request)
      operation = routed?.operation
      const caller = this.#authenticate(served, request, operation, region)
      if (!this.#options.world.fairUse.call()) throw fault(served.model.protocol, 'throttled', '')
      if (!routed) throw unknownOperation(served, request)
      const input = protocol.read(routed, request)
      const { output, wrote } = await this.#call(served, routed.operation, input, {
        ...caller,
        request,
        requestId,
      })
      if (wrote) await this.#options.world.store.flushed()
      return protocol.write(model, routed.operation, output, requestId)
    } catch (error) {
      return this.error(served, this.#explain(served, error, operation), requestId)
    }
  }

  /**
   * Performs an operation for somebody without the wire, with the same checks; the input is conformed to its shape. Throws AwsError.
   * Does not wait for the disk: what the caller writes in the same turn is kept or lost together with it.
   */
  async invoke(served: Served, { operation: name, input, ...caller }: Invocation): Promise<object> {
    const operation = served.model.operations.get(name)
    if (!operation) throw new Error(`${served.service.name} has no operation ${name}`)
    const { calledVia } = caller
    const request = { headers: { 'user-agent': [calledVia] }, secure: true, sourceIp: calledVia }
    const requestId = this.#options.world.ids.uuid()
    try {
      const conformed = (conform(operation.input, input) ?? {}) as Record<string, unknown>
      const { output } = await this.#call(served, operation, conformed, { ...caller, request, requestId })
      return output
    } catch (error) {
      throw this.#explain(served, error, operation)
    }
  }

  /** Serializes an error as the service's protocol does. */
  error({ model, protocol }: Served, error: AwsError, requestId: string): WireResponse {
    const known = model.errors.get(error.code)
    const wire: WireError = {
      code: known?.code ?? error.code,
      name: known?.name ?? error.code,
      message: error.message,
      status: known && error.status === 400 ? known.status : error.status,
      fault: known?.fault ?? (error.status >= 500 ? 'server' : 'client'),
      fields: known ? (writeJson(known.shape, error.fields) as Record<string, unknown>) : error.fields,
    }
    return protocol.error(model, wire, requestId)
  }

  #authenticate(
    served: Served,
    request: WireRequest,
    operation: OperationModel | undefined,
    region?: string,
  ): Caller {
    const { service } = served
    const open = this.#options.credentials === 'open'
    let signature: Signature | undefined
    try {
      signature = readSignature(request)
      if (!signature) {
        if (operation && service.unsigned?.includes(operation.name))
          return { principal: this.#anonymous(), region: region ?? this.#options.region }
        throw new SignatureFault('missing-token', 'Request is missing Authentication Token')
      }
      const { principal } = verifySignature(request, signature, this.#identity, {
        now: this.#options.world.clock.hostNow(),
        services: [signingName(service)],
        region,
      })
      return { principal, region: region ?? signature.region }
    } catch (error) {
      if (!(error instanceof SignatureFault) || !open) throw error
      return {
        principal: this.#identity.administrator(),
        region: region ?? signature?.region ?? this.#options.region,
      }
    }
  }

  #anonymous(): Principal {
    const { accountId } = this.#options
    return { arn: '*', accountId, userId: 'anonymous', type: 'anonymous' }
  }

  /** Checks and performs an operation, and tells of it; `wrote`: it has changed the world. */
  async #call(
    served: Served,
    operation: OperationModel,
    input: Record<string, unknown>,
    call: Call,
  ): Promise<{ output: Record<string, unknown>; wrote: boolean }> {
    const { onCall, world } = this.#options
    const tell = (outcome: Pick<AnsweredCall, 'output' | 'error'>) =>
      !call.unrecorded &&
      onCall?.({
        service: served.service,
        operation: operation.name,
        principal: call.principal,
        region: call.region,
        requestId: call.requestId,
        time: world.clock.now(),
        sourceIp: call.request.sourceIp,
        userAgent: header(call.request, 'user-agent') ?? '',
        ...(call.calledVia === undefined ? {} : { calledVia: call.calledVia }),
        input,
        ...outcome,
      })
    try {
      this.#validator.check(served, operation, input)
      const before = world.store.revision
      const output = await this.#perform(served, operation, input, call)
      const wrote = world.store.revision !== before
      tell({ output: withoutEvents(output) })
      return { output, wrote }
    } catch (error) {
      if (error instanceof AwsError) tell({ error })
      throw error
    }
  }

  async #perform(
    served: Served,
    operation: OperationModel,
    input: Record<string, unknown>,
    { principal, region, request, requestId, calledVia }: Call,
  ): Promise<Record<string, unknown>> {
    const { service, model } = served
    const { world } = this.#options
    const action = `${service.actionPrefix}:${service.actionNames?.[operation.name] ?? operation.name}`
    const general = () => conditionsOf(world, request, principal, region, input, calledVia)
    const context: RequestContext = {
      world,
      accountId: principal.accountId,
      region,
      partition: 'aws',
      principal,
      requestId,
      action,
      host: (header(request, 'host') ?? '').replace(/:\d+$/, ''),
      sourceIp: request.sourceIp,
      ...(calledVia === undefined ? {} : { calledVia }),
      authorize: (asked, resource, extra) => {
        const all = () => ({ ...general(), ...extra })
        const decision = this.#decide(this.#owner(served, asked), context, asked, resource, all)
        if (!decision.allowed) throw this.#denial(served, context, asked, resource, decision, all)
      },
    }
    const conditions = () => ({ ...general(), ...service.conditions?.(operation.name, input, context) })
    if (principal.type !== 'anonymous' && !service.unauthorized?.includes(operation.name)) {
      const resources = resourcesOf(service, operation.name, input, context)
      for (const resource of typeof resources === 'string' ? [resources] : resources) {
        const decision = this.#decide(service, context, action, resource, conditions)
        const name = service.resourceName?.(operation.name, resource) ?? resource
        if (!decision.allowed) throw this.#denial(served, context, action, name, decision, conditions)
      }
    }
    const handler = service.handlers[operation.name]
    if (!handler)
      throw fault(
        model.protocol,
        'not-simulated',
        `Drydock does not simulate ${action}: the request was understood, but nothing was done. FIDELITY.md lists what is simulated.`,
      )
    const { full, quotas } = world.fairUse
    if (full && MAKES.test(operation.name)) throw quotaExceeded(model, worldIsFull(quotas.objects!))
    if (model.protocol === 'ec2' && input.DryRun === true)
      throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', {
        status: 412,
      })
    return ((await handler(input, context)) ?? {}) as Record<string, unknown>
  }

  /** The service whose action it is: its resource policies and tags count. */
  #owner({ service }: Served, action: string): Service {
    const [prefix] = action.split(':')
    if (service.actionPrefix === prefix) return service
    return this.#options.services.find(({ actionPrefix }) => actionPrefix === prefix) ?? service
  }

  #decide(
    service: Service,
    context: RequestContext,
    action: string,
    resource: string,
    conditions: () => Conditions,
  ): Decision {
    const owner = resource.split(':')[4] ?? ''
    const foreign = /^\d{12}$/.test(owner) && owner !== context.principal.accountId
    // What is another account's is nobody's business here unless that account's own policy says so.
    const document = service.resourcePolicy?.(resource, context) ?? (foreign ? NO_STATEMENTS : undefined)
    const required = service.resourcePolicyRequired ?? false
    return this.#identity.decide({
      principal: context.principal,
      action,
      resource,
      conditions: () => ({ ...conditions(), ...tagConditions(service, resource, context) }),
      ...(document === undefined ? {} : { resourcePolicy: { document, accountId: owner, required } }),
    })
  }

  /** The error of a refused action; EC2 adds to those that would change something what a decoder can read. */
  #denial(
    { model: { protocol } }: Served,
    { principal }: RequestContext,
    action: string,
    resource: string,
    decision: Decision,
    conditions: () => Conditions,
  ): AwsError {
    const encoded =
      protocol === 'ec2' && !READS.test(action)
        ? this.#identity.sealedDenial({
            explicitDeny: decision.reason?.startsWith('with an explicit deny') ?? false,
            principal: {
              id: principal.userId,
              name: principal.arn.split('/').at(-1)!,
              arn: principal.arn,
            },
            action,
            resource,
            conditions: conditions(),
          })
        : undefined
    return denial(protocol, principal, action, resource, decision, encoded)
  }

  #explain({ model, service }: Served, error: unknown, operation: OperationModel | undefined): AwsError {
    if (error instanceof AwsError) return error
    if (error instanceof SignatureFault) return fault(model.protocol, error.kind, error.message)
    if (error instanceof MalformedInput) return fault(model.protocol, 'malformed-input', error.message)
    this.#options.log?.(error, `${service.name}:${operation?.name ?? 'unknown'}`)
    return fault(model.protocol, 'internal', 'An internal error has occurred. Retry your request.')
  }
}

/** Actions that only look. */
const READS = /^[\w-]+:(?:Describe|Get|List|Search)/

/** Operations that make something, by the names that AWS gives them. */
const MAKES = /^(?:Allocate|Copy|Create|Import|Initiate|Put|Register|Request|Run)[A-Z]/

const NO_STATEMENTS = JSON.stringify({ Version: '2012-10-17', Statement: [] })

/** `aws:ResourceTag/key`, also under the service's own prefix as some of its policies write it. */
function tagConditions(service: Service, resource: string, context: RequestContext): Record<string, string> {
  const tags = Object.entries(service.resourceTags?.(resource, context) ?? {})
  return Object.fromEntries(
    tags.flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`${service.actionPrefix}:ResourceTag/${key}`, value],
    ]),
  )
}

function route({ model, protocol }: Served, request: WireRequest) {
  try {
    return protocol.route(model, request)
  } catch (error) {
    if (error instanceof URIError) throw new MalformedInput('The path is not properly percent-encoded')
    throw error
  }
}

function unknownOperation({ model }: Served, request: WireRequest): AwsError {
  const form = new URLSearchParams(request.body.length > 0 ? request.body.toString('utf8') : request.query)
  const action = form.get('Action') ?? ''
  const message =
    model.protocol === 'ec2'
      ? `The action ${action} is not valid for this web service.`
      : `Could not find operation ${action} for version ${form.get('Version') ?? 'NO_VERSION_SPECIFIED'}`
  return fault(model.protocol, 'unknown-operation', message)
}
