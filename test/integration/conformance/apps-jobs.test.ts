import { describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'
import { condition, listAndDelete } from './workloads.ts'

// Each test is named by its Testname in Kubernetes' conformance list (test/conformance/testdata/conformance.yaml, up to 1.35, read 2026-11),
// and asks for what that entry's description demands.

const bench = workbench(2)

const template = (script: string, more: object = {}) => ({
  spec: {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', image: 'busybox:1.37', command: ['sh', '-c', script] }],
    ...more,
  },
})
const job = (name: string, script: string, spec: object = {}, pod: object = {}) => ({
  metadata: { name, labels: { suite: 'collection' } },
  spec: { parallelism: 2, completions: 4, backoffLimit: 6, template: template(script, pod), ...spec },
})
const forever = 'sleep 1000000'

const isTrue = (object: Json, type: string) => condition(object, type)?.status === 'True'
const reasonOf = (object: Json, type: string) => condition(object, type)?.reason
const names = (pods: Json[]) => pods.map(({ metadata }) => metadata.name).sort()
const INDEX = 'batch.kubernetes.io/job-completion-index'
const podsOf = (core: string, name: string): Promise<Json[]> =>
  bench.items(`${core}/pods?labelSelector=job-name=${name}`)

/** A namespace with a Job in it, and the Job's path. */
async function withJob(object: Json) {
  const space = await bench.namespace()
  await bench.post(`${space.in('batch/v1')}/jobs`, object)
  return { ...space, path: `${space.in('batch/v1')}/jobs/${object.metadata.name}` }
}

describe('Job', () => {
  it('Jobs, completion after task failure (1.16)', async () => {
    // Each pod's first run fails, its second finds what that left.
    const script = 'if [ -e /data/seen ]; then exit 0; else touch /data/seen; exit 1; fi'
    const pod = {
      restartPolicy: 'OnFailure',
      volumes: [{ name: 'data', emptyDir: {} }],
      containers: [
        {
          name: 'main',
          image: 'busybox:1.37',
          command: ['sh', '-c', script],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
    }
    const { path, core } = await withJob(job('retried', script, {}, pod))
    const done = await bench.until(path, (object) => isTrue(object, 'Complete'))
    expect(reasonOf(done, 'Complete')).toBe('CompletionsReached')
    expect(done.status).toMatchObject({ succeeded: 4, ready: 0, terminating: 0 })
    expect(
      (await podsOf(core, 'retried')).map(({ status }) => [
        status.phase,
        status.containerStatuses[0].restartCount,
      ]),
    ).toEqual(Array(4).fill(['Succeeded', 1]))
  })

  it('Verify Pod Failure policy allows to fail job early on exit code (1.31)', async () => {
    const rules = [{ action: 'FailJob', onExitCodes: { containerName: 'main', operator: 'In', values: [1] } }]
    const { path } = await withJob(job('early', 'exit 1', { completions: 2, podFailurePolicy: { rules } }))
    const failed = await bench.until(path, (object) => isTrue(object, 'Failed'))
    expect(reasonOf(failed, 'Failed')).toBe('PodFailurePolicy')
    expect(reasonOf(failed, 'FailureTarget')).toBe('PodFailurePolicy')
  })

  it('Ensure pod failure policy allows to ignore failure matching on the DisruptionTarget condition (1.32)', async () => {
    // A pod runs until it is evicted; the next of its index finds the mark of the first on the node.
    const script = `if [ -e /data/$JOB_COMPLETION_INDEX ]; then exit 0; else touch /data/$JOB_COMPLETION_INDEX; ${forever}; fi`
    const pod = {
      nodeName: 'node-1',
      volumes: [{ name: 'data', hostPath: { path: '/tmp/disrupted', type: 'DirectoryOrCreate' } }],
      containers: [
        {
          name: 'main',
          image: 'busybox:1.37',
          command: ['sh', '-c', script],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
    }
    const podFailurePolicy = {
      rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
    }
    const spec = {
      completionMode: 'Indexed',
      parallelism: 2,
      completions: 2,
      backoffLimit: 0,
      podFailurePolicy,
    }
    const { path, core } = await withJob(job('disrupted', script, spec, pod))
    await bench.until(path, ({ status }) => status.ready === 2)
    for (const { metadata } of await podsOf(core, 'disrupted')) {
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: metadata.name } }
      await bench.post(`${core}/pods/${metadata.name}/eviction`, eviction)
      expect(isTrue(await bench.get(`${core}/pods/${metadata.name}`), 'DisruptionTarget')).toBe(true)
    }
    const done = await bench.until(path, (object) => isTrue(object, 'Complete') || isTrue(object, 'Failed'))
    expect(isTrue(done, 'Complete')).toBe(true)
  })

  it('Ensure Pods of an Indexed Job get a unique index (1.24)', async () => {
    const { path, core } = await withJob(
      job('indexed', 'echo $JOB_COMPLETION_INDEX $(hostname)', { completionMode: 'Indexed' }),
    )
    const done = await bench.until(path, (object) => isTrue(object, 'Complete'))
    expect(done.status.completedIndexes).toBe('0-3')
    const pods = await podsOf(core, 'indexed')
    const told = await Promise.all(
      pods.map(async ({ metadata, spec }) => [
        metadata.annotations[INDEX],
        metadata.labels[INDEX],
        spec.hostname,
        await bench.get(`${core}/pods/${metadata.name}/log`),
      ]),
    )
    expect(told.sort()).toEqual(
      [0, 1, 2, 3].map((index) => [
        `${index}`,
        `${index}`,
        `indexed-${index}`,
        `${index} indexed-${index}\n`,
      ]),
    )
    for (const name of names(pods)) expect(name).toMatch(/^indexed-[0-3]-\w{5}$/)
  })

  it('Jobs, active pods, graceful termination (1.15)', async () => {
    const { path, core } = await withJob(job('deleted', forever))
    await bench.until(path, ({ status }) => status.active === 2)
    await bench.delete(path, { propagationPolicy: 'Foreground' })
    await bench.gone(path)
    expect(await bench.items(`${core}/pods`)).toEqual([])
  })

  it('Jobs, orphan pods, re-adoption (1.16)', async () => {
    const { path, core } = await withJob(job('adopting', forever))
    await bench.until(path, ({ status }) => status.ready === 2)
    const [pod] = await podsOf(core, 'adopting')
    const podPath = `${core}/pods/${pod.metadata.name}`
    await bench.change(podPath, ({ metadata }) => {
      metadata.ownerReferences = null
    })
    const back = await bench.until(podPath, ({ metadata }) => metadata.ownerReferences?.length === 1)
    expect(back.metadata.ownerReferences[0]).toMatchObject({
      kind: 'Job',
      name: 'adopting',
      controller: true,
    })
    await bench.change(podPath, ({ metadata }) => {
      metadata.labels = null
    })
    await bench.until(podPath, ({ metadata }) => !metadata.ownerReferences)
  })

  it('Jobs, apply changes to status (1.24)', async () => {
    const { path } = await withJob(job('told', forever))
    await bench.until(path, ({ status }) => status.ready === 2)
    const lastTransitionTime = '2026-11-01T00:00:00Z'
    const patch = {
      metadata: { annotations: { patchedstatus: 'true' } },
      status: { conditions: [{ type: 'CustomConditionType', status: 'True', lastTransitionTime }] },
    }
    const patched = await bench.patch(`${path}/status`, patch)
    expect(patched.metadata.annotations).toMatchObject({ patchedstatus: 'true' })
    expect(condition(patched, 'CustomConditionType').lastTransitionTime).toBe(lastTransitionTime)
    const updated = await bench.change(`${path}/status`, (object) => {
      condition(object, 'CustomConditionType').lastTransitionTime = '2026-11-02T00:00:00Z'
    })
    expect(condition(updated, 'CustomConditionType').lastTransitionTime).toBe('2026-11-02T00:00:00Z')
    await bench.advance(2000)
    const read = await bench.get(`${path}/status`)
    expect(read.metadata.uid).toBe(updated.metadata.uid)
    expect(condition(read, 'CustomConditionType')).toBeDefined()
  })

  it('Jobs, manage lifecycle (1.25)', async () => {
    const { path, core, ...space } = await withJob(job('living', 'exit 0', { suspend: true }))
    const suspended = await bench.until(path, (object) => isTrue(object, 'Suspended'))
    expect(reasonOf(suspended, 'Suspended')).toBe('JobSuspended')
    expect(await bench.items(`${core}/pods`)).toEqual([])
    await bench.patch(path, { metadata: { labels: { living: 'patched' } } }, 'strategic')
    await bench.change(path, ({ metadata, spec }) => {
      metadata.annotations = { ...metadata.annotations, updated: 'true' }
      spec.suspend = false
    })
    const [listed] = await bench.items('/apis/batch/v1/jobs?labelSelector=living=patched')
    expect(listed.metadata.annotations).toMatchObject({ updated: 'true' })
    await bench.until(path, (object) => isTrue(object, 'Complete'))
    await listAndDelete(bench, `${space.in('batch/v1')}/jobs`, [], 1)
  })

  it('Ensure that all indexes are executed for an indexed job with backoffLimitPerIndex despite some failing (1.33)', async () => {
    const spec = { completionMode: 'Indexed', backoffLimit: undefined, backoffLimitPerIndex: 1 }
    const { path, core } = await withJob(job('odd', 'exit $((JOB_COMPLETION_INDEX % 2))', spec))
    const failed = await bench.until(path, (object) => isTrue(object, 'Failed'))
    expect(reasonOf(failed, 'Failed')).toBe('FailedIndexes')
    expect(failed.status).toMatchObject({
      failedIndexes: '1,3',
      completedIndexes: '0,2',
      failed: 4,
      succeeded: 2,
    })
    expect((await podsOf(core, 'odd')).filter(({ status }) => status.phase === 'Failed')).toHaveLength(4)
  })

  it('Terminate job execution when the maxFailedIndexes is exceeded (1.33)', async () => {
    const spec = {
      completionMode: 'Indexed',
      completions: 10,
      backoffLimit: undefined,
      backoffLimitPerIndex: 0,
      maxFailedIndexes: 4,
    }
    const { path } = await withJob(job('stopped', 'exit 1', spec))
    const failed = await bench.until(path, (object) => isTrue(object, 'Failed'))
    expect(reasonOf(failed, 'Failed')).toBe('MaxFailedIndexesExceeded')
    expect(failed.status.failed).toBeGreaterThanOrEqual(5)
    expect(failed.status.failed).toBeLessThan(10)
  })

  it('Mark indexes as failed when the FailIndex action is matched in podFailurePolicy (1.33)', async () => {
    const rules = [{ action: 'FailIndex', onExitCodes: { operator: 'NotIn', values: [0] } }]
    const spec = {
      completionMode: 'Indexed',
      completions: 2,
      backoffLimit: undefined,
      backoffLimitPerIndex: 1,
      podFailurePolicy: { rules },
    }
    const { path } = await withJob(job('firm', 'exit $((JOB_COMPLETION_INDEX % 2))', spec))
    const failed = await bench.until(path, (object) => isTrue(object, 'Failed'))
    expect(failed.status).toMatchObject({ failedIndexes: '1', completedIndexes: '0', failed: 1 })
  })

  it('Ensure that job with successPolicy succeeded when all indexes succeeded (1.33)', async () => {
    const spec = {
      completionMode: 'Indexed',
      completions: 2,
      successPolicy: { rules: [{ succeededCount: 2 }] },
    }
    const { path } = await withJob(job('all', 'exit 0', spec))
    const done = await bench.until(path, (object) => isTrue(object, 'Complete'))
    expect([reasonOf(done, 'SuccessCriteriaMet'), reasonOf(done, 'Complete')]).toEqual([
      'SuccessPolicy',
      'SuccessPolicy',
    ])
    expect(done.status.completedIndexes).toBe('0,1')
  })

  it('Ensure that job with successPolicy succeededIndexes, succeededCount rule succeeded even when some indexes remain pending (1.33)', async () => {
    const script = `[ $JOB_COMPLETION_INDEX = 0 ] || ${forever}`
    for (const rule of [{ succeededIndexes: '0' }, { succeededCount: 1 }]) {
      const spec = {
        completionMode: 'Indexed',
        completions: 5,
        parallelism: 2,
        successPolicy: { rules: [rule] },
      }
      const { path } = await withJob(job('first', script, spec))
      const done = await bench.until(path, (object) => isTrue(object, 'Complete'))
      expect([reasonOf(done, 'SuccessCriteriaMet'), reasonOf(done, 'Complete')]).toEqual([
        'SuccessPolicy',
        'SuccessPolicy',
      ])
      expect(done.status).toMatchObject({ completedIndexes: '0', succeeded: 1, ready: 0, terminating: 0 })
      expect(done.status.active).toBeUndefined()
    }
  })
})

describe('CronJob', () => {
  const cron = (name: string, script: string, spec: object = {}) => ({
    metadata: { name, labels: { suite: 'collection' } },
    spec: {
      schedule: '*/1 * * * ?',
      concurrencyPolicy: 'Allow',
      jobTemplate: {
        spec: {
          parallelism: 1,
          completions: 1,
          backoffLimit: 1,
          template: template(script, { restartPolicy: 'OnFailure' }),
        },
      },
      ...spec,
    },
  })
  const active = (count: number) => (object: Json) => object.status.active?.length === count

  it('CronJob AllowConcurrent, ForbidConcurrent, ReplaceConcurrent, Suspend (1.21)', async () => {
    const space = await bench.namespace()
    const batch = space.in('batch/v1')
    for (const concurrencyPolicy of ['Allow', 'Forbid', 'Replace'])
      await bench.post(
        `${batch}/cronjobs`,
        cron(concurrencyPolicy.toLowerCase(), forever, { concurrencyPolicy }),
      )
    await bench.post(`${batch}/cronjobs`, cron('suspended', forever, { suspend: true }))
    for (const name of ['allow', 'forbid', 'replace'])
      await bench.until(`${batch}/cronjobs/${name}`, active(1))
    const first = async (name: string) => (await bench.get(`${batch}/cronjobs/${name}`)).status.active[0].name
    const [forbidden, replaced] = [await first('forbid'), await first('replace')]
    await bench.until(`${batch}/cronjobs/allow`, active(2))
    await bench.advance(2000)
    expect(await first('forbid')).toBe(forbidden)
    expect(await first('replace')).not.toBe(replaced)
    const jobsOf = async (name: string) =>
      (await bench.items(`${batch}/jobs`)).filter(({ metadata }) => metadata.ownerReferences[0].name === name)
    expect(
      await Promise.all(
        ['allow', 'forbid', 'replace', 'suspended'].map(async (name) => (await jobsOf(name)).length),
      ),
    ).toEqual([2, 1, 1, 0])
    expect(
      (await jobsOf('allow'))[0].metadata.annotations['batch.kubernetes.io/cronjob-scheduled-timestamp'],
    ).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/)
    await bench.delete(`${batch}/cronjobs`)
    await bench.until(`${batch}/jobs`, ({ items }) => items.length === 0)
  })

  it('CronJob API Operations (1.21)', async () => {
    const space = await bench.namespace()
    const collection = `${space.in('batch/v1')}/cronjobs`
    const watch = await bench.watch('/apis/batch/v1/cronjobs?labelSelector=suite=collection')
    await bench.post(collection, cron('api', 'true', { schedule: '* */1 * * ?', suspend: true }))
    expect(await bench.items('/apis/batch/v1/cronjobs?labelSelector=suite=collection')).toHaveLength(1)
    await bench.patch(`${collection}/api`, { metadata: { annotations: { patched: 'true' } } })
    const { metadata } = await bench.change(`${collection}/api`, (object) => {
      object.metadata.annotations.updated = 'true'
    })
    expect(metadata.annotations).toMatchObject({ patched: 'true', updated: 'true' })
    const patched = await bench.patch(`${collection}/api/status`, {
      metadata: { annotations: { patchedstatus: 'true' } },
      status: { lastScheduleTime: '2026-11-01T00:00:00Z' },
    })
    expect(patched).toMatchObject({
      metadata: { annotations: { patchedstatus: 'true' } },
      status: { lastScheduleTime: '2026-11-01T00:00:00Z' },
    })
    await bench.change(`${collection}/api/status`, ({ status }) => {
      status.lastScheduleTime = '2026-11-02T00:00:00Z'
    })
    expect((await bench.get(`${collection}/api/status`)).status.lastScheduleTime).toBe('2026-11-02T00:00:00Z')
    await bench.post(collection, cron('for-removal', 'true', { suspend: true }))
    await bench.delete(`${collection}/for-removal`)
    expect((await bench.ask('GET', `${collection}/for-removal`)).status).toBe(404)
    await listAndDelete(bench, collection, [], 1)
    await bench.advance(500)
    watch.close()
    expect([...new Set(watch.seen.map(({ type }) => type))]).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
  })
})
