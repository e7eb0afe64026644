import { type FieldError, forbiddenField, invalidValue, required } from '../errors.ts'
import { at } from '../json.ts'
import { atLeast, oneOf, type Rule, sub } from './rules.ts'

// Jobs and CronJobs. Source: pkg/apis/batch/validation of Kubernetes 1.35, read 2026-11.

const indexed: Rule = (spec, path) => {
  const errors: FieldError[] = []
  if (spec.completionMode === 'Indexed' && spec.completions === undefined)
    errors.push(required(sub(path, 'completions'), 'when completion mode is Indexed'))
  if (spec.completionMode !== 'Indexed') {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes']) {
      if (spec[field] !== undefined)
        errors.push(invalidValue(sub(path, field), spec[field], 'requires indexed completion mode'))
    }
  }
  const restartPolicy = at(spec, 'template.spec.restartPolicy')
  if (spec.podFailurePolicy && restartPolicy !== 'Never') {
    const why = 'only "Never" is supported when podFailurePolicy is specified'
    errors.push(invalidValue(sub(path, 'template.spec.restartPolicy'), restartPolicy, why))
  }
  return errors
}

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

const timeZone: Rule = (spec, path) => {
  const { timeZone: name, schedule } = spec
  const errors: FieldError[] = []
  if (/TZ=/.test(schedule ?? ''))
    errors.push(
      invalidValue(
        sub(path, 'schedule'),
        schedule,
        'cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ),
    )
  if (name === undefined) return errors
  const field = sub(path, 'timeZone')
  if (name === '') errors.push(invalidValue(field, name, 'timeZone must be nil or non-empty string'))
  else if (name.toLowerCase() === 'local')
    errors.push(
      invalidValue(
        field,
        name,
        'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ),
    )
  else if (!isTimeZone(name)) errors.push(invalidValue(field, name, `unknown time zone ${name}`))
  return errors
}

/** A CronJob's Jobs add 11 characters to its name, and theirs must fit a label. */
const NAME_LIMIT = 52

const cronJobName: Rule = (object, path) =>
  (object.metadata?.name?.length ?? 0) > NAME_LIMIT
    ? [
        invalidValue(
          sub(path, 'metadata.name'),
          object.metadata.name,
          `must be no more than ${NAME_LIMIT} characters`,
        ),
      ]
    : []

const ownSelector: Rule = (spec, path) =>
  spec.selector && spec.manualSelector === undefined && !isGenerated(spec.selector)
    ? [forbiddenField(sub(path, 'selector'), '`selector` will be auto-generated')]
    : []

const isGenerated = (selector: { matchLabels?: Record<string, string> }) =>
  selector.matchLabels?.['batch.kubernetes.io/controller-uid'] !== undefined ||
  selector.matchLabels?.['controller-uid'] !== undefined

/** The template of a CronJob must leave the selector to the Job. */
const jobTemplate: Rule = (spec, path) =>
  spec.jobTemplate?.spec
    ? ownSelector(spec.jobTemplate.spec, sub(path, 'jobTemplate.spec'))
    : [required(sub(path, 'jobTemplate.spec.template.spec.containers'))]

const positive = (...fields: string[]) => fields.map((field) => atLeast(field, 0))

export const BATCH_RULES: Record<string, Rule[]> = {
  V1JobSpec: [
    indexed,
    ...positive('ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes'),
    oneOf('podReplacementPolicy', ['Failed', 'TerminatingOrFailed']),
  ],
  V1CronJob: [cronJobName],
  V1CronJobSpec: [
    timeZone,
    jobTemplate,
    ...positive('startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'),
  ],
}
