import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline as stream } from 'node:stream/promises'
import type { HttpHost } from '#network/hosts.ts'
import type { World } from '#world/world.ts'
import { cborRpc, isCbor } from './cbor-rpc.ts'
import type { Constraints } from './constraints.ts'
import { Endpoints } from './endpoints.ts'
import { fault } from './faults.ts'
import type { Identity } from './identity.ts'
import { jsonRpc } from './json-rpc.ts'
import { type ProtocolName, serviceModel } from './model.ts'
import { type AnsweredCall, type Invocation, Pipeline } from './pipeline.ts'
import type { Protocol, WireResponse } from './protocol.ts'
import { ec2Query, query } from './query-rpc.ts'
import { BodyTooLarge, readRequest, type WireRequest } from './request.ts'
import { restJson } from './rest-json.ts'
import { type Served, signingName } from './served.ts'
import { AwsError, type Service } from './service.ts'
import { readSignature, SignatureFault } from './sigv4.ts'

export interface AwsServerOptions {
  world: World
  services: Service[]
  identity: Identity
  /** Account and region of requests that carry no signature. */
  accountId: string
  region: string
  /** `open` takes any keys as the account's administrator. Default `enforced`. */
  credentials?: 'enforced' | 'open'
  /** From `loadConstraints`. */
  constraints: Constraints
  /** Told of handlers that failed by mistake. */
  log?(error: unknown, operation: string): void
  /** Told of every call whose caller is known, before it is answered. */
  onCall?(call: AnsweredCall): void
}

export interface AwsServer {
  /** The AWS endpoint of this name, if it is one of the services here. */
  host(hostname: string): HttpHost | undefined
  /** An endpoint of AWS for a service that is not here: it says so in the client's protocol. `undefined`: not a name of AWS's. */
  unknownHost(hostname: string): HttpHost | undefined
  /** One endpoint for all services, for `AWS_ENDPOINT_URL`; the signature's scope names the service. */
  classic(req: IncomingMessage, res: ServerResponse): void
  /** Performs an operation for somebody, as a service that acts for its caller. Throws AwsError. */
  invoke(invocation: Invocation): Promise<object>
}

/** Largest body that is read: the 20 MiB of an ECR layer part, in base64. */
const BODY_LIMIT = 28 * 1024 * 1024

const PROTOCOLS: Record<ProtocolName, Protocol> = {
  'rest-json': restJson,
  json: jsonRpc,
  query,
  ec2: ec2Query,
}

/** Serves AWS services by their real host names and at one classic endpoint. */
export function createAwsServer(options: AwsServerOptions): AwsServer {
  const { services } = options
  const endpoints = new Endpoints(services)
  const pipeline = new Pipeline(options)

  const answer = async (
    req: IncomingMessage,
    res: ServerResponse,
    candidates: Service[],
    region?: string,
  ) => {
    const requestId = options.world.ids.uuid()
    const likely = candidates[0] ?? services[0]!
    try {
      const request = await readRequest(req, BODY_LIMIT)
      const found = await choose(candidates, request)
      if (!found) return send(res, unknownService(options, await serve(likely), request, requestId))
      const chosen = { ...found, protocol: spoken(found, request) }
      send(res, await pipeline.answer(chosen, request, requestId, region))
    } catch (error) {
      if (!(error instanceof BodyTooLarge)) throw error
      res.setHeader('Connection', 'close')
      const served = await serve(likely)
      const limit = fault(served.model.protocol, 'too-large', `Request size exceeded ${BODY_LIMIT} bytes`)
      send(res, pipeline.error(served, limit, requestId))
      // The rest of the body is let go unread; the connection closes after the answer.
      req.resume()
    }
  }
  const guarded = (req: IncomingMessage, res: ServerResponse, candidates: Service[], region?: string) => {
    answer(req, res, candidates, region).catch((error) => {
      options.log?.(error, 'request')
      res.destroy()
    })
  }

  return {
    host(hostname) {
      const endpoint = endpoints.find(hostname)
      return (
        endpoint && {
          kind: 'http',
          request: (req, res) => guarded(req, res, endpoint.services, endpoint.region),
        }
      )
    },
    unknownHost(hostname) {
      // Clusters, load balancers and registries have names of their own kind; one that is gone does not exist.
      if (!/\.(amazonaws\.com|api\.aws)$/.test(hostname) || /\.(elb|eks|dkr)\./.test(hostname))
        return undefined
      return { kind: 'http', request: (req, res) => guarded(req, res, []) }
    },
    classic: (req, res) => guarded(req, res, services),
    async invoke(invocation) {
      const target = services.find(({ name }) => name === invocation.service)
      if (!target) throw new Error(`no service ${invocation.service}`)
      return pipeline.invoke(await serve(target), invocation)
    },
  }
}

const served = new WeakMap<Service, Served>()

/** A service with its model. Kept: even an import of what is loaded costs more than the rest of the choice. */
async function serve(service: Service): Promise<Served> {
  const known = served.get(service)
  if (known) return known
  const model = await serviceModel(service)
  const made = { service, model, protocol: PROTOCOLS[model.protocol] }
  served.set(service, made)
  return made
}

/** A service may speak more protocols than its SDK does: CloudWatch is asked in CBOR by the CLI and in Query by older clients. */
function spoken({ protocol, model }: Served, request: WireRequest): Protocol {
  if (!model.queryCompatible) return protocol
  if (isCbor(request)) return cborRpc
  const form = request.headers['content-type']?.[0]?.startsWith('application/x-www-form-urlencoded')
  return form ? query : protocol
}

/** Which of the services a request means: by its signature's scope, then by the version or operation it names. */
async function choose(candidates: Service[], request: WireRequest): Promise<Served | undefined> {
  let scope: string | undefined
  try {
    scope = readSignature(request)?.service
  } catch (error) {
    if (!(error instanceof SignatureFault)) throw error
  }
  const scoped = candidates.filter((service) => scope === undefined || signingName(service) === scope)
  // A wrong scope at a service's own host is the signature check's affair.
  const possible =
    scoped.length > 0 ? scoped : new Set(candidates.map(signingName)).size === 1 ? candidates : []
  if (possible.length < 2) return possible[0] && serve(possible[0])
  const version = versionOf(request)
  if (version) {
    for (const service of possible) {
      const served = await serve(service)
      if (served.model.version === version) return served
    }
  }
  for (const service of possible) {
    const served = await serve(service)
    if (served.protocol.route(served.model, request)) return served
  }
  return undefined
}

function versionOf(request: WireRequest): string | undefined {
  const [, version] =
    /(?:^|&)Version=([\d-]+)/.exec(`${request.query}&${request.body.subarray(0, 4096).toString('latin1')}`) ??
    []
  return version
}

function unknownService(
  options: AwsServerOptions,
  any: Served,
  request: WireRequest,
  requestId: string,
): WireResponse {
  let scope: string | undefined
  try {
    scope = readSignature(request)?.service
  } catch {
    scope = undefined
  }
  const names = options.services.map(({ name }) => name).join(', ')
  const message = scope
    ? `Drydock does not simulate the AWS service '${scope}'. It simulates: ${names}.`
    : 'Request is missing Authentication Token'
  const error = scope
    ? new AwsError('NotImplemented', message, { status: 501 })
    : new AwsError('MissingAuthenticationToken', message, { status: 403 })
  // Without a service the protocol must be guessed from what the client sent.
  const json = request.headers['x-amz-target'] || request.headers['content-type']?.[0]?.includes('json')
  const protocol = json ? jsonRpc : query
  const model = {
    ...any.model,
    version: json ? '1.1' : any.model.version,
    xmlNamespace: any.model.xmlNamespace,
  }
  return protocol.error(
    model,
    { code: error.code, name: error.code, message, status: error.status, fault: 'client', fields: {} },
    requestId,
  )
}

function send(res: ServerResponse, { status, headers, body }: WireResponse): void {
  if (typeof body === 'string' || body instanceof Uint8Array) {
    res.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
    res.end(body)
    return
  }
  res.writeHead(status, headers)
  // It ends with the events, or when the client has gone.
  stream(Readable.from(body), res).catch(() => {})
}
