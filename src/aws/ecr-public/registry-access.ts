import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Scope } from '../ec2/index.ts'
import { verifyPassword } from '../ecr/authorization-token.ts'
import { RegistryRefusal, registryAction } from '../ecr/registry-access.ts'
import { decide } from '../iam/identity.ts'
import { issueSession, openSession } from '../iam/session.ts'
import { denialText } from '../wire/denial.ts'
import type { Principal } from '../wire/service.ts'
import {
  accountOfAlias,
  findRepository,
  PUBLIC_HOST,
  repositoryArn,
  repositoryPolicy,
} from './repositories.ts'

/** Lifetime of a bearer token of public.ecr.aws, seconds. */
const TOKEN_SECONDS = 12 * 3600
/**
 * Bytes that may be pulled without an account in a month
 * (https://docs.aws.amazon.com/AmazonECR/latest/public/public-service-quotas.html, read 2026-11).
 */
const ANONYMOUS_BYTES = 500 * 1000 ** 3

const ANONYMOUS: Principal = { arn: 'anonymous', accountId: '', userId: 'anonymous', type: 'anonymous' }

/** Who makes a request, and by which action it is judged. */
export interface PublicCaller {
  principal: Principal
  action: string | undefined
}

type World = Pick<Scope, 'world'>

/** Who may do what at public.ecr.aws. Everything throws RegistryRefusal. */
export class PublicRegistryAccess {
  readonly #scope: World

  constructor(scope: World) {
    this.#scope = scope
  }

  /** Answers `/token/`: a bearer token for who shows a password of ECR Public, and one for anybody. */
  token(req: IncomingMessage, res: ServerResponse): void {
    const basic = /^Basic (\S+)$/i.exec(req.headers.authorization ?? '')?.[1]
    let principal: Principal | 'expired' | 'invalid' = ANONYMOUS
    if (basic) {
      const [name = '', ...rest] = Buffer.from(basic, 'base64').toString().split(':')
      principal = verifyPassword(this.#scope.world, name, rest.join(':'))
    }
    const refused = typeof principal === 'string'
    const body = refused
      ? { errors: [{ code: 'DENIED', message: 'Your Authorization Token is invalid.' }] }
      : { token: issueSession(this.#scope.world, principal as Principal, TOKEN_SECONDS).SessionToken }
    res.writeHead(refused ? 400 : 200, { 'content-type': 'application/json' })
    res.end(JSON.stringify(body))
  }

  authenticate(request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): PublicCaller {
    const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const session = bearer === undefined ? undefined : this.#open(bearer)
    if (!session || session.expires <= this.#scope.world.clock.now()) {
      throw new RegistryRefusal(401, 'DENIED', 'Not Authorized', {
        'www-authenticate': `Bearer realm="https://${PUBLIC_HOST}/token/",service="${PUBLIC_HOST}",scope="aws"`,
      })
    }
    const action = registryAction(request)?.replace(/^ecr:/, 'ecr-public:')
    return { principal: session.principal, action }
  }

  #open(token: string) {
    try {
      return openSession(this.#scope.world, token)
    } catch {
      return undefined
    }
  }

  /** Anybody may pull; to push takes the repository's account and its permission. */
  authorize({ principal, action }: PublicCaller, kind: 'pull' | 'push' | 'delete', path: string): void {
    if (kind === 'pull') return
    const { accountId, name } = this.#repository(path)
    const resource = repositoryArn({ accountId: accountId ?? '' }, name)
    if (principal.type === 'anonymous' || accountId === undefined)
      throw new RegistryRefusal(403, 'DENIED', 'requested access to the resource is denied')
    const document = repositoryPolicy(resource, this.#scope)
    const resourcePolicy =
      document === undefined && accountId === principal.accountId
        ? undefined
        : { document: document ?? '{"Statement":[]}', accountId }
    const asked = action ?? 'ecr-public:PutImage'
    const decision = decide(this.#scope.world, { principal, action: asked, resource, resourcePolicy })
    if (!decision.allowed)
      throw new RegistryRefusal(403, 'DENIED', denialText(principal, asked, resource, decision))
  }

  /** `exists` says which repositories are there without an account here. */
  requireRepository(path: string, exists: (path: string) => boolean): void {
    const { accountId, name } = this.#repository(path)
    const { world } = this.#scope
    if (accountId !== undefined && findRepository({ world, accountId }, name)) return
    if (exists(path)) return
    const where = accountId === undefined ? '' : ` in the registry with id '${accountId}'`
    throw new RegistryRefusal(
      404,
      'NAME_UNKNOWN',
      `The repository with name '${name}' does not exist${where}`,
    )
  }

  /** Counts what is pulled without an account, and refuses beyond what a month allows. */
  blobPulled({ principal }: PublicCaller, size: number): void {
    if (principal.type !== 'anonymous') return
    const { world } = this.#scope
    const month = new Date(world.clock.now()).toISOString().slice(0, 7)
    const key = `aws/ecr-public-pulls/${month}`
    const before = world.store.get<number>(key)?.value ?? 0
    if (before + size > ANONYMOUS_BYTES) {
      throw new RegistryRefusal(429, 'TOOMANYREQUESTS', 'Data limit exceeded')
    }
    world.store.put(key, before + size)
  }

  /** `<alias>/<name>` taken apart. */
  #repository(path: string): { accountId: string | undefined; name: string } {
    const slash = path.indexOf('/')
    const alias = path.slice(0, Math.max(0, slash))
    return { accountId: accountOfAlias(this.#scope, alias), name: path.slice(slash + 1) }
  }
}
