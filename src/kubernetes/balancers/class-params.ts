import type { ClusterApi, KubernetesObject } from '../api.ts'
import type { Ingress, IngressClass } from '../objects.ts'

const PARAMS = 'ingressclassparams.elbv2.k8s.aws'
const CLASSES = 'ingressclasses.networking.k8s.io'

/** What an administrator sets for all Ingresses of a class: it goes before their annotations. */
export interface ClassParams {
  group?: { name: string }
  scheme?: string
  subnets?: { ids?: string[] }
  tags?: { key: string; value: string }[]
  loadBalancerAttributes?: { key: string; value: string }[]
  inboundCIDRs?: string[]
  certificateArn?: string[]
  sslPolicy?: string
  targetType?: string
  loadBalancerName?: string
}

/** The parameters of an Ingress's class; none for a class without. */
export function classParams(api: ClusterApi, { spec }: Ingress): ClassParams {
  const found = spec.ingressClassName && api.get<IngressClass>(CLASSES, '', spec.ingressClassName)
  const parameters = found ? found.spec.parameters : undefined
  if (parameters?.apiGroup !== 'elbv2.k8s.aws' || parameters.kind !== 'IngressClassParams') return {}
  if (!api.resourceNamed('elbv2.k8s.aws', 'IngressClassParams')) return {}
  return api.get<KubernetesObject & { spec?: ClassParams }>(PARAMS, '', parameters.name)?.spec ?? {}
}

/** `[{key, value}]` as a map. */
export const entriesOf = (list: { key: string; value: string }[] = []): Record<string, string> =>
  Object.fromEntries(list.map(({ key, value }) => [key, value]))
