import { Table } from '../table.ts'
import type { ActivationRecord, ManagedInstanceRecord, ParameterRecord } from './records.ts'

export const parameters = new Table<ParameterRecord>('ssm', 'parameters', ({ name }) => name)
export const activations = new Table<ActivationRecord>('ssm', 'activations', ({ id }) => id)
export const managedInstances = new Table<ManagedInstanceRecord>('ssm', 'managed-instances', ({ id }) => id)
