import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'
import { Problem } from '../problem.ts'

/** Wrong answers from one address in a quarter of an hour: a classroom behind one address mistypes now and then. */
const BY_ADDRESS = 60
/** Wrong passwords for one person in a quarter of an hour. */
const BY_PERSON = 10
const PERIOD = 15 * 60

/** Counts what was wrong, and refuses those who guess. What was right costs nothing. */
export class SignInAttempts {
  readonly #addresses = new RateLimiterMemory({ points: BY_ADDRESS, duration: PERIOD })
  readonly #people = new RateLimiterMemory({ points: BY_PERSON, duration: PERIOD })

  /** Throws a Problem for an address, or on an account, with too many wrong answers. */
  async assertFew(address: string, account?: string): Promise<void> {
    const states = [
      [await this.#addresses.get(address), BY_ADDRESS],
      [account === undefined ? null : await this.#people.get(account), BY_PERSON],
    ] as const
    const spent = states.find(([state, points]) => state !== null && state.consumedPoints >= points)?.[0]
    if (spent) throw tooMany(spent)
  }

  /** Counts a wrong answer. */
  async failed(address: string, account?: string): Promise<void> {
    await this.#addresses.penalty(address, 1)
    if (account !== undefined) await this.#people.penalty(account, 1)
  }
}

function tooMany({ msBeforeNext }: RateLimiterRes): Problem {
  return new Problem(429, {
    code: 'too-many-attempts',
    what: 'Too many wrong attempts to sign in.',
    why: 'This server refuses to be guessed at.',
    next: `Try again in ${Math.ceil(msBeforeNext / 60_000)} minutes, or ask your instructor for a new code.`,
  })
}
