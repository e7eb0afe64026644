import { changed, documentText, type ResourceType, tagMap, without } from './type.ts'

const repository: ResourceType = {
  name: 'AWS::ECR::Repository',
  properties:
    'RepositoryName* ImageTagMutability ImageTagMutabilityExclusionFilters ImageScanningConfiguration EncryptionConfiguration* LifecyclePolicy RepositoryPolicyText EmptyOnDelete Tags',
  async create(call, p, order) {
    const repositoryName = String(p.RepositoryName ?? order.name(256).toLowerCase())
    await call('ecr', 'CreateRepository', {
      ...without(p, 'RepositoryName', 'LifecyclePolicy', 'RepositoryPolicyText', 'EmptyOnDelete', 'Tags'),
      repositoryName,
      tags: order.tags,
    })
    await this.update!(
      call,
      repositoryName,
      p,
      { ...p, LifecyclePolicy: undefined, RepositoryPolicyText: undefined },
      order,
    )
    return repositoryName
  },
  async read(call, name) {
    const { repositories } = await call('ecr', 'DescribeRepositories', { repositoryNames: [name] })
    const { repositoryArn, repositoryUri } = repositories[0]
    return { state: 'ready', attributes: { Arn: repositoryArn, RepositoryUri: repositoryUri } }
  },
  async update(call, repositoryName, p, before) {
    if (changed('ImageTagMutability', p, before))
      await call('ecr', 'PutImageTagMutability', {
        repositoryName,
        imageTagMutability: p.ImageTagMutability ?? 'MUTABLE',
        imageTagMutabilityExclusionFilters: p.ImageTagMutabilityExclusionFilters,
      })
    if (changed('ImageScanningConfiguration', p, before))
      await call('ecr', 'PutImageScanningConfiguration', {
        repositoryName,
        imageScanningConfiguration: p.ImageScanningConfiguration ?? { ScanOnPush: false },
      })
    if (changed('LifecyclePolicy', p, before)) {
      const text = (p.LifecyclePolicy as { LifecyclePolicyText?: string } | undefined)?.LifecyclePolicyText
      if (text === undefined) await call('ecr', 'DeleteLifecyclePolicy', { repositoryName })
      else await call('ecr', 'PutLifecyclePolicy', { repositoryName, lifecyclePolicyText: text })
    }
    if (changed('RepositoryPolicyText', p, before)) {
      if (p.RepositoryPolicyText === undefined)
        await call('ecr', 'DeleteRepositoryPolicy', { repositoryName })
      else
        await call('ecr', 'SetRepositoryPolicy', {
          repositoryName,
          policyText: documentText(p.RepositoryPolicyText),
        })
    }
  },
  remove: (call, repositoryName, { EmptyOnDelete }) =>
    call('ecr', 'DeleteRepository', { repositoryName, force: EmptyOnDelete }),
}

const logGroup: ResourceType = {
  name: 'AWS::Logs::LogGroup',
  properties: 'LogGroupName* RetentionInDays KmsKeyId LogGroupClass* DataProtectionPolicy Tags',
  async create(call, p, order) {
    const own = order.tags.filter(({ Key }) => !Key.startsWith('aws:'))
    const logGroupName = String(p.LogGroupName ?? order.name(512))
    await call('logs', 'CreateLogGroup', {
      logGroupName,
      kmsKeyId: p.KmsKeyId,
      logGroupClass: p.LogGroupClass,
      ...(own.length > 0 ? { tags: tagMap(own) } : {}),
    })
    if (p.RetentionInDays !== undefined)
      await call('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays: p.RetentionInDays })
    return logGroupName
  },
  read: async (call, name) => ({
    state: 'ready',
    attributes: { Arn: `arn:aws:logs:${call.region}:${call.accountId}:log-group:${name}:*` },
  }),
  update: (call, logGroupName, { RetentionInDays }) =>
    RetentionInDays === undefined
      ? call('logs', 'DeleteRetentionPolicy', { logGroupName })
      : call('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays: RetentionInDays }),
  remove: (call, logGroupName) => call('logs', 'DeleteLogGroup', { logGroupName }),
}

export const otherTypes = [repository, logGroup]
