import type { ClusterApi } from '../api.ts'
import type { Ingress, IngressBackend, IngressPath, Service } from '../objects.ts'
import { nameOf } from '../pods.ts'
import { Annotations } from './annotations.ts'
import { classParams, entriesOf } from './class-params.ts'
import type { Flavour } from './flavour.ts'
import { checkOrder, listenPorts, type Member, portsOf, redirectPort, securityOf } from './listeners.ts'
import {
  type BalancerStack,
  ModelError,
  type StackAction,
  type StackCondition,
  type StackHealthCheck,
  type StackTargetGroup,
} from './stack.ts'
import {
  groupResourceName,
  healthCheckOf,
  resourceName,
  targetGroupOf,
  targetTypeOf,
} from './target-groups.ts'

// Models pkg/ingress of the AWS Load Balancer Controller v2.14 (model_build_*.go and
// https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/), read 2026-11.

export const ALB_PREFIX = 'alb.ingress.kubernetes.io'

const HEALTH_CHECK: StackHealthCheck = {
  protocol: 'HTTP',
  port: 'traffic-port',
  path: '/',
  intervalSeconds: 15,
  timeoutSeconds: 5,
  healthyThreshold: 2,
  unhealthyThreshold: 2,
  matcher: '200',
}
const HEALTH_CHECK_ANNOTATIONS = {
  protocol: 'healthcheck-protocol',
  port: 'healthcheck-port',
  path: 'healthcheck-path',
  intervalSeconds: 'healthcheck-interval-seconds',
  timeoutSeconds: 'healthcheck-timeout-seconds',
  healthyThreshold: 'healthy-threshold-count',
  unhealthyThreshold: 'unhealthy-threshold-count',
  matcher: 'success-codes',
}

const fixedResponse = (StatusCode: string, MessageBody?: string): StackAction => ({
  Type: 'fixed-response',
  FixedResponseConfig: {
    ContentType: 'text/plain',
    StatusCode,
    ...(MessageBody && { MessageBody }),
  },
})

const redirectTo = (port: number): StackAction => ({
  Type: 'redirect',
  RedirectConfig: { Port: String(port), Protocol: 'HTTPS', StatusCode: 'HTTP_301' },
})

export interface IngressGroup {
  /** `default/web`, or the name of an explicit group. */
  id: string
  /** In their order in the group. */
  members: Ingress[]
}

/** The load balancer that a group of Ingresses asks for. Throws ModelError. */
export function ingressStack(
  api: ClusterApi,
  flavour: Flavour,
  cluster: string,
  { id, members }: IngressGroup,
): BalancerStack {
  const targetGroups = new Map<string, StackTargetGroup>()
  const builder = new RuleBuilder(api, flavour, id, targetGroups)
  const all = members.map(
    (ingress): Member => ({
      ingress,
      annotations: annotationsOf(ingress),
      params: classParams(api, flavour, ingress),
    }),
  )
  for (const member of all) checkOrder(member)
  const one = <T>(what: string, read: (member: Member) => T | undefined, byDefault: T): T => {
    const given = all.map(read).filter((value) => value !== undefined)
    const different = [...new Set(given.map((value) => JSON.stringify(value)))]
    if (different.length > 1)
      throw new ModelError(`conflicting ${what}: ${different.map((text) => JSON.parse(text)).join(' | ')}`)
    return given[0] ?? byDefault
  }
  const scheme = one(
    'scheme',
    ({ params, annotations }) => params.scheme ?? annotations.text('scheme'),
    'internal',
  )
  if (scheme !== 'internal' && scheme !== 'internet-facing') throw new ModelError(`unknown scheme: ${scheme}`)
  const [first] = members
  const ports = listenPorts(all)
  const redirect = redirectPort(all, ports)
  const [namespace = '', name = ''] = id.split('/')
  const byDefault = id.includes('/')
    ? resourceName(namespace, name, cluster, id, scheme)
    : groupResourceName(id, cluster, id, scheme)
  return {
    kind: 'ingress',
    id,
    type: 'application',
    scheme,
    name: one(
      'load balancer name',
      ({ params, annotations }) => params.loadBalancerName ?? annotations.text('load-balancer-name'),
      byDefault,
    ),
    subnets: one<string[] | undefined>(
      'subnets',
      ({ params, annotations }) => params.subnets?.ids ?? annotations.list('subnets'),
      undefined,
    ),
    securityGroups: one<string[] | undefined>(
      'securityGroups',
      ({ annotations }) => annotations.list('security-groups'),
      undefined,
    ),
    inboundCidrs: [
      ...new Set(
        all.flatMap(
          ({ params, annotations }) => params.inboundCIDRs ?? annotations.list('inbound-cidrs') ?? [],
        ),
      ),
    ],
    attributes: Object.assign(
      {},
      ...all.map(({ annotations }) => annotations.map('load-balancer-attributes')),
      ...all.map(({ params }) => entriesOf(params.loadBalancerAttributes)),
    ),
    tags: Object.assign(
      {},
      ...all.map(({ annotations }) => annotations.map('tags')),
      ...all.map(({ params }) => entriesOf(params.tags)),
    ),
    listeners: ports.map(([port, protocol]) => {
      if (redirect !== undefined && protocol === 'HTTP')
        return { protocol, port, defaultAction: redirectTo(redirect), rules: [] }
      const own = all.filter((member) => portsOf(member).some(([other]) => other === port))
      const rules = own.flatMap(({ ingress }) => builder.rules(ingress))
      const fallback = own.find(({ ingress }) => ingress.spec.defaultBackend)?.ingress
      return {
        protocol,
        port,
        ...(protocol === 'HTTPS' && securityOf(own)),
        defaultAction: fallback
          ? builder.action(fallback, fallback.spec.defaultBackend!)
          : fixedResponse('404'),
        rules,
      }
    }),
    targetGroups: first ? [...targetGroups.values()] : [],
  }
}

const annotationsOf = ({ metadata }: Ingress) => new Annotations(ALB_PREFIX, metadata.annotations)

/** Turns the rules of Ingresses into those of a listener, and gathers the target groups that they need. */
class RuleBuilder {
  readonly #api: ClusterApi
  readonly #flavour: Flavour
  readonly #stack: string
  readonly #groups: Map<string, StackTargetGroup>

  constructor(api: ClusterApi, flavour: Flavour, stack: string, groups: Map<string, StackTargetGroup>) {
    this.#api = api
    this.#flavour = flavour
    this.#stack = stack
    this.#groups = groups
  }

  rules(ingress: Ingress): { conditions: StackCondition[]; action: StackAction }[] {
    return (ingress.spec.rules ?? []).flatMap(({ host, http }) =>
      inOrder(http?.paths ?? []).map((path) => ({
        conditions: [
          ...(host ? [{ Field: 'host-header', HostHeaderConfig: { Values: [host] } }] : []),
          ...this.#further(ingress, path.backend),
          { Field: 'path-pattern', PathPatternConfig: { Values: patternsOf(path) } },
        ],
        action: this.action(ingress, path.backend),
      })),
    )
  }

  /** What traffic for a backend is met with. Throws ModelError. */
  action(ingress: Ingress, { service }: IngressBackend): StackAction {
    if (!service) throw new ModelError(`missing required "service" field`)
    if (service.port?.name === 'use-annotation') return this.#annotated(ingress, service.name)
    return this.#forward(ingress, service.name, service.port?.name ?? service.port?.number ?? 0)
  }

  #further(ingress: Ingress, { service }: IngressBackend): StackCondition[] {
    const given = service && annotationsOf(ingress).json(`conditions.${service.name}`)
    return Array.isArray(given) ? given.map(inApiCase) : []
  }

  #annotated(ingress: Ingress, name: string): StackAction {
    const given = annotationsOf(ingress).json(`actions.${name}`)
    if (typeof given !== 'object' || given === null) {
      throw new ModelError(`missing actions.${name} configuration`)
    }
    const action = inApiCase(given as Record<string, unknown>) as unknown as StackAction
    if (action.Type !== 'forward') return action
    const groups = (action.ForwardConfig as { TargetGroups?: Record<string, unknown>[] })?.TargetGroups ?? []
    const TargetGroups = groups.map(({ ServiceName, ServicePort, ...rest }) => ({
      ...rest,
      ...(ServiceName !== undefined && {
        group: this.#group(ingress, String(ServiceName), asPort(ServicePort)),
      }),
    }))
    return { ...action, ForwardConfig: { ...(action.ForwardConfig as object), TargetGroups } }
  }

  #forward(ingress: Ingress, service: string, port: string | number): StackAction {
    const group = this.#group(ingress, service, port)
    if (group === undefined) return fixedResponse('503', 'Backend service does not exist')
    return { Type: 'forward', ForwardConfig: { TargetGroups: [{ group }] } }
  }

  /** The name of a Service port's target group; undefined when there is no such Service. */
  #group(ingress: Ingress, name: string, port: string | number): string | undefined {
    const service = this.#api.get<Service>('services', ingress.metadata.namespace!, name)
    if (!service) return
    const found = service.spec.ports?.find((candidate) => candidate.port === port || candidate.name === port)
    if (!found)
      throw new ModelError(
        `ingress: ${nameOf(ingress)}: unable to find port ${port} on service ${nameOf(service)}`,
      )
    const annotations = new Annotations(
      ALB_PREFIX,
      service.metadata.annotations,
      ingress.metadata.annotations,
    )
    const group = targetGroupOf(service, found, {
      stack: this.#stack,
      protocol: 'HTTP',
      targetType: targetTypeOf(
        classParams(this.#api, this.#flavour, ingress).targetType ??
          annotations.text('target-type') ??
          this.#flavour.targetType,
      ),
      healthCheck: healthCheckOf(annotations, HEALTH_CHECK_ANNOTATIONS, HEALTH_CHECK),
      attributes: annotations.map('target-group-attributes'),
    })
    this.#groups.set(group.name, group)
    return group.name
  }
}

const asPort = (value: unknown): string | number =>
  typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : (value as string | number)

/** Annotations write ELBv2's API with small first letters. */
function inApiCase<T>(value: T): T {
  if (Array.isArray(value)) return value.map(inApiCase) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key
        .replace(/^arn$/i, 'Arn')
        .replace(/ARN$/, 'Arn')
        .replace(/^[a-z]/, (letter) => letter.toUpperCase()),
      inApiCase(inner),
    ]),
  ) as T
}

/** Exact paths come first, then prefixes, the longest first, then what has no defined order. */
function inOrder(paths: IngressPath[]): IngressPath[] {
  const rank = ({ pathType }: IngressPath) => ['Exact', 'Prefix'].indexOf(pathType ?? '') >>> 0
  const length = ({ path = '' }: IngressPath) => path.length
  return [...paths].sort((a, b) => rank(a) - rank(b) || (a.pathType === 'Prefix' ? length(b) - length(a) : 0))
}

/** Path patterns of a load balancer's rule. */
function patternsOf({ path = '/', pathType }: IngressPath): string[] {
  if (pathType === 'Exact') return [path]
  if (pathType !== 'Prefix') return [path === '/' ? '/*' : path]
  const base = path.replace(/\/$/, '')
  return base === '' ? ['/*'] : [base, `${base}/*`]
}
