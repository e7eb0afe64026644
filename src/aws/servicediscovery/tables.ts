import type { Scope } from '../ec2/index.ts'
import { Table } from '../table.ts'
import type { InstanceRecord, NamespaceRecord, OperationRecord, ServiceRecord } from './records.ts'

const SERVICE = 'servicediscovery'
export const namespaces = new Table<NamespaceRecord>(SERVICE, 'namespaces', ({ id }) => id)
export const services = new Table<ServiceRecord>(SERVICE, 'services', ({ id }) => id)
export const operations = new Table<OperationRecord>(SERVICE, 'operations', ({ id }) => id)
export const instances = new Table<InstanceRecord>(
  SERVICE,
  'instances',
  ({ serviceId, id }) => `${serviceId}/${id}`,
)

export const instancesOf = (scope: Scope, serviceId: string): InstanceRecord[] =>
  instances.list(scope).filter((one) => one.serviceId === serviceId)

export const servicesOf = (scope: Scope, namespaceId: string): ServiceRecord[] =>
  services.list(scope).filter((one) => one.namespaceId === namespaceId)
