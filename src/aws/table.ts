import type { Scope } from './ec2/index.ts'
import { awsKey, awsPrefix } from './keys.ts'

/** The records of one kind of a service's resources, per account and region, under a name that may hold any characters. */
export class Table<T> {
  readonly #service: string
  readonly #folder: string
  readonly #name: (record: T) => string

  constructor(service: string, folder: string, name: (record: T) => string) {
    this.#service = service
    this.#folder = folder
    this.#name = name
  }

  key({ accountId, region }: Scope, name: string): string {
    return awsKey(accountId, region, this.#service, this.#folder, encodeURIComponent(name))
  }

  find(scope: Scope, name: string): T | undefined {
    return scope.world.store.get<T>(this.key(scope, name))?.value
  }

  /** How many there are, at no cost. */
  count(scope: Scope): number {
    return scope.world.store.count(this.#prefix(scope))
  }

  /** In the order of their encoded names. */
  list(scope: Scope): T[] {
    return scope.world.store.values<T>(this.#prefix(scope))
  }

  put(scope: Scope, record: T): T {
    scope.world.store.put(this.key(scope, this.#name(record)), record)
    return record
  }

  delete(scope: Scope, record: T): void {
    scope.world.store.delete(this.key(scope, this.#name(record)))
  }

  #prefix({ accountId, region }: Scope): string {
    return awsPrefix(accountId, region, this.#service, this.#folder)
  }
}

/** One page of a list by an opaque token. `invalid` makes the error for a token that is none. */
export function pageOf<T>(
  all: T[],
  size: number,
  token: string | undefined,
  invalid: () => Error,
): { items: T[]; next?: string } {
  const text = token === undefined ? '0' : Buffer.from(token, 'base64url').toString()
  if (!/^\d{1,15}$/.test(text)) throw invalid()
  const offset = Number(text)
  const end = offset + size
  return {
    items: all.slice(offset, end),
    ...(end < all.length ? { next: Buffer.from(String(end)).toString('base64url') } : {}),
  }
}
