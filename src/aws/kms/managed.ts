import { randomBytes } from 'node:crypto'
import type { Scope } from '../ec2/index.ts'
import { MANAGED_KEYS } from './data/managed.ts'
import { storeKey } from './keys.ts'
import type { KeyRecord } from './records.ts'
import { findAlias, putAlias, requireKey } from './tables.ts'

/** The service in the name of an AWS managed key: `ssm` in `alias/aws/ssm`, also as an ARN; undefined for other names. */
export function managedService(named: string): string | undefined {
  const service = /(?:^|:)alias\/aws\/([a-z0-9]+)$/.exec(named)?.[1]
  return service !== undefined && Object.hasOwn(MANAGED_KEYS, service) ? service : undefined
}

/** The key that AWS keeps for one of its services (`ebs`), made when first needed. */
export function managedKey(scope: Scope, service: string): KeyRecord {
  const name = `alias/aws/${service}`
  const known = findAlias(scope, name)
  if (known) return requireKey(scope, known.keyId)
  const key = storeKey(scope, randomBytes(32).toString('base64'), {
    description: `Default key that protects my ${MANAGED_KEYS[service]!.protects} when no other key is defined`,
    usage: 'ENCRYPT_DECRYPT',
    spec: 'SYMMETRIC_DEFAULT',
    manager: 'AWS',
    policy: policyOf(scope, service),
    rotationDays: 365,
    tags: {},
  })
  const now = scope.world.clock.now()
  putAlias(scope, { name, keyId: key.id, createdAt: now, updatedAt: now })
  return key
}

/** Everybody in the account may use it through the service, and nobody directly. */
function policyOf({ accountId, region }: Scope, service: string): string {
  const { title, via } = MANAGED_KEYS[service]!
  return JSON.stringify({
    Version: '2012-10-17',
    Id: `auto-${service}-1`,
    Statement: [
      {
        Sid: `Allow access through ${title} for all principals in the account that are authorized to use ${title}`,
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: [
          ...['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*'],
          ...['kms:CreateGrant', 'kms:DescribeKey'],
        ],
        Resource: '*',
        Condition: {
          StringEquals: {
            'kms:CallerAccount': accountId,
            'kms:ViaService': `${via}.${region}.amazonaws.com`,
          },
        },
      },
      {
        Sid: 'Allow direct access to key metadata to the account',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${accountId}:root` },
        Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:RevokeGrant'],
        Resource: '*',
      },
    ],
  })
}
