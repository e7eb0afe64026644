import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { basicCredentials } from '../../hub/credentials.ts'
import type { Process } from '../../processes/process.ts'
import { type RegistryAction, RegistryError } from '../../registry/policy.ts'
import { bcryptHash, isBcrypt, passwordFits } from '../password-hashes.ts'

/** Tells a line of the registry's log with its fields. */
export type Log = (level: string, text: string, fields?: Record<string, string>) => Promise<void>

/** What a request must be allowed. */
export interface Needed {
  action: RegistryAction | '*'
  repository: string
  /** Default: a repository. */
  type?: 'registry'
}

/**
 * Basic authentication by a password file, of which only bcrypt's entries count.
 * Models distribution's registry/auth/htpasswd; https://distribution.github.io/distribution/about/configuration/#htpasswd
 */
export class HtpasswdAccess {
  readonly #process: Process
  readonly #settings: { realm: string; path: string }
  readonly #log: Log
  /** Digest of the last user, password and entry that belonged together: a hash is slow by intent, and a push asks often. */
  #known = ''

  constructor(process: Process, settings: { realm: string; path: string }, log: Log) {
    this.#process = process
    this.#settings = settings
    this.#log = log
  }

  /** Makes the file with a user of its own where there is none. */
  async prepare(): Promise<void> {
    const { files } = this.#process
    const { path } = this.#settings
    if (files.exists(path)) return
    const password = randomBytes(32).toString('base64url')
    files.makeFolder(path.slice(0, path.lastIndexOf('/')) || '/', { recursive: true, mode: 0o700 })
    const line = `docker:${(await bcryptHash(password, 10)).replace('$2y$', '$2a$')}`
    await files.write(path, Buffer.from(line), 0o600)
    await this.#log('warning', 'htpasswd is missing, provisioning with default user', {
      password,
      user: 'docker',
    })
  }

  /** Throws the challenge for who is not in the file. */
  async authenticate(request: IncomingMessage, needed: readonly Needed[] | undefined): Promise<void> {
    const credentials = basicCredentials(request.headers.authorization)
    if (credentials && (await this.#isRight(credentials))) return
    const why = credentials ? 'authentication failure' : 'invalid authorization credential'
    const { realm } = this.#settings
    await this.#log(
      'warning',
      `error authorizing context: basic authentication challenge for realm ${JSON.stringify(realm)}: ${why}`,
    )
    const detail =
      needed?.map(({ type = 'repository', repository, action }) => ({
        Type: type,
        Class: '',
        Name: repository,
        Action: action,
      })) ?? null
    throw new RegistryError(401, 'UNAUTHORIZED', 'authentication required', {
      detail,
      headers: { 'www-authenticate': `Basic realm=${JSON.stringify(realm)}` },
    })
  }

  async #isRight({ username, password }: { username: string; password: string }): Promise<boolean> {
    const stored = (await this.#entries()).get(username)
    const token = createHash('sha256')
      .update(JSON.stringify([username, password, stored]))
      .digest('hex')
    if (token === this.#known) return true
    if (stored !== undefined && isBcrypt(stored) && (await passwordFits(password, stored))) {
      this.#known = token
      return true
    }
    await this.#log('error', `error authenticating user ${JSON.stringify(username)}: authentication failure`)
    return false
  }

  /** The file as it is now: who changes it need not start the registry anew. */
  async #entries(): Promise<Map<string, string>> {
    const { files } = this.#process
    const { path } = this.#settings
    const text = files.exists(path) ? Buffer.from(await files.read(path)).toString() : ''
    const lines = text.split('\n').map((line) => line.trim())
    return new Map(
      lines
        .filter((line) => line !== '' && !line.startsWith('#') && line.includes(':'))
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    )
  }
}

/** As the answer to who may not tells it. */
export function neededFor(action: RegistryAction, repository: string): Needed[] {
  if (action === 'push')
    return [
      { action: 'pull', repository },
      { action: 'push', repository },
    ]
  return [{ action, repository }]
}

/** For the list of all repositories. */
export const CATALOG: readonly Needed[] = [{ type: 'registry', repository: 'catalog', action: '*' }]
