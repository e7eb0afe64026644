import { fileURLToPath } from 'node:url'

const generated = (path: string) => fileURLToPath(new URL(`../../generated/${path}`, import.meta.url))

/** AWS's parameter constraints, derived from the service models that the AWS CLI carries. */
export const CONSTRAINTS_FILE = generated('aws/constraints.json')

/** Kubernetes' OpenAPI documents, derived from the types of its official client. */
export const OPENAPI_FOLDER = generated('kubernetes')

/** Node.js's cache of compiled code, by which a second start takes half of the time. In the checkout, because whoever may write to it may run code. */
export const COMPILE_CACHE = generated('compile-cache')

/** The services whose constraints are kept, by the folder names of their models. */
export const BOTOCORE_SERVICES = [
  'acm',
  'application-autoscaling',
  'autoscaling',
  'cloudformation',
  'cloudwatch',
  'cloudtrail',
  'ec2',
  'ecr',
  'ecr-public',
  'ecs',
  'efs',
  'eks',
  'elb',
  'elbv2',
  'iam',
  'kms',
  'logs',
  'pricing',
  'secretsmanager',
  'servicediscovery',
  'signer',
  'ssm',
  'sts',
]
