import { AwsError } from '../wire/service.ts'
import type { SecretRecord, SecretVersion } from './records.ts'

export const CURRENT = 'AWSCURRENT'
const PREVIOUS = 'AWSPREVIOUS'
/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html: versions without a stage may go. */
const VERSIONS_KEPT = 100

/** The version that a stage is on. */
export const staged = (record: SecretRecord, stage: string): SecretVersion | undefined =>
  record.versions.find(({ stages }) => stages.includes(stage))

/** The version of a request. Throws ResourceNotFoundException with the service's text. */
export function versionOf(
  record: SecretRecord,
  asked: { VersionId?: string; VersionStage?: string },
): SecretVersion {
  const { VersionId: id, VersionStage: stage } = asked
  const found =
    id === undefined
      ? staged(record, stage ?? CURRENT)
      : record.versions.find((one) => one.id === id && (stage === undefined || one.stages.includes(stage)))
  if (!found)
    throw new AwsError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret value for ${id === undefined ? `staging label: ${stage ?? CURRENT}` : `VersionId: ${id}`}`,
    )
  return found
}

/** Puts a version among the others with its stages; what was current is previous now. */
export function withVersion(before: SecretVersion[], added: SecretVersion): SecretVersion[] {
  const takesCurrent = added.stages.includes(CURRENT)
  const moved = before.map((one) => {
    const wasCurrent = takesCurrent && one.stages.includes(CURRENT)
    const stages = one.stages.filter(
      (stage) => !added.stages.includes(stage) && !(takesCurrent && stage === PREVIOUS),
    )
    return { ...one, stages: wasCurrent ? [...stages, PREVIOUS] : stages }
  })
  const spare = moved.filter(({ stages }) => stages.length === 0)
  const surplus = new Set(spare.slice(0, Math.max(0, moved.length + 1 - VERSIONS_KEPT)))
  return [...moved.filter((one) => !surplus.has(one)), added]
}

/** Moves a stage from one version to another, as a rotation does. Throws InvalidParameterException. */
export function moveStage(
  versions: SecretVersion[],
  stage: string,
  from: string | undefined,
  to: string | undefined,
): SecretVersion[] {
  const holder = versions.find(({ stages }) => stages.includes(stage))
  if (holder && to !== undefined && holder.id !== to && from === undefined)
    throw new AwsError(
      'InvalidParameterException',
      `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    )
  if (from !== undefined && holder?.id !== from)
    throw new AwsError(
      'InvalidParameterException',
      `The staging label ${stage} is not attached to the version ${from} that RemoveFromVersionId names.`,
    )
  if (to === undefined && stage === CURRENT)
    throw new AwsError(
      'InvalidParameterException',
      `You can't remove the staging label ${CURRENT} from a version; move it to another one.`,
    )
  if (to !== undefined && !versions.some(({ id }) => id === to))
    throw new AwsError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret value for VersionId: ${to}`,
    )
  return versions.map((one) => {
    const others = one.stages.filter(
      (name) => name !== stage && !(stage === CURRENT && name === PREVIOUS && holder?.id !== to),
    )
    if (one.id === to) return { ...one, stages: [...others, stage] }
    const demoted = stage === CURRENT && one.id === holder?.id && to !== undefined
    return { ...one, stages: demoted ? [...others, PREVIOUS] : others }
  })
}
