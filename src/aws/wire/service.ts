import type { World } from '#world/world.ts'

/** Who signed a request, as IAM sees it. */
export interface Principal {
  /** `arn:aws:iam::111122223333:user/name`, `…:root`, or `arn:aws:sts::…:assumed-role/role/session`. */
  arn: string
  accountId: string
  /** What STS calls UserId: `AIDA…`, the account id for root, or `AROA…:session`. */
  userId: string
  type: 'root' | 'user' | 'assumed-role' | 'anonymous'
  /** For an assumed role, the role's own ARN (`arn:aws:iam::…:role/path/name`). */
  roleArn?: string
  accessKeyId?: string
  /** Session policies as passed to AssumeRole, JSON text each. */
  sessionPolicies?: string[]
}

/** What a handler is given besides its input. */
export interface RequestContext {
  world: World
  accountId: string
  region: string
  /** Always `aws` here; kept so that ARNs are built in one way. */
  partition: string
  principal: Principal
  requestId: string
  /** `ec2:CreateVpc` */
  action: string
  /** Host that the client asked, without port, and its source address. */
  host: string
  sourceIp: string
  /** The service that calls for the principal: `cloudformation.amazonaws.com`. It may set tags that begin with `aws:`. */
  calledVia?: string
  /**
   * Asks IAM whether the caller may do `action` on `resource`; throws the service's AccessDenied error with AWS's text.
   * The wire has already asked for the operation itself (see `resources` in Service); use it for further actions such as `iam:PassRole`.
   */
  authorize(action: string, resource: string, conditions?: Record<string, string | string[]>): void
}

/** Behaviour of one operation, typed by the SDK's own input and output. */
// biome-ignore lint/suspicious/noExplicitAny: the SDK types of each operation differ; services declare them.
export type Handler<I = any, O = any> = (input: I, context: RequestContext) => Promise<O> | O

/** Which resource ARNs the operation acts on, for IAM; default `*`. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type ResourceResolver<I = any> = (input: I, context: RequestContext) => string | string[]

/** The namespace of an SDK's module, read by its schemas. */
// biome-ignore lint/suspicious/noExplicitAny: each exports other things.
export type SdkModule = Record<string, any>

/** One AWS service: its SDK module gives the schemas, this gives the behaviour. */
export interface Service {
  /** Folder and store name: `eks`, `ec2`, `iam`. */
  name: string
  /**
   * Brings the SDK's module: `() => import('@aws-sdk/client-eks')`. Its schemas take some megabytes, so it is loaded at the
   * service's first request; import nothing but types from it elsewhere.
   */
  sdk: () => Promise<SdkModule>
  /** IAM prefix of its actions; also SigV4 signing name unless `signingName` is given. */
  actionPrefix: string
  signingName?: string
  /** Host names without region and domain: `eks` → `eks.us-east-1.amazonaws.com`; `api.ecr`; global: `iam.amazonaws.com`. */
  endpoints: { prefix: string; global?: boolean }[]
  /** Folder in botocore's data with the constraint tables: `eks`, `elbv2`. */
  botocoreName: string
  /** Operation name (`CreateCluster`) → behaviour. What is missing answers an honest error. */
  handlers: Record<string, Handler>
  /** Operation name → the ARNs it acts on; or one function for all of them. */
  resources?:
    | Record<string, ResourceResolver>
    // biome-ignore lint/suspicious/noExplicitAny: as above.
    | ((operation: string, input: any, context: RequestContext) => string | string[])
  /** How the service names a resource in its AccessDenied text when it is not by ARN: IAM says `role name`. */
  resourceName?: (operation: string, arn: string) => string
  /** The resource-based policy of an ARN (a repository's), to be evaluated beside the caller's own. */
  resourcePolicy?: (arn: string, context: RequestContext) => string | undefined
  /** Whether nobody may do anything without that policy's consent, as with KMS keys. */
  resourcePolicyRequired?: boolean
  /** Operations whose right has another name: `ReEncrypt` → `ReEncryptFrom`. */
  actionNames?: Record<string, string>
  /** The tags of a resource, for `aws:ResourceTag` conditions. */
  resourceTags?: (arn: string, context: RequestContext) => Record<string, string> | undefined
  /** Condition keys of the service's own. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  conditions?: (operation: string, input: any, context: RequestContext) => Record<string, string | string[]>
  /** Operations that need no signature (`sts:AssumeRoleWithWebIdentity`) or no permission (`sts:GetCallerIdentity`). */
  unsigned?: string[]
  unauthorized?: string[]
}

/** The ARNs that a call acts on. */
export function resourcesOf(
  { resources }: Service,
  operation: string,
  input: object,
  context: RequestContext,
): string | string[] {
  const found =
    typeof resources === 'function'
      ? resources(operation, input, context)
      : (resources?.[operation]?.(input, context) ?? '*')
  // A call that names no resource still needs the right to the operation.
  return found.length === 0 ? '*' : found
}

/**
 * A modelled error of a service; the wire serializes it as the protocol does.
 * `code` is the wire code (`ResourceNotFoundException`, `InvalidVpcID.NotFound`), `fields` further members of its shape.
 */
export class AwsError extends Error {
  override readonly name = 'AwsError'
  readonly code: string
  readonly status: number
  readonly fields: Record<string, unknown>
  constructor(
    code: string,
    message: string,
    options: { status?: number; fields?: Record<string, unknown> } = {},
  ) {
    super(message)
    this.code = code
    this.status = options.status ?? 400
    this.fields = options.fields ?? {}
  }
}
