import type { Scope } from '../ec2/index.ts'
import { Table } from '../table.ts'
import { AwsError } from '../wire/service.ts'
import type { SecretRecord } from './records.ts'

export const secrets = new Table<SecretRecord>('secretsmanager', 'secrets', ({ name }) => name)

const ARN = /^arn:aws:secretsmanager:[^:]*:(\d+):secret:(.+)$/

/** The account that a secret is in: that of its ARN, else the caller's own. */
export const ownerOf = <S extends Pick<Scope, 'accountId'>>(scope: S, given: string | undefined): S => ({
  ...scope,
  accountId: ARN.exec(given ?? '')?.[1] ?? scope.accountId,
})

/** A secret by name or ARN, the six characters at an ARN's end left out or not. */
export function findSecret(scope: Scope, given: string): SecretRecord | undefined {
  const name = ARN.exec(given)?.[2] ?? given
  const owner = ownerOf(scope, given)
  const direct = secrets.find(owner, name)
  if (direct) return direct
  const whole = secrets.find(owner, name.replace(/-[A-Za-z0-9]{6}$/, ''))
  return whole?.arn === given ? whole : undefined
}

/** Throws ResourceNotFoundException. */
export function getSecret(scope: Scope, given: string): SecretRecord {
  const found = findSecret(scope, given)
  if (!found)
    throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
  return found
}
