import type { Obj } from '../json.ts'

/** Host names and addresses of a load balancer. */
export const ingressText = (loadBalancer: Obj | undefined): string =>
  [...new Set((loadBalancer?.ingress ?? []).map((item: Obj) => item.ip || item.hostname))]
    .filter(Boolean)
    .join(',')

/** Models printers.getServiceExternalIP. */
export function externalIp({ spec, status }: Obj): string {
  const given: string[] = spec.externalIPs ?? []
  switch (spec.type) {
    case 'LoadBalancer': {
      const balancer = ingressText(status?.loadBalancer)
      if (given.length > 0) return [...(balancer ? [balancer] : []), ...given].join(',')
      return balancer || '<pending>'
    }
    case 'ExternalName':
      return spec.externalName
    default:
      return given.join(',') || '<none>'
  }
}

/** `80/TCP`, `80:31234/TCP`. */
export const ports = ({ spec }: Obj): string =>
  (spec.ports ?? [])
    .map((port: Obj) => `${port.port}${port.nodePort ? `:${port.nodePort}` : ''}/${port.protocol}`)
    .join(',') || '<none>'
