import { afterEach, describe, expect, it } from 'vitest'
import { parseSchedule } from '#kubernetes/controllers/cron-schedule.ts'
import { describeIndexes, parseIndexes } from '#kubernetes/controllers/job-indexes.ts'
import type { CronJob, Job } from '#kubernetes/objects.ts'
import { type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster?.close())

const template = (image: string, restartPolicy = 'Never') => ({
  spec: { restartPolicy, containers: [{ name: 'main', image: `${image}:1` }] },
})
const job = (name: string, spec: object): Job =>
  ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'default' }, spec }) as unknown as Job
const get = (name = 'work') => cluster.api.get<Job>('jobs.batch', 'default', name)!
const condition = (type: string, name?: string) =>
  get(name)?.status.conditions?.find((found) => found.type === type)

/** Images whose process ends with a code after a time, ms. */
function image(name: string, code: number, afterMs = 2000) {
  cluster.runtime.scripts.set(name, ({ exit }) => {
    cluster.world.clock.setTimer(afterMs, () => exit(code))
    return undefined
  })
}

describe('a Job', () => {
  it('completes when enough pods have succeeded, a few at a time', async () => {
    cluster = await testCluster()
    image('good', 0)
    cluster.api.create(
      'jobs.batch',
      job('work', { completions: 5, parallelism: 2, template: template('good') }),
    )
    let most = 0
    cluster.world.store.watch(cluster.api.prefix('pods'), () => {
      most = Math.max(most, cluster.pods().filter(({ status }) => status.phase === 'Running').length)
    })
    await cluster.until('complete', () => condition('Complete'))
    expect(most).toBe(2)
    expect(get().status).toMatchObject({ succeeded: 5, ready: 0, completionTime: expect.any(String) })
    expect(get().status.active).toBeUndefined()
    expect(cluster.pods()).toHaveLength(5)
    expect(cluster.pods().every(({ metadata }) => !metadata.finalizers)).toBe(true)
    expect(cluster.events('work').at(-1)).toBe('Completed: Job completed')
  })

  it('fails when its pods have failed too often, with growing pauses', async () => {
    cluster = await testCluster()
    image('bad', 1)
    cluster.api.create('jobs.batch', job('work', { backoffLimit: 2, template: template('bad') }))
    const began = cluster.world.clock.now()
    await cluster.until('failed', () => condition('Failed'))
    expect(condition('Failed')).toMatchObject({
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    })
    expect(get().status.failed).toBe(3)
    expect(cluster.world.clock.now() - began).toBeGreaterThan(30_000)
    expect(cluster.events('work')).toContain(
      'BackoffLimitExceeded: Job has reached the specified backoff limit',
    )
  })

  it('gives each pod of an indexed one its index', async () => {
    cluster = await testCluster()
    image('good', 0)
    const spec = { completions: 3, parallelism: 3, completionMode: 'Indexed', template: template('good') }
    cluster.api.create('jobs.batch', job('work', spec))
    await cluster.until('complete', () => condition('Complete'))
    expect(cluster.runtime.specs.map(({ env }) => env.JOB_COMPLETION_INDEX).sort()).toEqual(['0', '1', '2'])
    expect(get().status.completedIndexes).toBe('0-2')
  })

  it('is gone when its time to live is over, with its pods', async () => {
    cluster = await testCluster()
    image('good', 0)
    cluster.api.create('jobs.batch', job('work', { ttlSecondsAfterFinished: 30, template: template('good') }))
    await cluster.until('complete', () => condition('Complete'))
    await cluster.until('gone', () => !get() && cluster.pods().length === 0, 40_000)
  })

  it('stops and goes on when it is suspended and resumed', async () => {
    cluster = await testCluster()
    image('good', 0, 20_000)
    cluster.api.create('jobs.batch', job('work', { template: template('good') }))
    await cluster.until('active', () => get().status.ready === 1)
    cluster.api.update('jobs.batch', { ...get(), spec: { ...get().spec, suspend: true } })
    await cluster.until(
      'suspended',
      () => condition('Suspended')?.status === 'True' && cluster.pods().length === 0,
    )
    cluster.api.update('jobs.batch', { ...get(), spec: { ...get().spec, suspend: false } })
    await cluster.until('complete', () => condition('Complete'))
  })
})

describe('a CronJob', () => {
  it('makes a Job every time it is due, and keeps the last three', async () => {
    cluster = await testCluster({ now: Date.parse('2026-11-21T10:00:30Z') })
    image('good', 0)
    cluster.api.create('cronjobs.batch', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'tick', namespace: 'default' },
      spec: { schedule: '*/2 * * * *', jobTemplate: { spec: { template: template('good') } } },
    } as unknown as CronJob)
    await cluster.world.advance(9 * 60_000)
    const minute = Date.parse('2026-11-21T10:00:00Z') / 60_000
    expect(cluster.api.list<Job>('jobs.batch', 'default').map(({ metadata }) => metadata.name)).toEqual(
      [4, 6, 8].map((minutes) => `tick-${minute + minutes}`),
    )
    expect(cluster.api.get<CronJob>('cronjobs.batch', 'default', 'tick')!.status).toMatchObject({
      lastScheduleTime: '2026-11-21T10:08:00Z',
    })
    expect(cluster.events('tick')).toContain(
      `SawCompletedJob: Saw completed job: tick-${minute + 4}, condition: Complete`,
    )
  })
})

// Source: pkg/controller/cronjob/cronjob_controllerv2.go (syncCronJob), kubectl create job --from.
it('a CronJob does not count what was made of its template by hand', async () => {
  cluster = await testCluster({ now: Date.parse('2026-11-21T10:00:30Z') })
  image('slow', 60_000)
  const cron = cluster.api.create('cronjobs.batch', {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick', namespace: 'default' },
    spec: { schedule: '*/2 * * * *', jobTemplate: { spec: { template: template('slow') } } },
  } as unknown as CronJob)
  cluster.api.create('jobs.batch', {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'manual',
      namespace: 'default',
      annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
      ownerReferences: [
        { apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', uid: cron.metadata.uid!, controller: true },
      ],
    },
    spec: { template: template('slow') },
  } as unknown as Job)
  await cluster.world.advance(1000)
  expect(cluster.api.get<CronJob>('cronjobs.batch', 'default', 'tick')!.status?.active).toBeUndefined()
  expect(cluster.events('tick')).toContain(
    'UnexpectedJob: Saw a job that the controller did not create or forgot: manual',
  )
})

describe('a schedule', () => {
  const next = (schedule: string, after: string, zone?: string) =>
    new Date(parseSchedule(schedule, zone).next(Date.parse(after))!).toISOString()

  it('knows ranges, steps, names and macros', () => {
    expect(next('*/15 * * * *', '2026-11-21T10:07:00Z')).toBe('2026-11-21T10:15:00.000Z')
    expect(next('30 9-17 * * mon-fri', '2026-11-21T10:07:00Z')).toBe('2026-11-23T09:30:00.000Z')
    expect(next('0 0 29 2 *', '2026-11-21T10:07:00Z')).toBe('2028-02-29T00:00:00.000Z')
    expect(next('@weekly', '2026-11-21T10:07:00Z')).toBe('2026-11-22T00:00:00.000Z')
    expect(next('0 12 13 * 5', '2026-11-21T10:07:00Z')).toBe('2026-11-27T12:00:00.000Z')
  })

  it('follows its time zone', () => {
    expect(next('0 9 * * *', '2026-11-21T10:07:00Z', 'America/New_York')).toBe('2026-11-21T14:00:00.000Z')
  })

  it('never fires on a day that does not exist', () => {
    expect(parseSchedule('0 0 30 2 *').next(0)).toBeUndefined()
  })
})

it('indexes are written as ranges', () => {
  expect(describeIndexes([5, 0, 1, 2, 7, 8])).toBe('0-2,5,7,8')
  expect(parseIndexes('0-2,5')).toEqual([0, 1, 2, 5])
})
