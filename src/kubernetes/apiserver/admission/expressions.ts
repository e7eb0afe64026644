import type { Environment } from '@marcbachmann/cel-js'
import type { AccessAttributes, UserInfo } from '../../provider.ts'
import { Compiler, faultOf, type Program } from '../cel/compiler.ts'
import { Budget, OUT_OF_BUDGET } from '../cel/meter.ts'
import type { CelNode } from '../cel/positions.ts'
import { isObject, type Json, type Obj } from '../json.ts'
import type { Kind } from '../kinds/kind.ts'
import type { AdmissionRequest, StrategyContext } from '../storage/strategy.ts'
import { objectsOf, requestOf, userOf } from './review.ts'

// The variables and the authorizer of admission's expressions. Source: k8s.io/apiserver/pkg/admission/plugin/cel and
// pkg/cel/library/authz.go, read 2026-11.

type Question = Omit<AccessAttributes, 'user'>

/** A question to the authorizer that an expression puts together. */
class Check {
  readonly context: StrategyContext
  readonly user: UserInfo
  readonly question: Question
  constructor(context: StrategyContext, user: UserInfo, question: Question) {
    this.context = context
    this.user = user
    this.question = question
  }
  with(question: Partial<Question>): never {
    return new (this.constructor as typeof Check)(this.context, this.user, {
      ...this.question,
      ...question,
    }) as never
  }
}
class Authorizer extends Check {
  readonly requestResource: ResourceCheck
  constructor(context: StrategyContext, user: UserInfo, question: Question) {
    super(context, user, { ...NOTHING })
    this.requestResource = new ResourceCheck(context, user, question)
  }
}
class PathCheck extends Check {}
class GroupCheck extends Check {}
class ResourceCheck extends Check {}
class Decision {
  readonly allowed: boolean
  readonly reason: string
  constructor(allowed: boolean, reason: string) {
    this.allowed = allowed
    this.reason = reason
  }
}

const NOTHING: Question = {
  verb: '',
  group: '',
  version: '*',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
}

const [AUTHORIZER, PATH, GROUP, RESOURCE, DECISION] = [
  'Authorizer',
  'PathCheck',
  'GroupCheck',
  'ResourceCheck',
  'Decision',
].map((name) => `kubernetes.authorization.${name}`) as [string, string, string, string, string]

function withAuthorizer(environment: Environment): Environment {
  const check = ({ context, user, question }: Check, verb: string) => {
    const { allowed, reason } = context.authorization.authorize({ ...question, user, verb })
    return new Decision(allowed, reason)
  }
  environment
    .registerType(PATH, { ctor: PathCheck, fields: {} })
    .registerType(GROUP, { ctor: GroupCheck, fields: {} })
    .registerType(RESOURCE, { ctor: ResourceCheck, fields: {} })
    .registerType(DECISION, { ctor: Decision, fields: {} })
    .registerType(AUTHORIZER, { ctor: Authorizer, fields: { requestResource: RESOURCE } })
    .registerFunction(
      `${AUTHORIZER}.path(string): ${PATH}`,
      ({ context, user }: Check, path: string) => new PathCheck(context, user, { ...NOTHING, path }),
    )
    .registerFunction(
      `${AUTHORIZER}.group(string): ${GROUP}`,
      ({ context, user }: Check, group: string) => new GroupCheck(context, user, { ...NOTHING, group }),
    )
    .registerFunction(
      `${AUTHORIZER}.serviceAccount(string, string): ${AUTHORIZER}`,
      ({ context }: Check, namespace: string, name: string) =>
        new Authorizer(
          context,
          {
            username: `system:serviceaccount:${namespace}:${name}`,
            groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
          },
          NOTHING,
        ),
    )
    .registerFunction(
      `${GROUP}.resource(string): ${RESOURCE}`,
      ({ context, user, question }: Check, resource: string) =>
        new ResourceCheck(context, user, { ...question, resource }),
    )
    .registerFunction(`${PATH}.check(string): ${DECISION}`, check)
    .registerFunction(`${RESOURCE}.check(string): ${DECISION}`, check)
    .registerFunction(`${DECISION}.allowed(): bool`, ({ allowed }: Decision) => allowed)
    .registerFunction(`${DECISION}.reason(): string`, ({ reason }: Decision) => reason)
    .registerFunction(`${DECISION}.errored(): bool`, () => false)
    .registerFunction(`${DECISION}.error(): string`, () => '')
  // No authorizer of the cluster looks at selectors but that of nodes, who write no policies.
  for (const field of ['fieldSelector', 'labelSelector'])
    environment.registerFunction(
      `${RESOURCE}.${field}(string): ${RESOURCE}`,
      (resource: ResourceCheck) => resource,
    )
  for (const field of ['subresource', 'namespace', 'name'] as const) {
    environment.registerFunction(
      `${RESOURCE}.${field}(string): ${RESOURCE}`,
      (resource: ResourceCheck, value: string) => resource.with({ [field]: value }),
    )
  }
  return environment
}

/** Expressions of policies and match conditions. */
const admission = new Compiler(
  {
    object: 'dyn',
    oldObject: 'dyn',
    request: 'dyn',
    params: 'dyn',
    namespaceObject: 'dyn',
    variables: 'dyn',
    authorizer: AUTHORIZER,
  },
  withAuthorizer,
)

/** Throws what CEL finds wrong with the expression. */
export const compile = (expression: string): Program => admission.compile(expression)

/** The syntax tree of an expression that compiles. */
export const treeOf = (expression: string): CelNode => compile(expression).tree

/** A JSON value as CEL has it. */
export function toCel(value: Json): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(toCel)
  if (!isObject(value)) return value ?? null
  return Object.fromEntries(Object.entries(value as Obj).map(([key, inner]) => [key, toCel(inner)]))
}

/** What expressions about a request may use. */
export type Variables = Record<string, unknown>

/** The variables of a request as `kind` shows it. */
export function variablesOf(request: AdmissionRequest, kind: Kind, context: StrategyContext): Variables {
  const { object, oldObject } = objectsOf(request, kind)
  const { namespace, name, subresource } = request
  const space = kind.namespaced ? context.get('namespaces', '', namespace) : undefined
  const asked = {
    group: kind.group,
    version: kind.version,
    resource: kind.plural,
    subresource,
    namespace,
    name,
  }
  return {
    object: toCel(object),
    oldObject: toCel(oldObject),
    request: toCel(requestOf(request, kind) as Json),
    namespaceObject: toCel((space ?? null) as Json),
    params: null,
    variables: {},
    authorizer: new Authorizer(context, userOf(request), { ...NOTHING, ...asked }),
  }
}

/** There is nothing left for further expressions. */
export class OutOfBudgetError extends Error {
  constructor() {
    super(OUT_OF_BUDGET)
  }
}

/** The value of an expression. Throws an Error in the words of Kubernetes: OutOfBudgetError when it costs more than is left. */
export function evaluate(expression: string, variables: Variables, budget: Budget): unknown {
  const { value, error, cost } = compile(expression)(variables)
  if (!budget.pays(cost)) throw new OutOfBudgetError()
  if (error) throw new Error(`expression '${expression}' resulted in error: ${faultOf(error)}`)
  return value
}

/** Units that all conditions of a webhook or policy may cost together. Source: k8s.io/apiserver/pkg/apis/cel/config.go */
const CONDITIONS_BUDGET = 2_500_000

/**
 * Whether every match condition holds. One that is false decides; else what went wrong is thrown.
 * Models apiserver/pkg/admission/plugin/webhook/matchconditions.
 */
export function conditionsHold(conditions: Obj[] | undefined, variables: Variables): boolean {
  const errors: string[] = []
  const budget = new Budget(CONDITIONS_BUDGET)
  for (const { expression } of conditions ?? []) {
    try {
      if (evaluate(expression, variables, budget) !== true) return false
    } catch (error) {
      if (error instanceof OutOfBudgetError) throw error
      errors.push((error as Error).message)
    }
  }
  if (errors.length > 0) throw new Error(errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`)
  return true
}
