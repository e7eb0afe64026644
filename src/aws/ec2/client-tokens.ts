import { hash } from 'node:crypto'
import { Table } from '../table.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'

/** How long a token stands for its request, ms. */
const LIFETIME_MS = 24 * 3600_000
/** So many tokens of a region are looked through for old ones. */
const MANY = 500

/** An answer in a form that the store keeps: dates bear a mark. */
type Kept = null | boolean | number | string | Kept[] | { [name: string]: Kept } | { $date: number }

interface TokenRecord {
  /** `CreateVolume/<token>` */
  name: string
  /** SHA-256 of the other parameters. */
  parameters: string
  answer: Kept
  at: number
}

const tokens = new Table<TokenRecord>('ec2', 'client-tokens', ({ name }) => name)

/**
 * An operation that makes something once for each client token: the same request again gets the answer of the first one.
 * Throws IdempotentParameterMismatch when it says something else by then.
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
 */
export function oncePerToken(operation: string, handler: Handler): Handler {
  return (input: { ClientToken?: string; DryRun?: boolean }, context: RequestContext) => {
    const { ClientToken: token, DryRun: _, ...parameters } = input
    if (!token) return handler(input, context)
    const name = `${operation}/${token}`
    const digest = hash('sha256', JSON.stringify(parameters))
    const now = context.world.clock.now()
    const known = tokens.find(context, name)
    if (known && known.at + LIFETIME_MS > now) {
      if (known.parameters === digest) return answerOf(known.answer)
      throw new AwsError(
        'IdempotentParameterMismatch',
        'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
      )
    }
    const keep = (answer: object) => {
      forgetOld(context, now)
      tokens.put(context, { name, parameters: digest, answer: kept(answer), at: now })
      return answer
    }
    const answer = handler(input, context)
    return answer instanceof Promise ? answer.then(keep) : keep(answer)
  }
}

function forgetOld(context: RequestContext, now: number): void {
  if (tokens.count(context) < MANY) return
  const all = tokens.list(context)
  const oldest = all.toSorted((a, b) => a.at - b.at)
  for (const [index, record] of oldest.entries())
    if (record.at + LIFETIME_MS <= now || index < all.length / 2) tokens.delete(context, record)
}

function kept(value: unknown): Kept {
  if (value instanceof Date) return { $date: value.getTime() }
  if (Array.isArray(value)) return value.map(kept)
  if (typeof value !== 'object' || value === null) return (value ?? null) as Kept
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([name, one]) => [name, kept(one)]),
  )
}

function answerOf(value: Kept): unknown {
  if (Array.isArray(value)) return value.map(answerOf)
  if (typeof value !== 'object' || value === null) return value
  if (typeof value.$date === 'number') return new Date(value.$date)
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, answerOf(one as Kept)]))
}
