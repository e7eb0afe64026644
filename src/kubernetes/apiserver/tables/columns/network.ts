import type { Obj } from '../../json.ts'
import { AGE, type Column, NAME, text, wide } from '../column.ts'
import { formatSelector, labelsText } from '../format.ts'
import * as services from '../services.ts'

function ingressHosts({ spec }: Obj): string {
  const hosts: string[] = (spec.rules ?? []).map((rule: Obj) => rule.host).filter(Boolean)
  if (hosts.length === 0) return '*'
  return hosts.length > 3 ? `${hosts.slice(0, 3).join(',')} + ${hosts.length - 3} more...` : hosts.join(',')
}

function endpointsText({ subsets }: Obj): string {
  const list: string[] = []
  for (const subset of subsets ?? []) {
    const ports: Obj[] = subset.ports ?? [{}]
    for (const port of ports)
      for (const { ip } of subset.addresses ?? []) list.push(port.port ? `${ip}:${port.port}` : ip)
  }
  return more(list, 3) || '<none>'
}

const more = (items: string[], limit: number): string =>
  items.length > limit
    ? `${items.slice(0, limit).join(',')} + ${items.length - limit} more...`
    : items.join(',')

const slicePorts = ({ ports }: Obj) =>
  more(
    (ports ?? []).map((port: Obj) => String(port.port ?? '*')),
    3,
  ) || '<unset>'

const sliceAddresses = ({ endpoints }: Obj) =>
  more(
    (endpoints ?? []).flatMap((endpoint: Obj) => endpoint.addresses),
    3,
  ) || '<unset>'

const policySelector = ({ spec }: Obj) => formatSelector(spec.podSelector)

/** Services, and how traffic finds its way. By resource with group. */
export const NETWORK: Record<string, Column[]> = {
  endpoints: [NAME, text('Endpoints', endpointsText), AGE],
  services: [
    NAME,
    text('Type', 'spec.type'),
    text('Cluster-IP', (object) => object.spec.clusterIP || '<none>'),
    text('External-IP', services.externalIp),
    text('Port(s)', services.ports),
    AGE,
    wide(text('Selector', (object) => labelsText(object.spec.selector))),
  ],
  'endpointslices.discovery.k8s.io': [
    NAME,
    text('AddressType', 'addressType'),
    text('Ports', slicePorts),
    text('Endpoints', sliceAddresses),
    AGE,
  ],
  'ingresses.networking.k8s.io': [
    NAME,
    text(
      'Class',
      (object) =>
        object.spec.ingressClassName ??
        object.metadata.annotations?.['kubernetes.io/ingress.class'] ??
        '<none>',
    ),
    text('Hosts', ingressHosts),
    text('Address', (object) => services.ingressText(object.status?.loadBalancer)),
    text('Ports', (object) => (object.spec.tls?.length > 0 ? '80, 443' : '80')),
    AGE,
  ],
  'ingressclasses.networking.k8s.io': [
    NAME,
    text('Controller', 'spec.controller'),
    text('Parameters', ({ spec }) =>
      spec?.parameters
        ? `${spec.parameters.kind}${spec.parameters.apiGroup ? `.${spec.parameters.apiGroup}` : ''}/${spec.parameters.name}`
        : '<none>',
    ),
    AGE,
  ],
  'ipaddresses.networking.k8s.io': [
    NAME,
    text('ParentRef', ({ spec }) =>
      spec?.parentRef
        ? [
            `${spec.parentRef.resource}${spec.parentRef.group ? `.${spec.parentRef.group}` : ''}`,
            spec.parentRef.namespace,
            spec.parentRef.name,
          ]
            .filter(Boolean)
            .join('/')
        : '<none>',
    ),
    AGE,
  ],
  'networkpolicies.networking.k8s.io': [NAME, text('Pod-Selector', policySelector), AGE],
  'servicecidrs.networking.k8s.io': [
    NAME,
    text('CIDRs', (object) => (object.spec?.cidrs ?? []).join(',')),
    AGE,
  ],
}
