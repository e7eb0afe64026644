import type { Controller } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { scopeOfKey } from '../ec2/index.ts'
import type { ResourceResolver, Service } from '../wire/service.ts'
import * as aliases from './aliases.ts'
import * as crypto from './cryptography.ts'
import * as grants from './grants.ts'
import * as keys from './keys.ts'
import type { KeyRecord } from './records.ts'
import * as rotation from './rotation.ts'
import { aliasArn, eraseKey, findKey } from './tables.ts'

/** Policies are asked of keys: an alias stands for its key. */
const key: ResourceResolver = (input: { KeyId?: string; TargetKeyId?: string }, context) => {
  const id = input.KeyId ?? input.TargetKeyId
  if (id === undefined) return '*'
  const known = findKey(context, id)
  if (known) return known.arn
  return id.startsWith('arn:') ? id : aliasArn(context, id.startsWith('alias/') ? id : `key/${id}`)
}

const ofCiphertext: ResourceResolver = (input, context) =>
  crypto.keyForCiphertext(input, context)?.arn ?? aliasArn(context, 'key/*')

const onKey = [
  ...[
    'DescribeKey',
    'EnableKey',
    'DisableKey',
    'ScheduleKeyDeletion',
    'CancelKeyDeletion',
    'UpdateKeyDescription',
  ],
  ...['GetKeyPolicy', 'PutKeyPolicy', 'ListKeyPolicies', 'EnableKeyRotation', 'DisableKeyRotation'],
  ...[
    'GetKeyRotationStatus',
    'TagResource',
    'UntagResource',
    'ListResourceTags',
    'CreateAlias',
    'UpdateAlias',
  ],
  ...['CreateGrant', 'ListGrants', 'RevokeGrant', 'RetireGrant', 'Encrypt', 'GenerateDataKey'],
  ...[
    'GenerateDataKeyWithoutPlaintext',
    'GenerateDataKeyPair',
    'GenerateDataKeyPairWithoutPlaintext',
    'DeriveSharedSecret',
    'ListKeyRotations',
    'RotateKeyOnDemand',
    'GetPublicKey',
    'Sign',
    'Verify',
    'GenerateMac',
    'VerifyMac',
  ],
]

/** https://docs.aws.amazon.com/kms/latest/APIReference/ */
export const kmsService: Service = {
  name: 'kms',
  sdk: () => import('@aws-sdk/client-kms'),
  actionPrefix: 'kms',
  endpoints: [{ prefix: 'kms' }],
  botocoreName: 'kms',
  handlers: {
    CreateKey: keys.createKey,
    DescribeKey: keys.describeKey,
    ListKeys: keys.listKeys,
    EnableKey: keys.enableKey,
    DisableKey: keys.disableKey,
    ScheduleKeyDeletion: keys.scheduleKeyDeletion,
    CancelKeyDeletion: keys.cancelKeyDeletion,
    UpdateKeyDescription: keys.updateKeyDescription,
    GetKeyPolicy: keys.getKeyPolicy,
    PutKeyPolicy: keys.putKeyPolicy,
    ListKeyPolicies: keys.listKeyPolicies,
    EnableKeyRotation: rotation.enableKeyRotation,
    DisableKeyRotation: rotation.disableKeyRotation,
    GetKeyRotationStatus: rotation.getKeyRotationStatus,
    ListKeyRotations: rotation.listKeyRotations,
    RotateKeyOnDemand: rotation.rotateKeyOnDemand,
    TagResource: keys.tagResource,
    UntagResource: keys.untagResource,
    ListResourceTags: keys.listResourceTags,
    CreateAlias: aliases.createAlias,
    UpdateAlias: aliases.updateAlias,
    DeleteAlias: aliases.deleteAlias,
    ListAliases: aliases.listAliases,
    CreateGrant: grants.createGrant,
    ListGrants: grants.listGrants,
    ListRetirableGrants: grants.listRetirableGrants,
    RevokeGrant: grants.revokeGrant,
    RetireGrant: grants.retireGrant,
    Encrypt: crypto.encrypt,
    Decrypt: crypto.decrypt,
    ReEncrypt: crypto.reEncrypt,
    GenerateDataKey: crypto.generateDataKey,
    GenerateDataKeyWithoutPlaintext: crypto.generateDataKeyWithoutPlaintext,
    GenerateDataKeyPair: crypto.generateDataKeyPair,
    GenerateDataKeyPairWithoutPlaintext: crypto.generateDataKeyPairWithoutPlaintext,
    DeriveSharedSecret: crypto.deriveSharedSecret,
    GenerateRandom: crypto.generateRandom,
    GetPublicKey: crypto.getPublicKey,
    Sign: crypto.sign,
    Verify: crypto.verify,
    GenerateMac: crypto.generateMac,
    VerifyMac: crypto.verifyMac,
  },
  resources: {
    ...Object.fromEntries(onKey.map((operation) => [operation, key])),
    Decrypt: ofCiphertext,
    ReEncrypt: ofCiphertext,
    DeleteAlias: (input: { AliasName?: string }, context) => aliasArn(context, input.AliasName ?? '*'),
  },
  // ReEncrypt is two rights: `kms:ReEncryptFrom` on the source, `kms:ReEncryptTo` on the destination.
  actionNames: { ReEncrypt: 'ReEncryptFrom' },
  resourcePolicy: (arn, context) => {
    const known = findKey(context, arn)
    return known && grants.policyWithGrants(known)
  },
  resourcePolicyRequired: true,
  resourceTags: (arn, context) => findKey(context, arn)?.tags,
  conditions: (_operation, input: { EncryptionContext?: Record<string, string> }, context) => ({
    'kms:CallerAccount': context.accountId,
    ...Object.fromEntries(
      Object.entries(input.EncryptionContext ?? {}).map(([name, value]) => [
        `kms:EncryptionContext:${name}`,
        value,
      ]),
    ),
    'kms:EncryptionContextKeys': Object.keys(input.EncryptionContext ?? {}),
  }),
}

const KEY = /^aws\/[^/]+\/[^/]+\/kms\/keys\//

/** Erases keys when their waiting period is over, and rotates those that are due. */
export function keyController(world: World): Controller {
  return {
    name: 'kms-keys',
    sources: [{ prefix: 'aws/', keys: ({ key: path }) => (KEY.test(path) ? [path] : []) }],
    reconcile(path) {
      const record = world.store.get<KeyRecord>(path)?.value
      if (!record) return undefined
      if (record.deletionAt === undefined) {
        const requeueAfterMs = rotation.rotateWhenDue(scopeOfKey(world, path), record)
        return requeueAfterMs === undefined ? undefined : { requeueAfterMs }
      }
      const left = record.deletionAt - world.clock.now()
      if (left > 0) return { requeueAfterMs: left }
      eraseKey(scopeOfKey(world, path), record.id)
      return undefined
    },
  }
}
