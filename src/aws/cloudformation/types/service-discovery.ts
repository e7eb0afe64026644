import { AwsError } from '../../wire/service.ts'
import type { Properties } from '../records.ts'
import { type Calls, changed, type Reading, type ResourceType, without } from './type.ts'

const names = (call: Calls, operation: string, input: Record<string, unknown>) =>
  call('servicediscovery', operation, input)

/** What one begins by an operation of Cloud Map is named by its targets from the start. */
async function targetOf(call: Calls, OperationId: string, kind: 'NAMESPACE' | 'INSTANCE'): Promise<string> {
  const { Operation } = await names(call, 'GetOperation', { OperationId })
  if (Operation.Status === 'FAIL') throw new AwsError(Operation.ErrorCode, Operation.ErrorMessage)
  return Operation.Targets[kind]
}

type Kind = 'Http' | 'PrivateDns' | 'PublicDns'

const namespace = (kind: Kind): ResourceType => ({
  name: `AWS::ServiceDiscovery::${kind}Namespace`,
  properties: `Name!* Description Tags ${kind === 'Http' ? '' : 'Properties'} ${kind === 'PrivateDns' ? 'Vpc!*' : ''}`,
  lingers: true,
  async create(call, p, order) {
    const { OperationId } = await names(call, `Create${kind}Namespace`, {
      ...without(p, 'Tags'),
      CreatorRequestId: order.token,
      Tags: order.ownTags,
    })
    return targetOf(call, OperationId, 'NAMESPACE')
  },
  async read(call, Id): Promise<Reading> {
    const { Namespace } = await names(call, 'GetNamespace', { Id })
    const { HttpProperties, DnsProperties } = Namespace.Properties ?? {}
    return {
      state: 'ready',
      attributes: {
        Id,
        Arn: Namespace.Arn,
        HttpName: HttpProperties?.HttpName,
        HostedZoneId: DnsProperties?.HostedZoneId,
      },
    }
  },
  async update(call, Id, { Description, Properties: given }) {
    await names(call, `Update${kind}Namespace`, { Id, Namespace: { Description, Properties: given } })
  },
  remove: (call, Id) => names(call, 'DeleteNamespace', { Id }),
})

const service: ResourceType = {
  name: 'AWS::ServiceDiscovery::Service',
  properties:
    'Name* Description DnsConfig HealthCheckConfig HealthCheckCustomConfig* NamespaceId* Type* ServiceAttributes Tags',
  async create(call, p, order) {
    const { Service } = await names(call, 'CreateService', {
      ...without(p, 'Tags', 'ServiceAttributes'),
      Name: p.Name ?? order.name(127),
      CreatorRequestId: order.token,
      Tags: order.ownTags,
    })
    await setAttributes(call, Service.Id, p)
    return Service.Id
  },
  async read(call, Id) {
    const { Service } = await names(call, 'GetService', { Id })
    return { state: 'ready', attributes: { Id, Arn: Service.Arn, Name: Service.Name } }
  },
  async update(call, Id, p, before) {
    const { Description, DnsConfig, HealthCheckConfig } = p
    const records = (DnsConfig as Properties | undefined)?.DnsRecords
    await names(call, 'UpdateService', {
      Id,
      Service: {
        Description,
        HealthCheckConfig,
        ...(records === undefined ? {} : { DnsConfig: { DnsRecords: records } }),
      },
    })
    if (changed('ServiceAttributes', p, before)) await setAttributes(call, Id, p)
  },
  remove: (call, Id) => names(call, 'DeleteService', { Id }),
}

async function setAttributes(call: Calls, ServiceId: string, { ServiceAttributes: Attributes }: Properties) {
  if (Attributes !== undefined) await names(call, 'UpdateServiceAttributes', { ServiceId, Attributes })
}

const instance: ResourceType = {
  name: 'AWS::ServiceDiscovery::Instance',
  properties: 'ServiceId!* InstanceId* InstanceAttributes!',
  async create(call, { ServiceId, InstanceId, InstanceAttributes: Attributes }, order) {
    const { OperationId } = await names(call, 'RegisterInstance', {
      ServiceId,
      InstanceId: InstanceId ?? order.name(64),
      Attributes,
    })
    return targetOf(call, OperationId, 'INSTANCE')
  },
  async update(call, InstanceId, { ServiceId, InstanceAttributes: Attributes }) {
    await names(call, 'RegisterInstance', { ServiceId, InstanceId, Attributes })
  },
  remove: (call, InstanceId, { ServiceId }) => names(call, 'DeregisterInstance', { ServiceId, InstanceId }),
}

export const serviceDiscoveryTypes = [
  namespace('Http'),
  namespace('PrivateDns'),
  namespace('PublicDns'),
  service,
  instance,
]
