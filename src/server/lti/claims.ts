import { z } from 'zod'
import { displayName } from '../sign-in/display-name.ts'
import { LaunchRefused } from './refused.ts'

const CLAIM = 'https://purl.imsglobal.org/spec/lti/claim/'
const GRADES = 'https://purl.imsglobal.org/spec/lti-ags/claim/endpoint'
/** What a token of the platform’s must allow for a score to be sent. */
export const SCORE_SCOPE = 'https://purl.imsglobal.org/spec/lti-ags/scope/score'

/** Roles *in the course*, with or without the vocabulary's address; sub-roles such as a teaching assistant's count as their principal. */
const TEACHES =
  /^(?:http:\/\/purl\.imsglobal\.org\/vocab\/lis\/v2\/membership(?:#|\/)|)(?:Instructor|Administrator|ContentDeveloper)(?:#\w+)?$/

const text = z.string().min(1)
const title = z.string().optional().catch(undefined)
const claimsSchema = z.object({
  sub: text,
  name: title,
  given_name: title,
  family_name: title,
  /** Those of LTI, without the beginning that they have in common. */
  lti: z.object({
    message_type: z.literal('LtiResourceLinkRequest'),
    version: z.literal('1.3.0'),
    deployment_id: text,
    target_link_uri: text,
    resource_link: z.object({ id: text, title }),
    roles: z.array(z.string()),
    context: z.object({ id: text, title, label: title }).optional(),
    custom: z.record(z.string(), z.unknown()).optional().catch(undefined),
  }),
  grades: z
    .object({ scope: z.array(z.string()), lineitem: z.url({ protocol: /^https?$/ }).optional() })
    .optional()
    .catch(undefined),
})

/** A launch as the platform signed it. */
export interface LaunchClaims {
  deployment: string
  /** The person's id at the platform. */
  user: string
  name: string
  /** What they are in the course there. Nobody becomes an administrator by a launch. */
  role: 'learner' | 'instructor'
  /** The course there. */
  context?: { id: string; title: string }
  /** Where the link leads, as it was placed there. */
  target: string
  /** The lab that the link's custom parameter `lab` names. */
  lab?: string
  /** Where the result of what the link leads to is to be sent. */
  lineItem?: string
}

/**
 * Reads the claims of a verified id_token. Throws LaunchRefused for what is no launch of a resource link.
 * https://www.imsglobal.org/spec/lti/v1p3/#resource-link-launch-request-message
 */
export function launchClaims(claims: Record<string, unknown>): LaunchClaims {
  const own = Object.entries(claims).filter(([name]) => name.startsWith(CLAIM))
  const parsed = claimsSchema.safeParse({
    ...claims,
    lti: Object.fromEntries(own.map(([name, value]) => [name.slice(CLAIM.length), value])),
    grades: claims[GRADES],
  })
  if (!parsed.success) {
    const what = parsed.error.issues.map(({ path }) => path.join('.')).join(', ')
    throw new LaunchRefused(`the launch lacks what that of a resource link has, or has it otherwise: ${what}`)
  }
  const { sub, name, given_name, family_name, lti, grades } = parsed.data
  const { context, custom, resource_link: link } = lti
  return {
    deployment: lti.deployment_id,
    user: sub,
    name: displayName(name || [given_name, family_name].filter(Boolean).join(' ')) ?? 'Anonymous',
    role: lti.roles.some((role) => TEACHES.test(role)) ? 'instructor' : 'learner',
    ...(context && {
      context: {
        id: context.id,
        title: displayName(context.title || context.label || link.title) ?? 'Course',
      },
    }),
    target: lti.target_link_uri,
    ...(typeof custom?.lab === 'string' && { lab: custom.lab }),
    ...(grades?.lineitem !== undefined &&
      grades.scope.includes(SCORE_SCOPE) && { lineItem: grades.lineitem }),
  }
}
