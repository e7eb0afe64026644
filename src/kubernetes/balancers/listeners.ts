import type { Ingress } from '../objects.ts'
import { nameOf } from '../pods.ts'
import type { Annotations } from './annotations.ts'
import type { ClassParams } from './class-params.ts'
import { ModelError, type StackListener } from './stack.ts'

// Models pkg/ingress/model_build_listener.go and model_builder.go of the AWS Load Balancer Controller v2.14, read 2026-11.

/** What a listener's security is asked from. */
export interface Member {
  ingress: Ingress
  annotations: Annotations
  params: ClassParams
}

/** `[80, HTTP]` of each listener that an Ingress asks for. Throws ModelError. */
export function portsOf({ annotations, params }: Member): [port: number, protocol: string][] {
  const given = annotations.json('listen-ports')
  if (given === undefined)
    return certificatesOf({ annotations, params }).length > 0 ? [[443, 'HTTPS']] : [[80, 'HTTP']]
  if (!Array.isArray(given) || given.length === 0)
    throw new ModelError(
      `failed to parse listen-ports configuration: \`${annotations.text('listen-ports')}\``,
    )
  return given.flatMap((entry: Record<string, number>) =>
    Object.entries(entry).map(([protocol, port]): [number, string] => {
      if (protocol !== 'HTTP' && protocol !== 'HTTPS') {
        throw new ModelError(`listen protocol must be HTTP or HTTPS: ${protocol}`)
      }
      if (!Number.isInteger(port) || port < 1 || port > 65535) {
        throw new ModelError(`listen port must be within [1, 65535]: ${port}`)
      }
      return [port, protocol]
    }),
  )
}

const certificatesOf = ({ annotations, params }: Pick<Member, 'annotations' | 'params'>): string[] => {
  const { certificateArn = params.certificateARNs ?? [] } = params
  return certificateArn.length > 0 ? certificateArn : (annotations.list('certificate-arn') ?? [])
}

/** Ports and protocols of all listeners of a group. Throws ModelError. */
export function listenPorts(members: Member[]): [number, string][] {
  const ports = new Map<number, string>()
  for (const [port, protocol] of members.flatMap(portsOf)) {
    const known = ports.get(port)
    if (known && known !== protocol) throw new ModelError(`conflicting protocol for listener: ${port}`)
    ports.set(port, protocol)
  }
  return [...ports].sort(([a], [b]) => a - b)
}

/** Certificates and policy of an HTTPS listener: what its Ingresses name, else what is found for their hosts. Throws ModelError. */
export function securityOf(members: Member[]): Pick<StackListener, 'certificates' | 'sslPolicy'> {
  const policies = new Set(
    members.flatMap(({ annotations, params }) => params.sslPolicy ?? annotations.text('ssl-policy') ?? []),
  )
  if (policies.size > 1)
    throw new ModelError(
      `conflicting sslPolicy: ${[...policies].map((policy) => `\`${policy}\``).join(' | ')}`,
    )
  const arns = new Set<string>()
  const hosts = new Set<string>()
  for (const member of members) {
    const named = certificatesOf(member)
    for (const arn of named) arns.add(arn)
    if (named.length > 0) continue
    const { rules = [], tls = [] } = member.ingress.spec
    for (const host of [...rules.map(({ host }) => host), ...tls.flatMap(({ hosts = [] }) => hosts)])
      if (host) hosts.add(host)
  }
  const [sslPolicy] = policies
  return {
    certificates: { arns: [...arns], hosts: [...hosts].sort() },
    ...(sslPolicy && { sslPolicy }),
  }
}

/** The port that HTTP is sent on to (`ssl-redirect`); undefined: nowhere. Throws ModelError. */
export function redirectPort(members: Member[], listeners: [number, string][]): number | undefined {
  const asked = new Set(
    members.flatMap(({ annotations }) =>
      annotations.text('ssl-redirect') === undefined ? [] : [annotations.number('ssl-redirect', 0)],
    ),
  )
  if (asked.size > 1) throw new ModelError(`conflicting sslRedirect port: [${[...asked].join(' ')}]`)
  const [port] = asked
  if (port === undefined) return undefined
  const found = listeners.find(([other]) => other === port)
  if (!found) throw new ModelError(`listener does not exist for SSLRedirect port: ${port}`)
  if (found[1] !== 'HTTPS') throw new ModelError(`listener protocol non-SSL for SSLRedirect port: ${port}`)
  return port
}

/** The order of an Ingress in its group. Throws ModelError. */
export function checkOrder({ ingress, annotations }: Member): void {
  const order = annotations.number('group.order', 0)
  if (order < -1000 || order > 1000)
    throw new ModelError(
      `explicit Ingress group order must be within [-1000:1000], Ingress: ${nameOf(ingress)}, order: ${order}`,
    )
}
