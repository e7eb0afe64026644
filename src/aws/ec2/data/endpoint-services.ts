/** An AWS service that VPC endpoints lead to. */
export interface EndpointService {
  types: ('Gateway' | 'Interface')[]
  names(region: string): string[]
}

/**
 * Services that offer endpoints, with the names that private DNS takes over (`*` stands for any labels).
 * https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html (from knowledge, 2026-11)
 */
export const endpointServices: Record<string, EndpointService> = {
  s3: { types: ['Gateway', 'Interface'], names: (r) => [`s3.${r}.amazonaws.com`, `*.s3.${r}.amazonaws.com`] },
  dynamodb: { types: ['Gateway'], names: (r) => [`dynamodb.${r}.amazonaws.com`] },
  'ecr.api': { types: ['Interface'], names: (r) => [`api.ecr.${r}.amazonaws.com`] },
  'ecr.dkr': { types: ['Interface'], names: (r) => [`*.dkr.ecr.${r}.amazonaws.com`] },
  ...Object.fromEntries(
    [
      ...['ec2', 'eks', 'eks-auth', 'sts', 'logs', 'ssm', 'ssmmessages', 'ec2messages', 'kms', 'ecs'],
      ...[
        'ecs-agent',
        'ecs-telemetry',
        'elasticloadbalancing',
        'autoscaling',
        'monitoring',
        'secretsmanager',
      ],
      ...['cloudformation', 'elasticfilesystem', 'cloudtrail', 'application-autoscaling'],
    ].map((name) => [
      name,
      { types: ['Interface' as const], names: (r: string) => [`${name}.${r}.amazonaws.com`] },
    ]),
  ),
}

const SERVICE_NAME = /^com\.amazonaws\.([a-z0-9-]+)\.(.+)$/

/** The service of `com.amazonaws.us-east-1.ecr.dkr`; undefined when it has no endpoints in the region. */
export function serviceOf(serviceName: string, region: string) {
  const [, where, name = ''] = SERVICE_NAME.exec(serviceName) ?? []
  return where === region ? endpointServices[name] : undefined
}

/** `com.amazonaws.us-east-1.s3` for a host name of a service that has endpoints. */
export function endpointServiceOf(host: string, region: string): string | undefined {
  const name = Object.keys(endpointServices).find((key) =>
    endpointServices[key]!.names(region).some((one) => fits(one, host)),
  )
  return name && `com.amazonaws.${region}.${name}`
}

/** Whether a host name is one of those that a pattern stands for. */
export const fits = (pattern: string, host: string) =>
  pattern.startsWith('*') ? host.endsWith(pattern.slice(1)) : host === pattern
