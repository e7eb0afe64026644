import { createHmac, randomBytes } from 'node:crypto'
import type { Ids } from '#world/ids.ts'
import type { ProvisioningSpeed } from '#world/provisioning.ts'
import { DEFAULT_PROVISIONING } from '#world/provisioning.ts'
import type { AccountInfo, CreateWorldOptions } from './api.ts'

/** Where a world keeps what it was created with. */
export const CONFIG_KEY = 'world/config'
/** Where a world keeps its time, so that it goes on after a restart: an anchor in both times, and the speed. */
export const CLOCK_KEY = 'world/clock'

export interface WorldConfig {
  id: string
  accountId: string
  region: string
  /** Password in the proxy URL. */
  secret: string
  /** What the account on Docker Hub was made with, in a copy of another world; default: the secret. */
  hubSecret?: string
  administrator: { accessKeyId: string; secretAccessKey: string }
  /** Further accounts; none in worlds of before there were any. */
  accounts?: AccountInfo[]
  provisioning: ProvisioningSpeed
  seed?: string
  /** See CreateWorldOptions. */
  home?: string
}

export interface ClockAnchor {
  virtual: number
  host: number
  speed: number
}

export const DEFAULT_REGION = 'us-east-1'

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** What a new world starts from. `id` is given by now. */
export function newConfig(options: CreateWorldOptions & { id: string }, ids: Ids): WorldConfig {
  return {
    id: options.id,
    accountId: options.accountId ?? newAccountId(ids),
    region: options.region ?? DEFAULT_REGION,
    // Secrets never come from a seed: who knows the seed must not know them.
    secret: randomBytes(18).toString('base64url'),
    administrator: newKeys(ids),
    ...(options.accounts?.length && { accounts: newAccounts(options.accounts, ids) }),
    provisioning: options.provisioning ?? DEFAULT_PROVISIONING,
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.home !== undefined && { home: options.home }),
  }
}

const newAccountId = (ids: Ids): string => `${1 + ids.number(9)}${ids.text(11, '0123456789')}`

const newKeys = (ids: Ids) => ({
  accessKeyId: `AKIA${ids.text(16, BASE32)}`,
  secretAccessKey: randomBytes(30).toString('base64'),
})

const newAccounts = (names: string[], ids: Ids): AccountInfo[] =>
  names.map((name) => ({ name, accountId: newAccountId(ids), administrator: newKeys(ids) }))

/** The account that a world has on Docker Hub: as secret as the world itself, so it needs no record of its own. */
export function dockerHubAccount({ secret, hubSecret = secret }: Pick<WorldConfig, 'secret' | 'hubSecret'>): {
  username: string
  password: string
} {
  const password = createHmac('sha256', hubSecret).update('docker-hub').digest('base64url').slice(0, 16)
  return { username: 'learner', password }
}
