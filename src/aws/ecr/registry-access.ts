import type { IncomingMessage } from 'node:http'
import type { Scope } from '../ec2/index.ts'
import { decide } from '../iam/identity.ts'
import { denialText } from '../wire/denial.ts'
import type { Principal } from '../wire/service.ts'
import { accountSetting } from './account-settings.ts'
import { verifyPassword } from './authorization-token.ts'
import { imageState, recordPull, storageStatus } from './image-state.ts'
import { keyFailure } from './keys.ts'
import { repositoryPolicy } from './policies.ts'
import { upstreamOf } from './pull-through.ts'
import type { RepositoryRecord } from './records.ts'
import {
  findRepository,
  immutableTag,
  makeRepository,
  registryHost,
  repositoryArn,
  repositoryMissing,
  tagIsImmutable,
} from './repositories.ts'
import { templateFor } from './templates.ts'

/** Why the registry refuses, in the terms of the distribution specification. */
export class RegistryRefusal extends Error {
  override readonly name = 'RegistryRefusal'
  readonly status: number
  /** `DENIED`, `NAME_UNKNOWN`, … */
  readonly code: string
  readonly headers: Record<string, string>
  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** Who makes a request of the registry, and by which IAM action it is judged. */
export interface RegistryCaller {
  principal: Principal
  /** `ecr:BatchGetImage`; undefined for the ping. */
  action: string | undefined
}

/** IAM action of each registry operation: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html */
const ACTIONS: [method: RegExp, path: RegExp, action: string][] = [
  [/^(GET|HEAD)$/, /\/manifests\/[^/]+$/, 'ecr:BatchGetImage'],
  [/^PUT$/, /\/manifests\/[^/]+$/, 'ecr:PutImage'],
  [/^DELETE$/, /\/manifests\/[^/]+$/, 'ecr:BatchDeleteImage'],
  [/^HEAD$/, /\/blobs\/[^/]+$/, 'ecr:BatchCheckLayerAvailability'],
  [/^GET$/, /\/blobs\/[^/]+$/, 'ecr:GetDownloadUrlForLayer'],
  [/^POST$/, /\/blobs\/uploads\/?$/, 'ecr:InitiateLayerUpload'],
  [/^(PATCH|GET|DELETE)$/, /\/blobs\/uploads\/[^/]+$/, 'ecr:UploadLayerPart'],
  [/^PUT$/, /\/blobs\/uploads\/[^/]+$/, 'ecr:CompleteLayerUpload'],
  [/^GET$/, /\/tags\/list$/, 'ecr:ListImages'],
  [/^GET$/, /\/referrers\/[^/]+$/, 'ecr:BatchGetImage'],
]

/** What a registry operation needs of the repository's KMS key. */
const KEY_USES: Record<string, 'Decrypt' | 'GenerateDataKey'> = {
  'ecr:BatchGetImage': 'Decrypt',
  'ecr:GetDownloadUrlForLayer': 'Decrypt',
  'ecr:InitiateLayerUpload': 'GenerateDataKey',
  'ecr:UploadLayerPart': 'GenerateDataKey',
  'ecr:CompleteLayerUpload': 'GenerateDataKey',
  'ecr:PutImage': 'GenerateDataKey',
}

/** The IAM action of a request; undefined for the ping. */
export function registryAction({ method = '', url = '' }: Pick<IncomingMessage, 'method' | 'url'>) {
  const path = url.split('?')[0]!
  return ACTIONS.find(([methods, paths]) => methods.test(method) && paths.test(path))?.[2]
}

/** Who may do what at the registry host `<account>.dkr.ecr.<region>.amazonaws.com`. Everything throws RegistryRefusal. */
export class RegistryAccess {
  readonly host: string
  readonly #scope: Scope

  constructor(scope: Scope) {
    this.#scope = scope
    this.host = registryHost(scope)
  }

  /** The caller by the Basic credentials that GetAuthorizationToken gave. */
  authenticate(request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): RegistryCaller {
    const basic = /^Basic (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (!basic) {
      throw new RegistryRefusal(401, 'UNAUTHORIZED', 'Not Authorized', {
        'www-authenticate': `Basic realm="https://${this.host}/",service="ecr.amazonaws.com"`,
      })
    }
    const [username = '', ...rest] = Buffer.from(basic, 'base64').toString().split(':')
    const principal = verifyPassword(this.#scope.world, username, rest.join(':'))
    if (principal === 'expired') {
      throw new RegistryRefusal(
        403,
        'DENIED',
        'Your authorization token has expired. Reauthenticate and try again.',
      )
    }
    if (principal === 'invalid') {
      throw new RegistryRefusal(400, 'DENIED', 'Your Authorization Token is invalid.')
    }
    return { principal, action: registryAction(request) }
  }

  /** Asks IAM and the policies of repository and registry. A blob taken over from another repository counts as its download. */
  authorize(caller: RegistryCaller, kind: 'pull' | 'push' | 'delete', repository: string): void {
    const taken = kind === 'pull' && caller.action === 'ecr:InitiateLayerUpload'
    const action = taken ? 'ecr:GetDownloadUrlForLayer' : (caller.action ?? 'ecr:BatchGetImage')
    this.#require(caller, action, repository)
  }

  #require({ principal }: RegistryCaller, action: string, repository: string): void {
    const { world, accountId } = this.#scope
    const resource = repositoryArn(this.#scope, repository)
    const document = repositoryPolicy(resource, { world, accountId: principal.accountId })
    const resourcePolicy = document === undefined ? undefined : { document, accountId }
    const decision = decide(world, { principal, action, resource, resourcePolicy })
    if (decision.allowed) return
    throw new RegistryRefusal(403, 'DENIED', denialText(principal, action, resource, decision))
  }

  /**
   * A repository must have been made, unless a pull through cache rule makes it at a pull, or a creation template at a push.
   */
  requireRepository(caller: RegistryCaller, kind: 'pull' | 'push' | 'delete', repository: string): void {
    const record = findRepository(this.#scope, repository)
    if (record) return this.#requireKey(caller, record)
    if (kind === 'pull' && upstreamOf(this.#scope, repository)) return
    const template = kind === 'push' ? templateFor(this.#scope, repository, 'CREATE_ON_PUSH') : undefined
    if (!template) throw new RegistryRefusal(404, 'NAME_UNKNOWN', repositoryMissing(this.#scope, repository))
    this.#require(caller, 'ecr:CreateRepository', repository)
    makeRepository(this.#scope, repository, template)
  }

  #requireKey({ action }: RegistryCaller, record: RepositoryRecord): void {
    const operation = KEY_USES[action ?? '']
    const failure = operation && keyFailure(this.#scope, record, operation)
    if (failure !== undefined) throw new RegistryRefusal(403, 'DENIED', failure)
  }

  /** Whether the caller may have an image of upstream brought in; makes the repository for it. */
  requireImport(caller: RegistryCaller, repository: string): void {
    this.#require(caller, 'ecr:BatchImportUpstreamImage', repository)
    if (findRepository(this.#scope, repository)) return
    this.#require(caller, 'ecr:CreateRepository', repository)
    makeRepository(this.#scope, repository, templateFor(this.#scope, repository, 'PULL_THROUGH_CACHE') ?? {})
  }

  /** Whether layers may be taken over from other repositories of the registry. */
  mountsBlobs(): boolean {
    return accountSetting(this.#scope, 'BLOB_MOUNTING') === 'ENABLED'
  }

  /** Keeps an immutable tag on the image it names. */
  beforeTag({
    repository,
    tag,
    previous,
    digest,
  }: {
    repository: string
    tag: string
    digest: string
    previous: string | undefined
  }): void {
    const record = findRepository(this.#scope, repository)
    if (!record || previous === undefined || previous === digest || !tagIsImmutable(record, tag)) return
    throw new RegistryRefusal(400, 'TAG_INVALID', immutableTag(repository, tag))
  }

  /** Refuses an image that is in the archive. */
  beforePull({ repository, digest }: { repository: string; digest: string }): void {
    const status = storageStatus(imageState(this.#scope, repository, digest))
    if (status === 'ACTIVE') return
    throw new RegistryRefusal(
      403,
      'DENIED',
      `The image with digest '${digest}' in the repository with name '${repository}' is ${status} and cannot be pulled; restore it to the standard storage class first`,
    )
  }

  /** To be told of every manifest that was read. */
  manifestPulled(
    { repository, digest }: { repository: string; digest: string },
    caller: RegistryCaller,
  ): void {
    recordPull(this.#scope, repository, digest, caller.principal)
  }
}
