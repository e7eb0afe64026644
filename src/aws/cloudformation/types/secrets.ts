import type { Properties } from '../records.ts'
import { type Calls, changed, documentText, type ResourceType, type Tag, without } from './type.ts'

const kmsTags = (tags: Tag[]) => tags.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value }))

const key: ResourceType = {
  name: 'AWS::KMS::Key',
  properties:
    'KeyPolicy Description Enabled EnableKeyRotation RotationPeriodInDays KeySpec* KeyUsage* MultiRegion* Origin* PendingWindowInDays BypassPolicyLockoutSafetyCheck Tags',
  async create(call, p, order) {
    const { KeyMetadata } = await call('kms', 'CreateKey', {
      ...without(
        p,
        'KeyPolicy',
        'Enabled',
        'EnableKeyRotation',
        'RotationPeriodInDays',
        'PendingWindowInDays',
        'Tags',
      ),
      ...(p.KeyPolicy === undefined ? {} : { Policy: documentText(p.KeyPolicy) }),
      Tags: kmsTags(order.ownTags),
    })
    const { KeyId } = KeyMetadata
    if (p.EnableKeyRotation === true || p.EnableKeyRotation === 'true')
      await call('kms', 'EnableKeyRotation', { KeyId, RotationPeriodInDays: p.RotationPeriodInDays })
    if (p.Enabled === false || p.Enabled === 'false') await call('kms', 'DisableKey', { KeyId })
    return KeyId
  },
  async read(call, KeyId) {
    const { KeyMetadata } = await call('kms', 'DescribeKey', { KeyId })
    return { state: 'ready', attributes: { Arn: KeyMetadata.Arn, KeyId } }
  },
  async update(call, KeyId, p, before) {
    if (changed('KeyPolicy', p, before))
      await call('kms', 'PutKeyPolicy', { KeyId, PolicyName: 'default', Policy: documentText(p.KeyPolicy) })
    if (changed('Description', p, before))
      await call('kms', 'UpdateKeyDescription', { KeyId, Description: p.Description ?? '' })
    if (changed('Enabled', p, before))
      await call('kms', String(p.Enabled) === 'false' ? 'DisableKey' : 'EnableKey', { KeyId })
    if (changed('EnableKeyRotation', p, before))
      await call('kms', String(p.EnableKeyRotation) === 'true' ? 'EnableKeyRotation' : 'DisableKeyRotation', {
        KeyId,
      })
  },
  remove: (call, KeyId, { PendingWindowInDays }) =>
    call('kms', 'ScheduleKeyDeletion', { KeyId, PendingWindowInDays: PendingWindowInDays ?? 30 }),
}

const alias: ResourceType = {
  name: 'AWS::KMS::Alias',
  properties: 'AliasName!* TargetKeyId!',
  async create(call, p) {
    await call('kms', 'CreateAlias', p)
    return String(p.AliasName)
  },
  update: (call, _, p) => call('kms', 'UpdateAlias', p),
  remove: (call, AliasName) => call('kms', 'DeleteAlias', { AliasName }),
}

interface Generate {
  SecretStringTemplate?: string
  GenerateStringKey?: string
}

const secret: ResourceType = {
  name: 'AWS::SecretsManager::Secret',
  properties: 'Name* Description KmsKeyId SecretString GenerateSecretString ReplicaRegions Tags',
  async create(call, p, order) {
    let text = p.SecretString
    if (p.GenerateSecretString !== undefined) {
      const { SecretStringTemplate, GenerateStringKey, ...rest } = p.GenerateSecretString as Generate
      const { RandomPassword } = await call('secretsmanager', 'GetRandomPassword', rest)
      text =
        GenerateStringKey === undefined
          ? RandomPassword
          : JSON.stringify({
              ...JSON.parse(SecretStringTemplate ?? '{}'),
              [GenerateStringKey]: RandomPassword,
            })
    }
    const { ARN } = await call('secretsmanager', 'CreateSecret', {
      Name: p.Name ?? order.name(64),
      Description: p.Description,
      KmsKeyId: p.KmsKeyId,
      SecretString: text,
      ClientRequestToken: order.token,
      Tags: order.ownTags,
    })
    return ARN
  },
  async read(call, SecretId) {
    await call('secretsmanager', 'DescribeSecret', { SecretId })
    return { state: 'ready', attributes: { Id: SecretId } }
  },
  update: (call, SecretId, { Description, KmsKeyId, SecretString }) =>
    call('secretsmanager', 'UpdateSecret', { SecretId, Description, KmsKeyId, SecretString }),
  remove: (call, SecretId) =>
    call('secretsmanager', 'DeleteSecret', { SecretId, ForceDeleteWithoutRecovery: true }),
}

const secretPolicy: ResourceType = {
  name: 'AWS::SecretsManager::ResourcePolicy',
  properties: 'SecretId!* ResourcePolicy! BlockPublicPolicy',
  async create(call, p) {
    await putSecretPolicy(call, p)
    return String(p.SecretId)
  },
  read: async (_call, id) => ({ state: 'ready', attributes: { Id: id } }),
  update: (call, _, p) => putSecretPolicy(call, p),
  remove: (call, SecretId) => call('secretsmanager', 'DeleteResourcePolicy', { SecretId }),
}

const putSecretPolicy = (call: Calls, { ResourcePolicy, ...p }: Properties): Promise<void> =>
  call('secretsmanager', 'PutResourcePolicy', { ...p, ResourcePolicy: documentText(ResourcePolicy) })

const parameter: ResourceType = {
  name: 'AWS::SSM::Parameter',
  properties: 'Name* Type!* Value! Description AllowedPattern DataType* Policies Tier Tags',
  async create(call, p, order) {
    const Name = String(p.Name ?? order.name())
    await call('ssm', 'PutParameter', { ...without(p, 'Tags'), Name })
    return Name
  },
  read: async (_call, _id, p) => ({ state: 'ready', attributes: { Type: p.Type, Value: p.Value } }),
  update: (call, Name, p) => call('ssm', 'PutParameter', { ...without(p, 'Tags'), Name, Overwrite: true }),
  remove: (call, Name) => call('ssm', 'DeleteParameter', { Name }),
}

const alarm: ResourceType = {
  name: 'AWS::CloudWatch::Alarm',
  properties:
    'AlarmName* AlarmDescription ActionsEnabled AlarmActions OKActions InsufficientDataActions MetricName Namespace Statistic ExtendedStatistic Dimensions Period Unit EvaluationPeriods DatapointsToAlarm Threshold ComparisonOperator TreatMissingData Metrics Tags',
  async create(call, p, order) {
    const AlarmName = String(p.AlarmName ?? order.name(255))
    await call('cloudwatch', 'PutMetricAlarm', { ...without(p, 'Tags'), AlarmName })
    return AlarmName
  },
  read: async (call, id) => ({
    state: 'ready',
    attributes: { Arn: `arn:aws:cloudwatch:${call.region}:${call.accountId}:alarm:${id}` },
  }),
  update: (call, AlarmName, p) => call('cloudwatch', 'PutMetricAlarm', { ...without(p, 'Tags'), AlarmName }),
  remove: (call, id) => call('cloudwatch', 'DeleteAlarms', { AlarmNames: [id] }),
}

export const secretTypes = [key, alias, secret, secretPolicy, parameter, alarm]
