import type { SdkModule, Service } from './service.ts'
import { compileShape, type Shape } from './shape.ts'

export type ProtocolName = 'rest-json' | 'json' | 'query' | 'ec2'

/** An error shape of the service, as the SDK's schema gives it. */
export interface ErrorModel {
  /** Shape name: `NoSuchEntityException`. */
  name: string
  /** Code on the wire: `NoSuchEntity`. */
  code: string
  status: number
  fault: 'client' | 'server'
  readonly shape: Shape
}

/** One operation; its shapes are compiled at their first use. */
export class OperationModel {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly #inputSchema: unknown
  readonly #outputSchema: unknown
  #input: Shape | undefined
  #output: Shape | undefined

  // biome-ignore lint/suspicious/noExplicitAny: the SDK's schema tuples are untyped.
  constructor(schema: any[]) {
    this.name = schema[2]
    const [method, path, status] = schema[3]?.http ?? ['POST', '/', 200]
    this.method = method
    this.path = path
    this.status = status
    this.#inputSchema = schema[4]
    this.#outputSchema = schema[5]
  }

  get input(): Shape {
    this.#input ??= compileShape(this.#inputSchema)
    return this.#input
  }

  get output(): Shape {
    this.#output ??= compileShape(this.#outputSchema)
    return this.#output
  }
}

/** What the SDK's module says of a service: protocol, operations, errors. */
export interface ServiceModel {
  protocol: ProtocolName
  /** Names the protocol's version or JSON flavour: `1.1`, `2016-11-15`. */
  version: string
  xmlNamespace: string
  /** Whether it once spoke Query, so that clients look for that protocol's error codes. */
  queryCompatible: boolean
  /** Prefix of `x-amz-target`, for the JSON protocol. */
  target: string
  operations: Map<string, OperationModel>
  /** By wire code and by shape name. */
  errors: Map<string, ErrorModel>
}

const PROTOCOLS: Record<string, { protocol: ProtocolName; version?: string }> = {
  AwsRestJsonProtocol: { protocol: 'rest-json' },
  AwsJson1_0Protocol: { protocol: 'json', version: '1.0' },
  AwsJson1_1Protocol: { protocol: 'json', version: '1.1' },
  AwsQueryProtocol: { protocol: 'query' },
  AwsEc2QueryProtocol: { protocol: 'ec2' },
}

const models = new WeakMap<SdkModule, ServiceModel>()

/** What a service's SDK module says; the module is loaded now if nobody has asked for it yet. */
export async function serviceModel({ sdk }: Pick<Service, 'sdk'>): Promise<ServiceModel> {
  const module = await sdk()
  const model = models.get(module) ?? readModule(module)
  models.set(module, model)
  return model
}

function readModule(sdk: SdkModule): ServiceModel {
  const name = Object.keys(sdk).find((key) => /^[A-Za-z]\w*Client$/.test(key))
  if (!name) throw new Error('the SDK module exports no client')
  // The client's defaults are the only public place that names protocol, version and target.
  const { protocol, protocolSettings } = new sdk[name]({ region: 'us-east-1' }).config
  const kind = PROTOCOLS[protocol.constructor.name]
  if (!kind) throw new Error(`${name} speaks ${protocol.constructor.name}, which the wire does not`)
  const model: ServiceModel = {
    protocol: kind.protocol,
    version: kind.version ?? protocolSettings.version,
    xmlNamespace: protocolSettings.xmlNamespace ?? '',
    queryCompatible: protocolSettings.awsQueryCompatible === true,
    target: protocolSettings.serviceTarget ?? '',
    operations: new Map(),
    errors: new Map(),
  }
  for (const schema of Object.values(sdk)) {
    if (!Array.isArray(schema)) continue
    if (schema[0] === 9) model.operations.set(schema[2], new OperationModel(schema))
    else if (schema[0] === -3) addError(model, schema)
  }
  return model
}

// biome-ignore lint/suspicious/noExplicitAny: as above.
function addError(model: ServiceModel, schema: any[]): void {
  const traits = schema[3] || {}
  // The query protocols have codes of their own; JSON ones name the shape, even where a service once spoke query.
  const isQuery = model.protocol === 'query' || model.protocol === 'ec2'
  const [code, status] = (isQuery && traits.awsQueryError) || [schema[2], traits.httpError ?? 400]
  let shape: Shape | undefined
  const error: ErrorModel = {
    name: schema[2],
    code,
    status,
    fault: traits.error ?? 'client',
    get shape() {
      shape ??= compileShape(schema)
      return shape
    },
  }
  model.errors.set(error.name, error)
  model.errors.set(error.code, error)
}
