/** A key that AWS keeps for one of its services. */
interface ManagedKeyInfo {
  /** What the service is called in the key's policy. */
  title: string
  /** What the key protects, in its description. */
  protects: string
  /** The service that asks KMS, by the beginning of its host name. */
  via: string
}

/**
 * AWS managed keys by what stands behind `alias/aws/`; policies and descriptions as `kms get-key-policy` and
 * `kms describe-key` show them (from knowledge, 2026-11).
 */
export const MANAGED_KEYS: Record<string, ManagedKeyInfo> = {
  ebs: { title: 'EBS', protects: 'EBS volumes', via: 'ec2' },
  ecr: { title: 'ECR', protects: 'ECR data', via: 'ecr' },
  secretsmanager: { title: 'AWS Secrets Manager', protects: 'Secrets Manager data', via: 'secretsmanager' },
  ssm: { title: 'SSM', protects: 'SSM parameters', via: 'ssm' },
  acm: { title: 'ACM', protects: 'ACM private keys', via: 'acm' },
  elasticfilesystem: { title: 'EFS', protects: 'EFS filesystems', via: 'elasticfilesystem' },
  lambda: { title: 'AWS Lambda', protects: 'Lambda functions', via: 'lambda' },
  rds: { title: 'RDS', protects: 'RDS database volumes', via: 'rds' },
  s3: { title: 'S3', protects: 'S3 objects', via: 's3' },
  sns: { title: 'SNS', protects: 'SNS data', via: 'sns' },
}
