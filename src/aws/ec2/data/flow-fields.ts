const DEFAULT_FIELDS =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'

/** The fields of flow log records → the version that brought them: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html (2026-11, from knowledge). */
export const FLOW_FIELDS: Record<string, number> = {
  ...versioned(2, DEFAULT_FIELDS),
  ...versioned(3, 'vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr'),
  ...versioned(4, 'region az-id sublocation-type sublocation-id'),
  ...versioned(5, 'pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path'),
  ...versioned(
    7,
    'ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id',
  ),
  ...versioned(8, 'reject-reason'),
  ...versioned(9, 'resource-id encryption-status'),
}

function versioned(version: number, names: string): Record<string, number> {
  return Object.fromEntries(names.split(' ').map((name) => [name, version]))
}

/** What records hold where nothing is said. */
export const DEFAULT_FORMAT = DEFAULT_FIELDS.split(' ')
  .map((name) => `\${${name}}`)
  .join(' ')

/** The names of a format's fields, in their order. */
export const fieldsOf = (format: string): string[] =>
  [...format.matchAll(/\$\{([^}]*)\}/g)].map(([, name = '']) => name)
