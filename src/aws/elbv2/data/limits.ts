/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html (read 2026-11-21), in the order of `describe-account-limits.rst` of the AWS CLI's examples. */
export const LIMITS: Record<string, number> = {
  'target-groups': 3000,
  'targets-per-application-load-balancer': 1000,
  'listeners-per-application-load-balancer': 50,
  'rules-per-application-load-balancer': 100,
  'network-load-balancers': 50,
  'targets-per-network-load-balancer': 3000,
  'targets-per-availability-zone-per-network-load-balancer': 500,
  'listeners-per-network-load-balancer': 50,
  'condition-values-per-alb-rule': 5,
  'condition-wildcards-per-alb-rule': 5,
  'target-groups-per-application-load-balancer': 100,
  'target-groups-per-action-on-application-load-balancer': 5,
  'target-groups-per-action-on-network-load-balancer': 1,
  'certificates-per-application-load-balancer': 25,
  'certificates-per-network-load-balancer': 25,
  'targets-per-target-group': 1000,
  'target-id-registrations-per-application-load-balancer': 1000,
  'network-load-balancer-enis-per-vpc': 1200,
  'application-load-balancers': 50,
  'gateway-load-balancers': 100,
  'gateway-load-balancers-per-vpc': 100,
  'geneve-target-groups': 100,
  'targets-per-availability-zone-per-gateway-load-balancer': 300,
}

/** How long a new load balancer is `provisioning`, ms; seen in us-east-1 in 2025: two to three minutes. */
export const PROVISIONING_MS = 150_000

/** The hosted zones of load balancers' names: https://docs.aws.amazon.com/general/latest/gr/elb.html (read 2026-11-21). */
export const HOSTED_ZONES: Record<string, { application: string; network: string }> = {
  'us-east-1': { application: 'Z35SXDOTRQ7X7K', network: 'Z26RNL4JYFTOTI' },
  'us-east-2': { application: 'Z3AADJGX6KTTL2', network: 'ZLMOA37VPKANP' },
  'us-west-1': { application: 'Z368ELLRRE2KJ0', network: 'Z24FKFUX50B4VW' },
  'us-west-2': { application: 'Z1H1FL5HABSF5', network: 'Z18D5FSROUN65G' },
  'eu-west-1': { application: 'Z32O12XQLNTSW2', network: 'Z2IFOLAFXWLO4F' },
  'eu-central-1': { application: 'Z215JYRZR1TBD5', network: 'Z3F0SRJ5LGBH90' },
}
