import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Quotas } from '#world/fair-use.ts'
import { ltiPlatformSchema } from './lti/settings.ts'

/** What has to be said to let learners at this machine as they are. */
export const UNISOLATED = 'learners get a shell as the user of this server'

const listOf = (text: string) => z.array(z.string()).default([]).describe(text)

const oidc = z.strictObject({
  issuer: z.url().describe('The provider’s address, as in its discovery document.'),
  clientId: z
    .string()
    .min(1)
    .describe('As the provider knows this server. Its redirect address is <url>/auth/oidc/callback.'),
  clientSecret: z.string().min(1).describe('Better given by the environment than in the file.'),
  name: z
    .string()
    .min(1)
    .max(40)
    .default('your organisation')
    .describe('What the button says: "Sign in with …".'),
  administrators: listOf('Verified e-mail addresses of those who come in as administrators.'),
  instructors: listOf('Verified e-mail addresses of those who come in as instructors.'),
})

/** What `drydock serve` is told, by a YAML file and by the environment. The descriptions are its documentation. */
export const settingsSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe('The address at which people open this server, e.g. https://learn.example.com.'),
  host: z
    .string()
    .default('127.0.0.1')
    .describe('The address to listen on; another than the loopback needs TLS here or a proxy in front.'),
  port: z.int().min(0).max(65_535).default(4321).describe('The port to listen on.'),
  tls: z
    .strictObject({
      certificate: z.string().describe('PEM file with the certificate and those that it depends on.'),
      key: z.string().describe('PEM file with its private key.'),
    })
    .optional()
    .describe('To speak HTTPS itself. Leave out behind a proxy that does.'),
  trustProxy: z
    .boolean()
    .default(false)
    .describe(
      'Whether a proxy in front says who asks (X-Forwarded-For). Only if nobody reaches this server past it.',
    ),
  data: z
    .string()
    .optional()
    .describe('Where workspaces and clouds are kept, and the database if it is SQLite.'),
  database: z
    .string()
    .regex(/^postgres(?:ql)?:\/\//)
    .optional()
    .describe('postgres://user:password@host/database. SQLite in the data folder when left out.'),
  sessionDays: z.number().min(0.01).max(365).default(30).describe('How long people stay signed in.'),
  signIn: z
    .strictObject({
      join: z.boolean().default(true).describe('Whether a cohort’s code and a name are enough.'),
      password: z.boolean().default(true).describe('Whether people with a password come in by it.'),
      oidc: oidc.optional().describe('An OpenID Connect provider.'),
    })
    .prefault({})
    .describe('The ways to sign in.'),
  lti: z
    .array(ltiPlatformSchema)
    .default([])
    .describe(
      'Learning platforms that launch labs and courses by LTI 1.3; each with issuer, clientId, deployments, authorization, keys, token. See deploy/README.md.',
    ),
  isolation: z
    .enum(['bubblewrap', UNISOLATED])
    .default('bubblewrap')
    .describe(
      `How terminals are kept apart, and off this machine. "${UNISOLATED}" is for people whom you trust with all that this user can read and do.`,
    ),
  sleepAfterMinutes: z
    .number()
    .min(1)
    .default(30)
    .describe('After so long without use a learner’s cloud sleeps on disk; it wakes when it is needed.'),
  cloudProcesses: z
    .int()
    .min(1)
    .max(64)
    .default(() => Math.min(8, Math.max(2, availableParallelism())))
    .describe(
      'How many processes the learners’ clouds are spread over: when one fails, the others’ go on, and its own wake there. Left out: one for each processor, 2 to 8.',
    ),
  labsAtOnce: z
    .int()
    .min(1)
    .optional()
    .describe(
      'How many labs’ clouds may be awake at once before whoever starts another waits in line. Count 150 MiB of memory for each. Left out: as many as come.',
    ),
  quotas: z
    .strictObject({
      objects: z
        .int()
        .min(1000)
        .default(20_000)
        .describe(
          'Objects: those of its clusters, AWS resources, containers. A new EKS cluster has about 300.',
        ),
      clusters: z.int().min(0).max(100).default(5).describe('EKS clusters in a region.'),
      imagesMiB: z.int().min(1).default(2048).describe('Image layers that are built or pushed there, MiB.'),
      homeMiB: z
        .int()
        .min(1)
        .default(2048)
        .describe('Files in the home folder, MiB; programs that fill it further are ended.'),
      callsPerSecond: z
        .number()
        .min(1)
        .default(50)
        .describe('Calls of its APIs a second, on average; ten seconds’ worth may come at once.'),
    })
    .prefault({})
    .describe('What one lab of one learner may use: its cloud, and its home.'),
  previews: z
    .string()
    .regex(/^https?:\/\/\*\.[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d+)?$/)
    .optional()
    .describe(
      'Where web pages out of labs are shown, e.g. https://*.previews.example.net: a wildcard name (and certificate) that leads to this server, best in a domain that nothing else uses. Without it there are no previews, but on the loopback.',
    ),
  overlay: z
    .string()
    .optional()
    .describe(
      'The folder of a company’s overlay: labs, lessons, rules, name and logo. See examples/acme-onboarding.',
    ),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .describe(
          'From which level on. "info" has a line for each request: its route, never its address or content.',
        ),
    })
    .prefault({})
    .describe('The log: a JSON object a line, on standard error.'),
  operations: z
    .strictObject({
      host: z
        .string()
        .default('127.0.0.1')
        .describe(
          'The address to listen on. It asks nobody who they are: let only your monitoring reach it.',
        ),
      port: z.int().min(1).max(65_535).describe('The port for /healthz, /readyz and /metrics.'),
    })
    .optional()
    .describe('What machines ask. Left out: nothing listens.'),
  shutdownSeconds: z
    .number()
    .min(0)
    .max(600)
    .default(20)
    .describe('How long requests and checks that are under way may take when the server is told to end.'),
  mail: z
    .strictObject({
      server: z
        .string()
        .regex(/^smtps?:\/\//)
        .describe(
          'smtp://user:password@host:587 or smtps://…; better given by the environment than in the file.',
        ),
      from: z.string().min(3).describe('The sender, e.g. "Drydock <learn@example.com>".'),
    })
    .optional()
    .describe('The mail server by which learners are reminded. Left out: no mail.'),
  webhook: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }).describe('Gets a POST with JSON for each reminder.'),
      secret: z
        .string()
        .min(16)
        .optional()
        .describe('X-Drydock-Signature is then sha256=<HMAC of the body by this secret, in hex>.'),
    })
    .optional()
    .describe('A program of yours that is told of reminders.'),
  xapi: z
    .strictObject({
      endpoint: z
        .url({ protocol: /^https?$/ })
        .refine(
          (address) => !/^[^/]*\/\/[^/]*@/.test(address),
          'User and password are settings of their own.',
        )
        .describe(
          'The store’s xAPI address, e.g. https://lrs.example.com/xapi; statements go to its /statements.',
        ),
      user: z
        .string()
        .min(1)
        .regex(/^[^:]*$/, 'A user’s name of HTTP Basic has no colon.')
        .describe('Who this server is there (HTTP Basic).'),
      password: z.string().min(1).describe('Better given by the environment than in the file.'),
      people: z
        .enum(['id', 'name', 'mail'])
        .default('id')
        .describe(
          'What it is told of people: "id", that of their account here alone; "name", their name, too; "mail", their name and, for who has one, their e-mail address instead of the id.',
        ),
    })
    .optional()
    .describe('A learning record store that is told by xAPI 1.0.3 what people do. Left out: none.'),
  remindDays: z
    .number()
    .min(0)
    .max(365)
    .default(3)
    .describe(
      'So many days before a course is to be done its learners are reminded; and again when the day has passed.',
    ),
  learnerDays: z
    .int()
    .min(0)
    .optional()
    .describe(
      'So many days after the end of their last course learners are deleted with all that is theirs. Left out: never.',
    ),
  replayDays: z
    .int()
    .min(0)
    .max(365)
    .default(0)
    .describe(
      'At most so many days it is kept how labs went (what terminals showed, checks, hints), for instructors to replay. Learners are told so where they type. 0: nothing is recorded, and what was is deleted.',
    ),
  contact: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'Whom people ask about what is kept of them, e.g. privacy@example.com: on the page Privacy. Left out: an administrator.',
    ),
  auditDays: z.int().min(1).default(365).describe('How long the audit log is kept.'),
})

/** The settings of a hosted server. */
export type Settings = z.infer<typeof settingsSchema>

const PREFIX = 'DRYDOCK'

/**
 * Reads the settings: a YAML file, and over it the environment. A setting `signIn.oidc.clientSecret` is the variable
 * DRYDOCK_SIGN_IN_OIDC_CLIENT_SECRET, or the content of the file that DRYDOCK_SIGN_IN_OIDC_CLIENT_SECRET_FILE names.
 * Throws one error with all that is wrong.
 */
export async function readSettings(
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Settings> {
  const given = file === undefined ? {} : await readYaml(file)
  for (const { path, variable, type } of settingVariables()) {
    const text = variable === undefined ? undefined : await readVariable(environment, variable)
    if (text !== undefined) put(given, path, valueFor(type, text))
  }
  const parsed = settingsSchema.safeParse(given)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => {
    const name = path.map(String)
    return `  ${name.join('.') || 'settings'} (${variableOf(name)}): ${message}`
  })
  throw new Error(`The settings${file ? ` in ${file}` : ''} are not valid:\n${problems.join('\n')}`)
}

/** A setting, its place and its environment variable. */
export interface SettingVariable {
  path: string[]
  /** None for a list of mappings, which only a file can give. */
  variable?: string
  type: 'string' | 'number' | 'boolean' | 'list' | 'mappings'
  description: string
}

/** All settings that are not made of others. */
export function settingVariables(): SettingVariable[] {
  return [...leaves(settingsSchema, [])]
}

function* leaves(schema: z.ZodType, path: string[]): Generator<SettingVariable> {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodObject) {
    for (const [key, value] of Object.entries(inner.shape)) yield* leaves(value as z.ZodType, [...path, key])
    return
  }
  const description = schema.description ?? ''
  if (inner instanceof z.ZodArray && inner.element instanceof z.ZodObject) {
    yield { path, type: 'mappings', description }
    return
  }
  const type =
    inner instanceof z.ZodNumber
      ? 'number'
      : inner instanceof z.ZodBoolean
        ? 'boolean'
        : inner instanceof z.ZodArray
          ? 'list'
          : 'string'
  yield { path, variable: variableOf(path), type, description }
}

/** What stands in a schema that may be left out. */
function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
    inner = inner.unwrap() as z.ZodType
  return inner
}

function variableOf(path: string[]): string {
  const words = path.map((key) => key.replace(/[A-Z]/g, '_$&').toUpperCase())
  return [PREFIX, ...words].join('_')
}

async function readVariable(environment: NodeJS.ProcessEnv, variable: string): Promise<string | undefined> {
  const file = environment[`${variable}_FILE`]
  return environment[variable] ?? (file === undefined ? undefined : (await readFile(file, 'utf8')).trim())
}

function valueFor(type: SettingVariable['type'], text: string): unknown {
  if (type === 'list') return text.split(',').map((part) => part.trim())
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (type === 'number' && text.trim() !== '' && !Number.isNaN(Number(text))) return Number(text)
  // What does not fit stays as it is, for the schema to say so.
  return text
}

function put(target: Record<string, unknown>, [key, ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    target[key!] = value
    return
  }
  const inner = target[key!] ?? {}
  // What the file has there instead of a mapping stays, for the schema to refuse.
  if (typeof inner !== 'object') return
  target[key!] = inner
  put(inner as Record<string, unknown>, rest, value)
}

async function readYaml(file: string): Promise<Record<string, unknown>> {
  const path = resolve(file)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`The settings file ${path} could not be read: ${error.code}.`)
  })
  try {
    return z.record(z.string(), z.unknown()).parse(parse(text) ?? {})
  } catch (error) {
    throw new Error(`The settings file ${path} is not a YAML mapping: ${(error as Error).message}`)
  }
}

/** What the worlds of a hosted server may use. */
export function worldQuotas({ quotas }: Settings): Quotas {
  const { objects, clusters, callsPerSecond, imagesMiB } = quotas
  return { objects, clusters, callsPerSecond, blobBytes: imagesMiB * 1024 * 1024 }
}
