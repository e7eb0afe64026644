/** One statement with every one-or-many element made a list. */
export interface Statement {
  sid: string | undefined
  effect: 'Allow' | 'Deny'
  actions: string[]
  /** `NotAction`: everything but `actions`. */
  exceptActions: boolean
  resources: string[]
  exceptResources: boolean
  /** Principals by kind (`AWS`, `Service`, `Federated`); `*` alone is `{ AWS: ['*'] }`. */
  principals: Record<string, string[]> | undefined
  exceptPrincipals: boolean
  conditions: { operator: string; key: string; values: string[] }[]
}

export interface PolicyDocument {
  version: string
  statements: Statement[]
}

const parsed = new Map<string, PolicyDocument>()
const PARSED_KEPT = 2000

/** Parses a stored policy; the result is kept by its text. Throws SyntaxError for text that validation would have refused. */
export function parsePolicy(text: string): PolicyDocument {
  const known = parsed.get(text)
  if (known) return known
  const document = readPolicy(JSON.parse(text))
  if (parsed.size >= PARSED_KEPT) parsed.delete(parsed.keys().next().value!)
  parsed.set(text, document)
  return document
}

// biome-ignore lint/suspicious/noExplicitAny: a policy as its author wrote it.
type Raw = any

function readPolicy(raw: Raw): PolicyDocument {
  return { version: raw.Version ?? '2008-10-17', statements: many<Raw>(raw.Statement).map(readStatement) }
}

function readStatement(raw: Raw): Statement {
  const principal = raw.Principal ?? raw.NotPrincipal
  return {
    sid: raw.Sid,
    effect: raw.Effect,
    // Actions are matched without regard to case.
    actions: many<string>(raw.Action ?? raw.NotAction).map((action) => action.toLowerCase()),
    exceptActions: raw.NotAction !== undefined,
    resources: many<string>(raw.Resource ?? raw.NotResource),
    exceptResources: raw.NotResource !== undefined,
    principals: principal === undefined ? undefined : readPrincipals(principal),
    exceptPrincipals: raw.NotPrincipal !== undefined,
    conditions: Object.entries(raw.Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys as Raw).map(([key, values]) => ({
        operator,
        key: key.toLowerCase(),
        values: many<unknown>(values).map(String),
      })),
    ),
  }
}

function readPrincipals(raw: Raw): Record<string, string[]> {
  if (typeof raw === 'string') return { AWS: [raw] }
  return Object.fromEntries(
    Object.entries(raw).map(([kind, values]) => [kind, many(values as string | string[])]),
  )
}

function many<T>(value: T | T[] | undefined): T[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}
