import { Table } from '../table.ts'
import type { CertificateRecord } from './records.ts'

export const certificates = new Table<CertificateRecord>('acm', 'certificates', ({ arn }) => arn)
