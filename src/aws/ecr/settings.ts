import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { awsKey } from '../keys.ts'

/** What a registry (an account in a region) is set to, each under a key of its own. */
export interface RegistrySettings {
  policy: string
  replication: sdk.ReplicationConfiguration
  scanning: sdk.RegistryScanningConfiguration
  signing: sdk.SigningConfiguration
  account: Record<string, string>
  /** ARN → when it was registered, ms. */
  pullTimeExclusions: Record<string, number>
}

const key = ({ accountId, region }: Scope, name: keyof RegistrySettings) =>
  awsKey(accountId, region, 'ecr', 'settings', name)

export const setting = <K extends keyof RegistrySettings>(
  scope: Scope,
  name: K,
): RegistrySettings[K] | undefined => scope.world.store.get<RegistrySettings[K]>(key(scope, name))?.value

export function setSetting<K extends keyof RegistrySettings>(
  scope: Scope,
  name: K,
  value: RegistrySettings[K] | undefined,
): void {
  if (value === undefined) scope.world.store.delete(key(scope, name))
  else scope.world.store.put(key(scope, name), value)
}
