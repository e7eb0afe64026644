import type * as sdk from '@aws-sdk/client-secrets-manager'
import { pageOf } from '../table.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { decryptWith, encryptingKey } from './keys.ts'
import type { SecretRecord, SecretVersion, Tags } from './records.ts'
import { getSecret, secrets } from './tables.ts'
import { CURRENT, moveStage, versionOf, withVersion } from './versions.ts'

// Texts as reported in public issues of the CLI, Terraform and the SDKs (from knowledge, 2026-11).
const DAY_MS = 86_400_000
const RECOVERY_DAYS = { least: 7, most: 30 }
const LARGEST_BYTES = 65_536

const invalidRequest = (message: string) => new AwsError('InvalidRequestException', message)
const invalidParameter = (message: string) => new AwsError('InvalidParameterException', message)
const invalidToken = () => new AwsError('InvalidNextTokenException', 'The NextToken value is invalid.')

const toTags = (tags: Tags): sdk.Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
const tagsOf = (tags: sdk.Tag[] | undefined): Tags =>
  Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key!, Value ?? '']))

/** A secret that is not marked for deletion. Throws ResourceNotFoundException and InvalidRequestException. */
function alive(context: RequestContext, given: string | undefined): SecretRecord {
  const record = getSecret(context, given!)
  if (record.deleted !== undefined)
    throw invalidRequest("You can't perform this operation on the secret because it was marked for deletion.")
  return record
}

interface Value {
  ClientRequestToken?: string
  SecretString?: string
  SecretBinary?: Uint8Array
}

const hasValue = ({ SecretString, SecretBinary }: Value) =>
  SecretString !== undefined || SecretBinary !== undefined

function newVersion(
  context: RequestContext,
  { arn, keyId }: Pick<SecretRecord, 'arn' | 'keyId'>,
  input: Value,
  stages: string[],
): SecretVersion {
  const { SecretString: string, SecretBinary: binary } = input
  if (string !== undefined && binary !== undefined)
    throw invalidParameter('You must provide either SecretString or SecretBinary, but not both.')
  if (Buffer.byteLength(string ?? '') > LARGEST_BYTES || (binary?.byteLength ?? 0) > LARGEST_BYTES)
    throw invalidParameter(`The secret value exceeds the quota of ${LARGEST_BYTES} bytes.`)
  const id = input.ClientRequestToken ?? context.world.ids.uuid()
  return {
    id,
    keyArn: encryptingKey(context, keyId, arn, id),
    ...(string === undefined ? {} : { string }),
    ...(binary === undefined ? {} : { binary: Buffer.from(binary).toString('base64') }),
    stages,
    created: context.world.clock.now(),
  }
}

/** Adds a version to a secret; the same token with the same value changes nothing. Throws ResourceExistsException. */
function addVersion(context: RequestContext, record: SecretRecord, version: SecretVersion): SecretRecord {
  const same = record.versions.find(({ id }) => id === version.id)
  if (same) {
    if (same.string === version.string && same.binary === version.binary) return record
    throw new AwsError(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${version.id} because that value is already in use for a version of secret ${record.arn}.`,
    )
  }
  return {
    ...record,
    versions: withVersion(record.versions, version),
    changed: context.world.clock.now(),
  }
}

/** A secret under another key: versions with a stage are encrypted anew, others stay as they are. */
function withKey(
  context: RequestContext,
  { keyId: _before, ...record }: SecretRecord,
  keyId: string | undefined,
): SecretRecord {
  const versions = record.versions.map((version) => {
    if (version.stages.length === 0) return version
    decryptWith(context, version.keyArn, record.arn, version.id)
    return { ...version, keyArn: encryptingKey(context, keyId, record.arn, version.id) }
  })
  return { ...record, ...(keyId === undefined ? {} : { keyId }), versions }
}

const optional = (record: SecretRecord) => ({
  ...(record.description === undefined ? {} : { Description: record.description }),
  ...(record.keyId === undefined ? {} : { KmsKeyId: record.keyId }),
  ...(record.accessed === undefined ? {} : { LastAccessedDate: startOfDay(record.accessed) }),
  ...(record.deleted === undefined ? {} : { DeletedDate: new Date(record.deleted) }),
})
const startOfDay = (time: number) => new Date(Math.floor(time / DAY_MS) * DAY_MS)

const stagesOf = (record: SecretRecord) =>
  Object.fromEntries(
    record.versions.filter(({ stages }) => stages.length > 0).map(({ id, stages }) => [id, stages]),
  )

function toEntry(record: SecretRecord): sdk.SecretListEntry {
  return {
    ARN: record.arn,
    Name: record.name,
    ...optional(record),
    LastChangedDate: new Date(record.changed),
    Tags: toTags(record.tags),
    SecretVersionsToStages: stagesOf(record),
    CreatedDate: new Date(record.created),
  }
}

function toValue(context: RequestContext, record: SecretRecord, version: SecretVersion) {
  decryptWith(context, version.keyArn, record.arn, version.id)
  const accessed = context.world.clock.now()
  // The date alone is kept: a write a day, not one a read.
  if (record.accessed === undefined || startOfDay(record.accessed) < startOfDay(accessed))
    secrets.put(context, { ...record, accessed })
  return {
    ARN: record.arn,
    Name: record.name,
    VersionId: version.id,
    ...(version.string === undefined ? {} : { SecretString: version.string }),
    ...(version.binary === undefined ? {} : { SecretBinary: Buffer.from(version.binary, 'base64') }),
    VersionStages: version.stages,
    CreatedDate: new Date(version.created),
  }
}

function matches(record: SecretRecord, filters: sdk.Filter[] | undefined): boolean {
  const text = (value: string, wanted: string, exact = false) => {
    const negated = wanted.startsWith('!')
    const word = negated ? wanted.slice(1) : wanted
    const fits = exact ? value.startsWith(word) : value.toLowerCase().includes(word.toLowerCase())
    return fits !== negated
  }
  return (filters ?? []).every(({ Key, Values = [] }) => {
    const values: Record<string, string[]> = {
      name: [record.name],
      description: [record.description ?? ''],
      'tag-key': Object.keys(record.tags),
      'tag-value': Object.values(record.tags),
      'primary-region': [record.arn.split(':')[3]!],
      all: [
        record.name,
        record.description ?? '',
        ...Object.keys(record.tags),
        ...Object.values(record.tags),
      ],
    }
    const own = values[Key ?? ''] ?? []
    return Values.some((wanted) =>
      own.some((value) => text(value, wanted, Key !== 'all' && Key !== 'description')),
    )
  })
}

function createSecret(input: sdk.CreateSecretCommandInput, context: RequestContext) {
  const { world, accountId, region } = context
  const name = input.Name!
  if (!/^[A-Za-z0-9/_+=.@!-]+$/.test(name))
    throw new AwsError(
      'ValidationException',
      'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
    )
  if (input.AddReplicaRegions?.length) throw notSimulated('replicas of secrets')
  const present = secrets.find(context, name)
  if (present?.deleted !== undefined)
    throw invalidRequest(
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    )
  if (present) {
    const same = present.versions.find(({ id }) => id === input.ClientRequestToken)
    if (same && same.string === input.SecretString)
      return { ARN: present.arn, Name: name, VersionId: same.id }
    throw new AwsError(
      'ResourceExistsException',
      `The operation failed because the secret ${name} already exists.`,
    )
  }
  const now = world.clock.now()
  const suffix = world.ids.text(6, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789')
  const arn = `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-${suffix}`
  const keyId = input.KmsKeyId || undefined
  const version = hasValue(input) ? newVersion(context, { arn, keyId }, input, [CURRENT]) : undefined
  // A key that is named is tried, also when there is nothing to encrypt yet.
  if (keyId !== undefined && !version) encryptingKey(context, keyId, arn, world.ids.uuid())
  const record = secrets.put(context, {
    name,
    arn,
    ...(input.Description === undefined ? {} : { description: input.Description }),
    ...(keyId === undefined ? {} : { keyId }),
    versions: version ? [version] : [],
    tags: tagsOf(input.Tags),
    created: now,
    changed: now,
  })
  return { ARN: record.arn, Name: name, ...(version ? { VersionId: version.id } : {}) }
}

const notSimulated = (what: string) =>
  new AwsError('NotImplemented', `Drydock does not simulate ${what}. FIDELITY.md lists what is simulated.`, {
    status: 501,
  })

export const secretHandlers: Record<string, Handler> = {
  CreateSecret: createSecret,

  GetSecretValue: (input: sdk.GetSecretValueCommandInput, context) => {
    const record = getSecret(context, input.SecretId!)
    if (record.deleted !== undefined)
      throw invalidRequest(
        "You can't perform this operation on the secret because it was marked for deletion.",
      )
    return toValue(context, record, versionOf(record, input))
  },

  BatchGetSecretValue: (input: sdk.BatchGetSecretValueCommandInput, context) => {
    const found: object[] = []
    const Errors: sdk.APIErrorType[] = []
    const asked =
      input.SecretIdList ??
      secrets
        .list(context)
        .filter((record) => matches(record, input.Filters))
        .map(({ arn }) => arn)
    const { items, next } = pageOf(asked, input.MaxResults ?? 20, input.NextToken, invalidToken)
    for (const id of items) {
      try {
        const record = alive(context, id)
        context.authorize('secretsmanager:GetSecretValue', record.arn)
        found.push(toValue(context, record, versionOf(record, {})))
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        Errors.push({ SecretId: id, ErrorCode: error.code, Message: error.message })
      }
    }
    return { SecretValues: found, Errors, NextToken: next }
  },

  PutSecretValue: (input: sdk.PutSecretValueCommandInput, context) => {
    const record = alive(context, input.SecretId)
    if (!hasValue(input)) throw invalidRequest('You must provide either SecretString or SecretBinary.')
    const version = newVersion(context, record, input, input.VersionStages ?? [CURRENT])
    const next = secrets.put(context, addVersion(context, record, version))
    const { stages } = next.versions.find(({ id }) => id === version.id)!
    return { ARN: record.arn, Name: record.name, VersionId: version.id, VersionStages: stages }
  },

  UpdateSecret: (input: sdk.UpdateSecretCommandInput, context) => {
    const record = alive(context, input.SecretId)
    const changed: SecretRecord = {
      ...(input.KmsKeyId === undefined ? record : withKey(context, record, input.KmsKeyId || undefined)),
      ...(input.Description === undefined ? {} : { description: input.Description }),
      changed: context.world.clock.now(),
    }
    const version = hasValue(input) ? newVersion(context, changed, input, [CURRENT]) : undefined
    secrets.put(context, version ? addVersion(context, changed, version) : changed)
    return { ARN: record.arn, Name: record.name, ...(version ? { VersionId: version.id } : {}) }
  },

  UpdateSecretVersionStage: (input: sdk.UpdateSecretVersionStageCommandInput, context) => {
    const record = alive(context, input.SecretId)
    const versions = moveStage(
      record.versions,
      input.VersionStage!,
      input.RemoveFromVersionId,
      input.MoveToVersionId,
    )
    secrets.put(context, { ...record, versions, changed: context.world.clock.now() })
    return { ARN: record.arn, Name: record.name }
  },

  DescribeSecret: (input: sdk.DescribeSecretCommandInput, context) => {
    const record = getSecret(context, input.SecretId!)
    const { SecretVersionsToStages, ...rest } = toEntry(record)
    return { ...rest, VersionIdsToStages: SecretVersionsToStages }
  },

  ListSecrets: (input: sdk.ListSecretsCommandInput, context) => {
    const all = secrets
      .list(context)
      .filter(({ deleted }) => deleted === undefined || input.IncludePlannedDeletion)
      .filter((record) => matches(record, input.Filters))
      .sort((a, b) => (input.SortOrder === 'asc' ? a.created - b.created : b.created - a.created))
    const { items, next } = pageOf(all, input.MaxResults ?? 100, input.NextToken, invalidToken)
    return { SecretList: items.map(toEntry), NextToken: next }
  },

  ListSecretVersionIds: (input: sdk.ListSecretVersionIdsCommandInput, context) => {
    const record = getSecret(context, input.SecretId!)
    const all = record.versions.filter(({ stages }) => input.IncludeDeprecated || stages.length > 0)
    const { items, next } = pageOf(all, input.MaxResults ?? 100, input.NextToken, invalidToken)
    return {
      Versions: items.map(({ id, stages, created }) => ({
        VersionId: id,
        VersionStages: stages,
        CreatedDate: new Date(created),
      })),
      ARN: record.arn,
      Name: record.name,
      NextToken: next,
    }
  },

  DeleteSecret: (input: sdk.DeleteSecretCommandInput, context) => {
    const days = input.RecoveryWindowInDays
    if (input.ForceDeleteWithoutRecovery && days !== undefined)
      throw invalidParameter(
        "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
      )
    if (days !== undefined && (days < RECOVERY_DAYS.least || days > RECOVERY_DAYS.most))
      throw invalidParameter(
        `The RecoveryWindowInDays value must be between ${RECOVERY_DAYS.least} and ${RECOVERY_DAYS.most} days (inclusive).`,
      )
    const now = context.world.clock.now()
    if (input.ForceDeleteWithoutRecovery) {
      const record = getSecret(context, input.SecretId!)
      secrets.delete(context, record)
      return { ARN: record.arn, Name: record.name, DeletionDate: new Date(now) }
    }
    const record = alive(context, input.SecretId)
    const goes = now + (days ?? RECOVERY_DAYS.most) * DAY_MS
    secrets.put(context, { ...record, deleted: now, goes })
    return { ARN: record.arn, Name: record.name, DeletionDate: new Date(goes) }
  },

  RestoreSecret: (input: sdk.RestoreSecretCommandInput, context) => {
    const { deleted: _when, goes: _then, ...record } = getSecret(context, input.SecretId!)
    secrets.put(context, record)
    return { ARN: record.arn, Name: record.name }
  },

  TagResource: (input: sdk.TagResourceCommandInput, context) => {
    const record = alive(context, input.SecretId)
    secrets.put(context, { ...record, tags: { ...record.tags, ...tagsOf(input.Tags) } })
    return {}
  },

  UntagResource: (input: sdk.UntagResourceCommandInput, context) => {
    const record = alive(context, input.SecretId)
    const left = Object.entries(record.tags).filter(([key]) => !input.TagKeys?.includes(key))
    secrets.put(context, { ...record, tags: Object.fromEntries(left) })
    return {}
  },

  /** Rotation runs a Lambda function, which is not simulated; a secret without one is refused as by the service. */
  RotateSecret: (input: sdk.RotateSecretCommandInput, context) => {
    alive(context, input.SecretId)
    if (!input.RotationLambdaARN)
      throw invalidRequest('No Lambda rotation function ARN is associated with this secret.')
    throw notSimulated('Lambda functions, which rotate secrets')
  },
}
