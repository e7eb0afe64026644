import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  sign,
  verify,
} from 'node:crypto'
import { z } from 'zod'

/** What a certificate says. */
export const certificateSchema = z.strictObject({
  id: z.string().max(64),
  name: z.string().min(1).max(100).describe('Whose work it was.'),
  title: z.string().max(200).describe('What was done: the learning path, or the course.'),
  lessons: z.int().nonnegative().describe('How many lessons belong to it, all done.'),
  labs: z.int().nonnegative().describe('How many labs belong to it, all done.'),
  steps: z.int().nonnegative().describe('How many steps these have, each checked.'),
  unproven: z
    .int()
    .nonnegative()
    .describe('How many of the steps come from a progress file that another server had made.'),
  results: z
    .array(
      z.strictObject({
        title: z.string().max(200),
        points: z.int().nonnegative(),
        of: z.int().positive(),
        passed: z.boolean(),
      }),
    )
    .max(20)
    .default([])
    .describe('What the scored labs of it brought, such as the exam: the points of the last complete try.'),
  finishedAt: z.int().describe('When the last of it was done, ms since the epoch.'),
  issuedAt: z.int().describe('When the certificate was made.'),
  issuer: z.url().describe('The server that made it.'),
})

export type Certificate = z.infer<typeof certificateSchema>

/**
 * Signs and opens: text that this installation has vouched for (Ed25519). The same for certificates of paths and of cohorts, and for
 * progress files.
 */
export class Seal {
  readonly #key
  readonly #publicKey

  /** `secret`: a private key as `newSecret` makes it. */
  constructor(secret: string) {
    this.#key = createPrivateKey(secret)
    this.#publicKey = createPublicKey(this.#key)
  }

  /** With this anybody can verify what was signed. */
  get publicKey(): JsonWebKey {
    return this.#publicKey.export({ format: 'jwk' })
  }

  /** The signature of a text, base64url. */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#key).toString('base64url')
  }

  /** Whether a signature is ours and of this text. */
  verifies(text: string, signature: string): boolean {
    return verify(null, Buffer.from(text), this.#publicKey, Buffer.from(signature, 'base64url'))
  }

  /** A certificate as a code that can be read by everybody and changed by nobody: `<claims>.<signature>`, base64url. */
  issue(certificate: Certificate): string {
    const claims = Buffer.from(JSON.stringify(certificateSchema.parse(certificate))).toString('base64url')
    return `${claims}.${this.sign(claims)}`
  }

  /** The certificate of a code; undefined when this server did not make it, or somebody has changed it. */
  open(code: string): Certificate | undefined {
    const [, claims, signature] = /^([\w-]+)\.([\w-]{86})$/.exec(code.trim()) ?? []
    if (!claims || !this.verifies(claims, signature!)) return undefined
    return certificateSchema.parse(JSON.parse(Buffer.from(claims, 'base64url').toString()))
  }
}

/** A key for a new installation: PEM. */
export function newSecret(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}
