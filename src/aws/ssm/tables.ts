import { Table } from '../table.ts'
import type { ActivationRecord, ManagedInstanceRecord, ParameterRecord, SessionRecord } from './records.ts'

export const parameters = new Table<ParameterRecord>('ssm', 'parameters', ({ name }) => name)
export const activations = new Table<ActivationRecord>('ssm', 'activations', ({ id }) => id)
export const managedInstances = new Table<ManagedInstanceRecord>('ssm', 'managed-instances', ({ id }) => id)
export const sessions = new Table<SessionRecord>('ssm', 'sessions', ({ id }) => id)
