import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { World } from '#world/world.ts'

/** A person on Docker Hub. Times are ms since the epoch. */
export interface Account {
  name: string
  uuid: string
  email?: string
  salt: string
  hash: string
  createdAt: number
}

/** An organization: repositories that several people own. */
export interface Organization {
  name: string
  uuid: string
  members: string[]
  createdAt: number
}

export const TOKEN_SCOPES = ['repo:admin', 'repo:write', 'repo:read', 'repo:public_read'] as const
export type TokenScope = (typeof TOKEN_SCOPES)[number]

/** A personal access token; the token itself is shown once and kept as a hash. */
export interface AccessToken {
  uuid: string
  account: string
  label: string
  scopes: TokenScope[]
  hash: string
  active: boolean
  createdAt: number
  lastUsedAt?: number
}

/** Who has shown a password or a token, and what that allows. */
export interface Credentials {
  name: string
  /** `repo:admin` for a password. */
  scope: TokenScope
}

const derive = promisify(scrypt) as (password: string, salt: Buffer, length: number) => Promise<Buffer>
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** The accounts, organizations and access tokens of a world's Docker Hub. */
export class HubAccounts {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  find(name: string): Account | undefined {
    return this.#world.store.get<Account>(`docker-hub/accounts/${name}`)?.value
  }

  organization(name: string): Organization | undefined {
    return this.#world.store.get<Organization>(`docker-hub/organizations/${name}`)?.value
  }

  organizationsOf(name: string): Organization[] {
    return this.#world.store
      .values<Organization>('docker-hub/organizations/')
      .filter(({ members }) => members.includes(name))
  }

  /** Whether repositories of a namespace are an account's to change. */
  owns(name: string, namespace: string): boolean {
    return name === namespace || (this.organization(namespace)?.members.includes(name) ?? false)
  }

  /** Makes an account, or gives an existing one a new password. */
  async set(name: string, password: string, email?: string): Promise<void> {
    const salt = randomBytes(16)
    const hash = (await derive(password, salt, 32)).toString('hex')
    const { store, clock, ids } = this.#world
    store.update<Account>(`docker-hub/accounts/${name}`, (known) => ({
      name,
      uuid: known?.uuid ?? ids.uuid(),
      email: email ?? known?.email,
      salt: salt.toString('hex'),
      hash,
      createdAt: known?.createdAt ?? clock.now(),
    }))
  }

  setOrganization(name: string, members: string[]): void {
    const { store, clock, ids } = this.#world
    store.update<Organization>(`docker-hub/organizations/${name}`, (known) => ({
      name,
      uuid: known?.uuid ?? ids.uuid(),
      members,
      createdAt: known?.createdAt ?? clock.now(),
    }))
  }

  /** Checks a user name with a password or an access token. */
  async verify(name: string, secret: string): Promise<Credentials | undefined> {
    const account = this.find(name)
    if (!account) return undefined
    if (secret.startsWith('dckr_pat_')) {
      const token = this.tokens(name).find(({ hash, active }) => active && hash === sha256(secret))
      if (!token) return undefined
      this.#putToken({ ...token, lastUsedAt: this.#world.clock.now() })
      return { name, scope: token.scopes[0]! }
    }
    const hash = await derive(secret, Buffer.from(account.salt, 'hex'), 32)
    return timingSafeEqual(hash, Buffer.from(account.hash, 'hex')) ? { name, scope: 'repo:admin' } : undefined
  }

  tokens(account: string): AccessToken[] {
    return this.#world.store.values<AccessToken>(`docker-hub/tokens/${account}/`)
  }

  /** Makes an access token; its text is given only now. */
  createToken(account: string, label: string, scopes: TokenScope[]): { token: AccessToken; text: string } {
    const text = `dckr_pat_${randomBytes(20).toString('base64url').slice(0, 27)}`
    const token: AccessToken = {
      uuid: this.#world.ids.uuid(),
      account,
      label,
      scopes,
      hash: sha256(text),
      active: true,
      createdAt: this.#world.clock.now(),
    }
    this.#putToken(token)
    return { token, text }
  }

  changeToken(
    account: string,
    uuid: string,
    change: { label?: string; active?: boolean },
  ): AccessToken | undefined {
    const token = this.tokens(account).find((one) => one.uuid === uuid)
    if (!token) return undefined
    const next = { ...token, label: change.label ?? token.label, active: change.active ?? token.active }
    this.#putToken(next)
    return next
  }

  deleteToken(account: string, uuid: string): boolean {
    return this.#world.store.delete(`docker-hub/tokens/${account}/${uuid}`) !== undefined
  }

  #putToken(token: AccessToken): void {
    this.#world.store.put(`docker-hub/tokens/${token.account}/${token.uuid}`, token)
  }
}
