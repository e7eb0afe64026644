import type { Controller, Result } from '#world/controller.ts'
import { equal } from '../equality.ts'
import type { CronJob, Job } from '../objects.ts'
import { controllerReference, splitName } from '../pods.ts'
import { parseTime, timestamp } from '../time.ts'
import { type ControlPlane, controlledBy, ownerKey, ownKey } from './control-plane.ts'
import { type CronSchedule, parseSchedule } from './cron-schedule.ts'
import { endOf } from './job.ts'
import { unlessGone } from './replicas.ts'

const CRON_JOBS = 'cronjobs.batch'
const SOURCE = { component: 'cronjob-controller' }
const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp'
/** More missed starts than this are not counted any further. */
const MANY_MISSED = 100

/** Makes Jobs on a schedule. Models pkg/controller/cronjob. */
export function cronJobController(plane: ControlPlane): Controller {
  const { api } = plane

  function reconcile(key: string): Result | undefined {
    const cron = api.get<CronJob>(CRON_JOBS, ...splitName(key))
    if (!cron || cron.metadata.deletionTimestamp) return
    const jobs = controlledBy<Job>(plane, 'jobs.batch', cron.metadata)
    const seen = account(cron, jobs)
    clean(cron, jobs)
    if (cron.spec.suspend) return
    let schedule: CronSchedule
    try {
      schedule = parseSchedule(cron.spec.schedule, cron.spec.timeZone)
    } catch (error) {
      const message = `unparseable schedule: ${cron.spec.schedule} : ${(error as Error).message}`
      api.event(cron, 'Warning', 'UnparseableSchedule', message, SOURCE)
      return
    }
    if (schedule.next(startOf(seen)) === undefined) {
      const why = 'time difference between two schedules is less than 1 second'
      api.event(
        cron,
        'Warning',
        'InvalidSchedule',
        `invalid schedule: ${cron.spec.schedule} : ${why}`,
        SOURCE,
      )
      return
    }
    const due = latestDue(seen, schedule)
    if (due !== undefined) start(seen, jobs, due)
    return { requeueAfterMs: schedule.next(plane.now())! - plane.now() + 100 }
  }

  /** Brings `status.active` up to date and tells of Jobs that ended. */
  function account(cron: CronJob, jobs: Job[]): CronJob {
    const active = cron.status?.active ?? []
    for (const { uid, name } of active) {
      const job = jobs.find(({ metadata }) => metadata.uid === uid)
      const end = job && endOf(job)
      if (end)
        api.event(
          cron,
          'Normal',
          'SawCompletedJob',
          `Saw completed job: ${name}, condition: ${end.type}`,
          SOURCE,
        )
      else if (!job) api.event(cron, 'Normal', 'MissingJob', `Active job went missing: ${name}`, SOURCE)
    }
    for (const job of jobs)
      if (!endOf(job) && !isOwn(job))
        api.event(
          cron,
          'Warning',
          'UnexpectedJob',
          `Saw a job that the controller did not create or forgot: ${job.metadata.name}`,
          SOURCE,
        )
    const running = jobs.filter((job) => !endOf(job) && isOwn(job))
    const successes = jobs.map(({ status }) => status.completionTime).filter((time) => time !== undefined)
    const status = {
      ...cron.status,
      active: running.length > 0 ? running.map(referenceOf) : undefined,
      lastSuccessfulTime: [cron.status?.lastSuccessfulTime, ...successes]
        .filter((time) => time !== undefined)
        .sort()
        .at(-1),
    }
    return equal(status, cron.status) ? cron : api.updateStatus(CRON_JOBS, { ...cron, status })
  }

  /** When the time begins that a schedule is looked at for. A date that never comes has no start after it. */
  const startOf = ({ metadata, status }: CronJob): number =>
    parseTime(status?.lastScheduleTime ?? metadata.creationTimestamp)

  /** The newest scheduled time that has come and has not been acted on. */
  function latestDue(cron: CronJob, schedule: CronSchedule): number | undefined {
    const { spec } = cron
    const now = plane.now()
    let from = startOf(cron)
    if (spec.startingDeadlineSeconds !== undefined)
      from = Math.max(from, now - spec.startingDeadlineSeconds * 1000)
    let due: number | undefined
    for (let missed = 0; missed < MANY_MISSED; missed++) {
      const next = schedule.next(due ?? from)
      if (next === undefined || next > now) break
      due = next
    }
    return due
  }

  function start(cron: CronJob, jobs: Job[], due: number): void {
    const running = jobs.filter((job) => !endOf(job) && isOwn(job))
    if (cron.spec.concurrencyPolicy === 'Forbid' && running.length > 0) {
      const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
      api.event(cron, 'Normal', 'JobAlreadyActive', message, SOURCE)
      return
    }
    if (cron.spec.concurrencyPolicy === 'Replace') for (const job of running) remove(cron, job)
    const { name, namespace } = cron.metadata
    const { metadata, spec } = cron.spec.jobTemplate
    const jobName = `${name}-${Math.floor(due / 60_000)}`
    if (!api.get('jobs.batch', namespace!, jobName)) {
      api.create('jobs.batch', {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: {
          name: jobName,
          namespace: namespace!,
          ...(metadata?.labels && { labels: metadata.labels }),
          annotations: { ...metadata?.annotations, [SCHEDULED_AT]: timestamp(due) },
          ownerReferences: [controllerReference(cron)],
        },
        spec,
      } as unknown as Job)
      api.event(cron, 'Normal', 'SuccessfulCreate', `Created job ${jobName}`, SOURCE)
    }
    const latest = api.get<CronJob>(CRON_JOBS, namespace!, name)
    if (latest)
      api.updateStatus(CRON_JOBS, {
        ...latest,
        status: { ...latest.status, lastScheduleTime: timestamp(due) },
      })
  }

  /** Deletes finished Jobs beyond the history limits, oldest first. */
  function clean(cron: CronJob, jobs: Job[]): void {
    const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cron.spec
    for (const [type, limit] of [
      ['Complete', successfulJobsHistoryLimit],
      ['Failed', failedJobsHistoryLimit],
    ] as const) {
      const over = jobs
        .filter((job) => endOf(job)?.type === type)
        .sort((a, b) => parseTime(a.status.startTime) - parseTime(b.status.startTime))
      for (const job of over.slice(0, Math.max(0, over.length - limit))) remove(cron, job)
    }
  }

  function remove(cron: CronJob, { metadata }: Job): void {
    const options = { propagationPolicy: 'Background' as const }
    unlessGone(() => api.delete('jobs.batch', metadata.namespace!, metadata.name, options))
    api.event(cron, 'Normal', 'SuccessfulDelete', `Deleted job ${metadata.name}`, SOURCE)
  }

  return {
    name: 'cronjob-controller',
    sources: [
      { prefix: api.prefix(CRON_JOBS), keys: ownKey },
      { prefix: api.prefix('jobs.batch'), keys: ownerKey('CronJob') },
    ],
    reconcile,
  }
}

/** Whether the schedule has made a Job; others were made of its template by hand (`kubectl create job --from`). */
const isOwn = ({ metadata }: Job): boolean => metadata.annotations?.[SCHEDULED_AT] !== undefined

const referenceOf = ({ metadata, apiVersion, kind }: Job) => ({
  kind,
  namespace: metadata.namespace,
  name: metadata.name,
  uid: metadata.uid,
  apiVersion,
})
