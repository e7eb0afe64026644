import { afterAll, beforeAll, describe, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'
import { transcript } from './transcript.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

const job = (name: string, spec: string, script: string) => `
apiVersion: batch/v1
kind: Job
metadata: {name: ${name}}
spec:
  ${spec}
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: busybox, command: [sh, -c, '${script}']}]
---`

// Source: kubernetes.io/docs/concepts/workloads/controllers/job, docs/tasks/job, pkg/controller/job, pkg/printers/internalversion.
describe('a Job', () => {
  it('runs to completion, and is retried up to its limit', async () => {
    await cluster.kubectl('apply -f -', job('retry', 'backoffLimit: 1', 'exit 7'))
    await transcript(
      cluster,
      `
      $ kubectl create job hello --image=busybox -- echo hello
      job.batch/hello created
      $ kubectl wait --for=condition=complete job/hello --timeout=30s
      job.batch/hello condition met
      $ kubectl get jobs hello
      NAME    STATUS     COMPLETIONS   DURATION   AGE
      hello   Complete   1/1           …          …
      $ kubectl create job labelled --image=busybox --dry-run=client -o json | sed 's/"template": {/&"metadata": {"labels": {"app": "own"}},/; s/"metadata": {},//' | kubectl create --dry-run=server -o jsonpath='{.metadata.labels}' -f -
      {"app":"own"}
      $ kubectl logs job/hello
      hello
      +60s
      $ kubectl wait --for=condition=failed job/retry --timeout=30s
      job.batch/retry condition met
      $ kubectl get job retry -o jsonpath='{.status.failed} {.status.conditions[?(@.type=="Failed")].reason}: {.status.conditions[?(@.type=="Failed")].message}'
      2 BackoffLimitExceeded: Job has reached the specified backoff limit
      $ kubectl get pods -l job-name=retry
      NAME          READY   STATUS   RESTARTS   AGE
      retry-…       0/1     Error    0          …
      retry-…       0/1     Error    0          …
      $ kubectl get events --field-selector involvedObject.name=hello
      LAST SEEN   TYPE     REASON             OBJECT      MESSAGE
      …           Normal   SuccessfulCreate   job/hello   Created pod: hello-…
      …           Normal   Completed          job/hello   Job completed
      `,
    )
  })

  it('gives each of its indexes to a pod, and tells those that failed', async () => {
    await cluster.kubectl(
      'apply -f -',
      job(
        'indexed',
        'completions: 3\n  parallelism: 3\n  completionMode: Indexed\n  backoffLimitPerIndex: 0',
        'echo index $JOB_COMPLETION_INDEX on $(hostname); [ $JOB_COMPLETION_INDEX != 1 ]',
      ),
    )
    await transcript(
      cluster,
      `
      $ kubectl wait --for=condition=failed job/indexed --timeout=30s
      job.batch/indexed condition met
      $ kubectl get job indexed -o jsonpath='{.status.completedIndexes} {.status.failedIndexes} {.status.conditions[?(@.type=="Failed")].reason}'
      0,2 1 FailedIndexes
      $ kubectl logs -l batch.kubernetes.io/job-completion-index=2
      index 2 on indexed-2
      $ kubectl describe job indexed | grep Completed
      Completed Indexes:  0,2
      `,
    )
  })

  it('ends by its failure policy or its success policy', async () => {
    const failure =
      'backoffLimit: 6\n  podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {containerName: main, operator: In, values: [42]}}]}'
    const success =
      'completions: 3\n  parallelism: 3\n  completionMode: Indexed\n  successPolicy: {rules: [{succeededIndexes: "0"}]}'
    await cluster.kubectl(
      'apply -f -',
      job('fatal', failure, 'exit 42') +
        job('leader', success, '[ $JOB_COMPLETION_INDEX = 0 ] || sleep 1000'),
    )
    await transcript(
      cluster,
      `
      $ kubectl wait --for=condition=failed job/fatal --timeout=30s
      job.batch/fatal condition met
      $ kubectl get job fatal -o jsonpath='{.status.failed} {.status.conditions[?(@.type=="Failed")].reason}: {.status.conditions[?(@.type=="Failed")].message}'
      1 PodFailurePolicy: Container main for pod default/fatal-… failed with exit code 42 matching FailJob rule at index 0
      +5s
      $ kubectl wait --for=condition=complete job/leader --timeout=30s
      job.batch/leader condition met
      $ kubectl get job leader -o jsonpath='{.status.succeeded} {.status.conditions[?(@.type=="SuccessCriteriaMet")].reason}: {.status.conditions[?(@.type=="SuccessCriteriaMet")].message}'
      1 SuccessPolicy: Matched rules at index 0
      `,
    )
  })

  it('can be suspended, is deleted when its time to live is over, and keeps its template', async () => {
    await cluster.kubectl(
      'apply -f -',
      job('later', 'suspend: true', 'true') + job('gone', 'ttlSecondsAfterFinished: 60', 'true'),
    )
    await transcript(
      cluster,
      `
      $ kubectl get job later
      NAME    STATUS      COMPLETIONS   DURATION   AGE
      later   Suspended   0/1                      …
      $ kubectl patch job later -p '{"spec":{"suspend":false}}'
      job.batch/later patched
      $ kubectl wait --for=condition=complete job/later --timeout=30s
      job.batch/later condition met
      $ kubectl wait --for=condition=complete job/gone --timeout=30s
      job.batch/gone condition met
      +2m
      $ kubectl get job gone
      Error from server (NotFound): jobs.batch "gone" not found
      [exit 1]
      $ kubectl patch job later -p '{"spec":{"completions":3}}'
      The Job "later" is invalid: spec.completions: Invalid value: 3: field is immutable
      [exit 1]
      $ kubectl patch job hello --type=json -p '[{"op":"remove","path":"/spec/template"}]' 2>&1 | grep -o 'spec.template: Invalid value: {"Spec":{"Volumes":null,"InitContainers":null,"Containers":null'
      spec.template: Invalid value: {"Spec":{"Volumes":null,"InitContainers":null,"Containers":null
      $ kubectl set image job/hello hello=nginx
      error: failed to patch image update to pod template: Job.batch "hello" is invalid: spec.template: Invalid value: {"labels":{"batch.kubernetes.io/controller-uid":"…","batch.kubernetes.io/job-name":"hello","controller-uid":"…","job-name":"hello"},"Spec":{"Volumes":null,"InitContainers":null,"Containers":[{"Name":"hello","Image":"nginx","Command":["echo","hello"],"Args":null,…"EphemeralContainers":null,"RestartPolicy":"Never",…}}: field is immutable
      [exit 1]
      $ kubectl delete job later
      job.batch "later" deleted from default namespace
      $ kubectl get pods -l job-name=later
      No resources found in default namespace.
      `,
    )
  })
})

// Source: kubernetes.io/docs/concepts/workloads/controllers/cron-jobs, pkg/controller/cronjob.
describe('a CronJob', () => {
  it('makes Jobs by the clock, keeps the last three, and can be suspended', () =>
    transcript(
      cluster,
      `
      $ kubectl create cronjob tick --image=busybox --schedule='*/1 * * * *' -- date
      cronjob.batch/tick created
      $ kubectl get cronjob tick
      NAME   SCHEDULE      TIMEZONE   SUSPEND   ACTIVE   LAST SCHEDULE   AGE
      tick   */1 * * * *   <none>     False     0        <none>          …
      $ kubectl describe cronjob tick | grep -E '^(Parallelism|Completions)'
      Parallelism:                   <unset>
      Completions:                   <unset>
      +5m
      $ kubectl get jobs --no-headers | grep -c '^tick-.*Complete'
      3
      $ kubectl get events --field-selector involvedObject.name=tick,reason=SuccessfulCreate -o name | grep -c event
      …
      $ kubectl create job by-hand --from=cronjob/tick
      job.batch/by-hand created
      $ kubectl get job by-hand -o jsonpath='{.metadata.annotations.cronjob\\.kubernetes\\.io/instantiate} {.metadata.ownerReferences[0].kind}'
      manual CronJob
      $ kubectl get job by-hand -o jsonpath='{.spec.backoffLimit} {.spec.completions}'
      6 1
      $ kubectl describe job by-hand | grep -A 3 ^Labels
      Labels:  batch.kubernetes.io/controller-uid=…
               batch.kubernetes.io/job-name=by-hand
               controller-uid=…
               job-name=by-hand
      $ kubectl patch cronjob tick -p '{"spec":{"suspend":true}}'
      cronjob.batch/tick patched
      $ kubectl get cronjob tick
      NAME   SCHEDULE      TIMEZONE   SUSPEND   ACTIVE   LAST SCHEDULE   AGE
      tick   */1 * * * *   <none>     True      …        …               …
      $ kubectl create cronjob bad --image=busybox --schedule='every day' -- date
      error: failed to create cronjob: CronJob.batch "bad" is invalid: spec.schedule: Invalid value: "every day": expected exactly 5 fields, found 2: [every day]
      [exit 1]
      $ kubectl delete cronjob tick
      cronjob.batch "tick" deleted from default namespace
      `,
    ))

  it('follows its concurrency policy', async () => {
    const cron = (name: string, policy: string) => `
apiVersion: batch/v1
kind: CronJob
metadata: {name: ${name}}
spec:
  schedule: '* * * * *'
  timeZone: Europe/Berlin
  concurrencyPolicy: ${policy}
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: main, image: busybox, command: [sleep, '1000']}]}
---`
    await cluster.kubectl(
      'apply -f -',
      cron('forbid', 'Forbid') + cron('replace', 'Replace') + cron('allow', 'Allow'),
    )
    await transcript(
      cluster,
      `
      +3m
      $ kubectl get cronjobs
      NAME      SCHEDULE    TIMEZONE        SUSPEND   ACTIVE   LAST SCHEDULE   AGE
      allow     * * * * *   Europe/Berlin   False     3        …               3m…
      forbid    * * * * *   Europe/Berlin   False     1        …               3m…
      replace   * * * * *   Europe/Berlin   False     1        …               3m…
      $ kubectl delete cronjob --all
      cronjob.batch "allow" deleted from default namespace
      cronjob.batch "forbid" deleted from default namespace
      cronjob.batch "replace" deleted from default namespace
      `,
    )
  })
})
