import type { IncomingMessage } from 'node:http'
import type { Scope } from '../ec2/index.ts'
import { decide } from '../iam/identity.ts'
import { denialText } from '../wire/denial.ts'
import type { Principal } from '../wire/service.ts'
import { verifyPassword } from './authorization-token.ts'
import { recordPull } from './images.ts'
import {
  findRepository,
  immutableTag,
  registryHost,
  repositoryArn,
  repositoryMissing,
  tagIsImmutable,
} from './repositories.ts'

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
    const path = (request.url ?? '').split('?')[0]!
    const action = ACTIONS.find(
      ([method, pattern]) => method.test(request.method ?? '') && pattern.test(path),
    )?.[2]
    return { principal, action }
  }

  /** Asks IAM and the repository's policy. A blob taken over from another repository counts as its download. */
  authorize(caller: RegistryCaller, kind: 'pull' | 'push' | 'delete', repository: string): void {
    const taken = kind === 'pull' && caller.action === 'ecr:InitiateLayerUpload'
    const action = taken ? 'ecr:GetDownloadUrlForLayer' : (caller.action ?? 'ecr:BatchGetImage')
    const resource = repositoryArn(this.#scope, repository)
    const { principal } = caller
    const document = findRepository(this.#scope, repository)?.policy
    const resourcePolicy = document === undefined ? undefined : { document, accountId: this.#scope.accountId }
    const decision = decide(this.#scope.world, { principal, action, resource, resourcePolicy })
    if (decision.allowed) return
    throw new RegistryRefusal(403, 'DENIED', denialText(principal, action, resource, decision))
  }

  /** Repositories are not made by pushing. */
  requireRepository(repository: string): void {
    if (findRepository(this.#scope, repository)) return
    throw new RegistryRefusal(404, 'NAME_UNKNOWN', repositoryMissing(this.#scope, repository))
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

  /** To be told of every manifest that was read. */
  manifestPulled({ repository, digest }: { repository: string; digest: string }): void {
    recordPull(this.#scope, repository, digest)
  }
}
