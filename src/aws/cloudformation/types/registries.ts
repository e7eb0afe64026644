import { AwsError } from '../../wire/service.ts'
import { type Calls, documentText, type ResourceType } from './type.ts'

// What an account's registry of ECR has beside its repositories.

const ecr = (call: Calls, operation: string, input: Record<string, unknown>) => call('ecr', operation, input)

const pullThroughCacheRule: ResourceType = {
  name: 'AWS::ECR::PullThroughCacheRule',
  properties:
    'EcrRepositoryPrefix* UpstreamRegistryUrl* UpstreamRegistry* UpstreamRepositoryPrefix* CredentialArn* CustomRoleArn*',
  async create(call, p) {
    await ecr(call, 'CreatePullThroughCacheRule', p)
    return String(p.EcrRepositoryPrefix)
  },
  async read(call, prefix) {
    await ecr(call, 'DescribePullThroughCacheRules', { ecrRepositoryPrefixes: [prefix] })
    return { state: 'ready' }
  },
  remove: (call, ecrRepositoryPrefix) => ecr(call, 'DeletePullThroughCacheRule', { ecrRepositoryPrefix }),
}

const registryPolicy: ResourceType = {
  name: 'AWS::ECR::RegistryPolicy',
  properties: 'PolicyText!',
  async create(call, { PolicyText }) {
    await ecr(call, 'PutRegistryPolicy', { policyText: documentText(PolicyText) })
    return call.accountId
  },
  async read(call, id) {
    await ecr(call, 'GetRegistryPolicy', {})
    return { state: 'ready', attributes: { RegistryId: id } }
  },
  update: (call, _, { PolicyText }) =>
    ecr(call, 'PutRegistryPolicy', { policyText: documentText(PolicyText) }),
  remove: (call) => ecr(call, 'DeleteRegistryPolicy', {}),
}

const replication: ResourceType = {
  name: 'AWS::ECR::ReplicationConfiguration',
  properties: 'ReplicationConfiguration!',
  async create(call, p) {
    await ecr(call, 'PutReplicationConfiguration', p)
    return call.accountId
  },
  read: async (_call, id) => ({ state: 'ready', attributes: { RegistryId: id } }),
  update: (call, _, p) => ecr(call, 'PutReplicationConfiguration', p),
  remove: (call) => ecr(call, 'PutReplicationConfiguration', { replicationConfiguration: { rules: [] } }),
}

const creationTemplate: ResourceType = {
  name: 'AWS::ECR::RepositoryCreationTemplate',
  properties:
    'Prefix!* AppliedFor! Description ImageTagMutability ImageTagMutabilityExclusionFilters EncryptionConfiguration LifecyclePolicy RepositoryPolicy ResourceTags CustomRoleArn',
  async create(call, p) {
    await ecr(call, 'CreateRepositoryCreationTemplate', p)
    return String(p.Prefix)
  },
  async read(call, prefix) {
    const { repositoryCreationTemplates: found } = await ecr(call, 'DescribeRepositoryCreationTemplates', {
      prefixes: [prefix],
    })
    if (found.length === 0) throw new AwsError('NotFound', `${prefix} does not exist`)
    const { createdAt: CreatedAt, updatedAt: UpdatedAt } = found[0]
    return { state: 'ready', attributes: { CreatedAt, UpdatedAt } }
  },
  update: (call, _, p) => ecr(call, 'UpdateRepositoryCreationTemplate', p),
  remove: (call, prefix) => ecr(call, 'DeleteRepositoryCreationTemplate', { prefix }),
}

const publicRepository: ResourceType = {
  name: 'AWS::ECR::PublicRepository',
  properties: 'RepositoryName* RepositoryCatalogData RepositoryPolicyText Tags',
  async create(call, p, order) {
    const repositoryName = String(p.RepositoryName ?? order.name(205).toLowerCase())
    await call('ecr-public', 'CreateRepository', {
      repositoryName,
      catalogData: p.RepositoryCatalogData,
      tags: order.ownTags,
    })
    if (p.RepositoryPolicyText !== undefined)
      await call('ecr-public', 'SetRepositoryPolicy', {
        repositoryName,
        policyText: documentText(p.RepositoryPolicyText),
      })
    return repositoryName
  },
  async read(call, name) {
    const { repositories } = await call('ecr-public', 'DescribeRepositories', { repositoryNames: [name] })
    return { state: 'ready', attributes: { Arn: repositories[0].repositoryArn } }
  },
  async update(call, repositoryName, p) {
    if (p.RepositoryCatalogData !== undefined)
      await call('ecr-public', 'PutRepositoryCatalogData', {
        repositoryName,
        catalogData: p.RepositoryCatalogData,
      })
    if (p.RepositoryPolicyText !== undefined)
      await call('ecr-public', 'SetRepositoryPolicy', {
        repositoryName,
        policyText: documentText(p.RepositoryPolicyText),
      })
  },
  remove: (call, repositoryName) => call('ecr-public', 'DeleteRepository', { repositoryName }),
}

export const registryTypes = [
  pullThroughCacheRule,
  registryPolicy,
  replication,
  creationTemplate,
  publicRepository,
]
