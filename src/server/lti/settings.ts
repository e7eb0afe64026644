import { z } from 'zod'
import { isLoopback } from '../security/address.ts'

/** What a platform is asked and told goes over TLS; a platform without can only be one of this machine. */
const address = z
  .url({ protocol: /^https?$/ })
  .refine(
    (text) => text.startsWith('https:') || isLoopback(new URL(text).hostname),
    'Give an address with https.',
  )

/** A learning platform (Moodle, Canvas, …) that this server is registered at as an LTI 1.3 tool. */
export const ltiPlatformSchema = z.strictObject({
  issuer: z.url().describe('The platform’s id (“issuer”), e.g. https://moodle.example.com.'),
  clientId: z.string().min(1).describe('As the platform knows this server.'),
  deployments: z
    .array(z.string().min(1))
    .min(1)
    .describe('The ids of the deployments that may launch: a platform of many schools has one for each.'),
  authorization: address.describe('Its authentication request URL.'),
  keys: address.describe('Its public keyset URL.'),
  token: address
    .optional()
    .describe('Its access token URL. Left out: no results of labs are sent to its gradebook.'),
  tokenAudience: z
    .string()
    .optional()
    .describe('Whom its token service calls itself, where that is not the access token URL.'),
})

export type LtiPlatform = z.infer<typeof ltiPlatformSchema>
