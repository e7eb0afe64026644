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
    const logGroupName = String(p.LogGroupName ?? order.name(512))
    await call('logs', 'CreateLogGroup', {
      logGroupName,
      kmsKeyId: p.KmsKeyId,
      logGroupClass: p.LogGroupClass,
      ...(order.ownTags.length > 0 ? { tags: tagMap(order.ownTags) } : {}),
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

const logStream: ResourceType = {
  name: 'AWS::Logs::LogStream',
  properties: 'LogGroupName!* LogStreamName*',
  async create(call, p, order) {
    const logStreamName = String(p.LogStreamName ?? order.name(512))
    await call('logs', 'CreateLogStream', { logGroupName: p.LogGroupName, logStreamName })
    return logStreamName
  },
  remove: (call, logStreamName, { LogGroupName }) =>
    call('logs', 'DeleteLogStream', { logGroupName: LogGroupName, logStreamName }),
}

const metricFilter: ResourceType = {
  name: 'AWS::Logs::MetricFilter',
  properties:
    'LogGroupName!* FilterPattern! MetricTransformations! FilterName* ApplyOnTransformedLogs FieldSelectionCriteria EmitSystemFieldDimensions',
  async create(call, p, order) {
    const filterName = String(p.FilterName ?? order.name(512))
    await call('logs', 'PutMetricFilter', { ...p, filterName })
    return filterName
  },
  update: (call, filterName, p) => call('logs', 'PutMetricFilter', { ...p, filterName }),
  remove: (call, filterName, { LogGroupName }) =>
    call('logs', 'DeleteMetricFilter', { logGroupName: LogGroupName, filterName }),
}

const dashboard: ResourceType = {
  name: 'AWS::CloudWatch::Dashboard',
  properties: 'DashboardName* DashboardBody!',
  async create(call, p, order) {
    const DashboardName = String(p.DashboardName ?? order.name(255))
    await call('cloudwatch', 'PutDashboard', { DashboardName, DashboardBody: p.DashboardBody })
    return DashboardName
  },
  update: (call, DashboardName, { DashboardBody }) =>
    call('cloudwatch', 'PutDashboard', { DashboardName, DashboardBody }),
  remove: (call, name) => call('cloudwatch', 'DeleteDashboards', { DashboardNames: [name] }),
}

const certificate: ResourceType = {
  name: 'AWS::CertificateManager::Certificate',
  properties:
    'DomainName!* SubjectAlternativeNames* ValidationMethod* DomainValidationOptions* KeyAlgorithm* CertificateAuthorityArn* CertificateTransparencyLoggingPreference CertificateExport Tags',
  async create(call, p, order) {
    const { CertificateArn } = await call('acm', 'RequestCertificate', {
      DomainName: p.DomainName,
      SubjectAlternativeNames: p.SubjectAlternativeNames,
      ValidationMethod: p.ValidationMethod,
      KeyAlgorithm: p.KeyAlgorithm,
      Tags: order.ownTags,
    })
    return CertificateArn
  },
  async read(call, CertificateArn) {
    const { Certificate } = await call('acm', 'DescribeCertificate', { CertificateArn })
    if (Certificate.Status === 'FAILED') return { state: 'failed', reason: Certificate.FailureReason }
    return Certificate.Status === 'ISSUED'
      ? { state: 'ready', attributes: { CertificateArn } }
      : { state: 'pending' }
  },
  remove: (call, CertificateArn) => call('acm', 'DeleteCertificate', { CertificateArn }),
}

/** What the CDK tells AWS of an app's constructs: nothing is made of it. */
const cdkMetadata: ResourceType = {
  name: 'AWS::CDK::Metadata',
  properties: 'Analytics',
  create: async (_call, _p, order) => order.name(),
  update: async () => {},
  remove: async () => {},
}

export const otherTypes = [repository, logGroup, logStream, metricFilter, dashboard, certificate, cdkMetadata]
