/** One of the controllers that make load balancers of Ingresses and Services; they differ in names only. */
export interface Flavour {
  name: string
  /** End of the names of its finalizers, labels and tags. */
  domain: string
  /** API group and version of its IngressClassParams and TargetGroupBindings. */
  group: string
  version: string
  /** `spec.controller` of its IngressClasses, and whether the annotation `kubernetes.io/ingress.class: alb` means it, too. */
  ingressController: string
  annotated: boolean
  serviceClass: string
  /** Of target groups, where nobody says. */
  targetType: 'instance' | 'ip'
}

/** The AWS Load Balancer Controller, which people install. */
export const INSTALLED: Flavour = {
  name: 'aws-load-balancer-controller',
  domain: 'k8s.aws',
  group: 'elbv2.k8s.aws',
  version: 'v1beta1',
  ingressController: 'ingress.k8s.aws/alb',
  annotated: true,
  serviceClass: 'service.k8s.aws/nlb',
  targetType: 'instance',
}

/** That of EKS Auto Mode, which runs outside of the cluster: https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html (read 2026-11) */
export const AUTO: Flavour = {
  name: 'eks-auto-load-balancers',
  domain: 'eks.amazonaws.com',
  group: 'eks.amazonaws.com',
  version: 'v1',
  ingressController: 'eks.amazonaws.com/alb',
  annotated: false,
  serviceClass: 'eks.amazonaws.com/nlb',
  targetType: 'ip',
}

export const bindingsOf = ({ group }: Flavour): string => `targetgroupbindings.${group}`
