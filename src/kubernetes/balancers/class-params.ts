import type { ClusterApi, KubernetesObject } from '../api.ts'
import type { Ingress, IngressClass } from '../objects.ts'
import type { Flavour } from './flavour.ts'

const CLASSES = 'ingressclasses.networking.k8s.io'

/** What an administrator sets for all Ingresses of a class: it goes before their annotations. */
export interface ClassParams {
  group?: { name: string }
  scheme?: string
  subnets?: { ids?: string[] }
  tags?: { key: string; value: string }[]
  loadBalancerAttributes?: { key: string; value: string }[]
  inboundCIDRs?: string[]
  /** As the two controllers name it. */
  certificateArn?: string[]
  certificateARNs?: string[]
  sslPolicy?: string
  targetType?: string
  loadBalancerName?: string
}

/** The parameters of an Ingress's class; none for a class without. */
export function classParams(api: ClusterApi, { group }: Flavour, { spec }: Ingress): ClassParams {
  const found = spec.ingressClassName && api.get<IngressClass>(CLASSES, '', spec.ingressClassName)
  const parameters = found ? found.spec.parameters : undefined
  if (parameters?.apiGroup !== group || parameters.kind !== 'IngressClassParams') return {}
  if (!api.resourceNamed(group, 'IngressClassParams')) return {}
  return (
    api.get<KubernetesObject & { spec?: ClassParams }>(`ingressclassparams.${group}`, '', parameters.name)
      ?.spec ?? {}
  )
}

/** `[{key, value}]` as a map. */
export const entriesOf = (list: { key: string; value: string }[] = []): Record<string, string> =>
  Object.fromEntries(list.map(({ key, value }) => [key, value]))
