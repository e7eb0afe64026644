import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import type { RequestContext } from '../wire/service.ts'
import { invalidParameter } from './errors.ts'
import { repositoryMatches } from './filters.ts'
import type { ImageScan } from './records.ts'
import { findRepository } from './repositories.ts'
import { setSetting, setting } from './settings.ts'

const DEFAULT: sdk.RegistryScanningConfiguration = { scanType: 'BASIC', rules: [] }

export const scanningOf = (scope: Scope): sdk.RegistryScanningConfiguration =>
  setting(scope, 'scanning') ?? DEFAULT

/** A scan that has just been asked for. */
export function newScan(scope: Scope): ImageScan {
  const type = scanningOf(scope).scanType ?? 'BASIC'
  return { type, status: type === 'BASIC' ? 'IN_PROGRESS' : 'PENDING', startedAt: scope.world.clock.now() }
}

/** The filters of the registry's rules that choose a repository, and how often it is scanned by them. */
function ruleFor(scope: Scope, repository: string) {
  for (const frequency of ['CONTINUOUS_SCAN', 'SCAN_ON_PUSH', 'MANUAL'] as const) {
    for (const rule of scanningOf(scope).rules ?? []) {
      if (rule.scanFrequency !== frequency) continue
      const filters = (rule.repositoryFilters ?? []).filter((filter) =>
        repositoryMatches([filter], repository),
      )
      if (filters.length > 0) return { frequency, filters }
    }
  }
  return undefined
}

/** When a repository's images are scanned. A repository's own setting counts for basic scanning without a rule. */
export function scanFrequency(scope: Scope, repository: string): sdk.ScanFrequency {
  const rule = ruleFor(scope, repository)
  if (rule) return rule.frequency
  const basic = scanningOf(scope).scanType !== 'ENHANCED'
  return basic && findRepository(scope, repository)?.scanOnPush ? 'SCAN_ON_PUSH' : 'MANUAL'
}

export function putRegistryScanningConfiguration(
  input: sdk.PutRegistryScanningConfigurationCommandInput,
  context: RequestContext,
) {
  const scanType = input.scanType ?? 'BASIC'
  const rules = input.rules ?? []
  const allowed = scanType === 'BASIC' ? ['SCAN_ON_PUSH', 'MANUAL'] : ['SCAN_ON_PUSH', 'CONTINUOUS_SCAN']
  for (const { scanFrequency: frequency } of rules) {
    if (!allowed.includes(frequency!))
      throw invalidParameter(
        'rules',
        `Scan frequency ${frequency} is not supported for scan type ${scanType}`,
      )
  }
  if (new Set(rules.map((rule) => rule.scanFrequency)).size < rules.length)
    throw invalidParameter('rules', 'Only one rule per scan frequency is allowed')
  const registryScanningConfiguration = { scanType, rules }
  setSetting(context, 'scanning', registryScanningConfiguration)
  return { registryScanningConfiguration }
}

export const getRegistryScanningConfiguration = (_input: object, context: RequestContext) => ({
  registryId: context.accountId,
  scanningConfiguration: scanningOf(context),
})

export function batchGetRepositoryScanningConfiguration(
  input: sdk.BatchGetRepositoryScanningConfigurationCommandInput,
  context: RequestContext,
) {
  const scanningConfigurations: sdk.RepositoryScanningConfiguration[] = []
  const failures: sdk.RepositoryScanningConfigurationFailure[] = []
  for (const repositoryName of input.repositoryNames ?? []) {
    const record = findRepository(context, repositoryName)
    if (!record) {
      const failureCode = 'REPOSITORY_NOT_FOUND' as const
      failures.push({ repositoryName, failureCode, failureReason: 'Repository not found' })
      continue
    }
    const frequency = scanFrequency(context, repositoryName)
    scanningConfigurations.push({
      repositoryArn: record.arn,
      repositoryName,
      scanOnPush: frequency !== 'MANUAL',
      scanFrequency: frequency,
      appliedScanFilters: ruleFor(context, repositoryName)?.filters ?? [],
    })
  }
  return { scanningConfigurations, failures }
}
