import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { APPS_FILES } from './apps-files.ts'
import { desk } from './desk.ts'

// Source: what test/cmd/apps.sh, scale.sh, batch.sh and testdata/create.txtar of kubernetes/kubernetes assert.

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(APPS_FILES)
})
afterAll(() => cluster.close())

describe('kubectl and', () => {
  it('deployments', () =>
    transcript(
      cluster,
      `
      $ kubectl create deployment hold --image=registry.k8s.io/pause:3.10 --dry-run=client -- /bin/sleep infinity
      deployment.apps/hold created (dry run)
      $ kubectl create deployment hold --image=registry.k8s.io/pause:3.10 --dry-run=server -- /bin/sleep infinity
      deployment.apps/hold created (server dry run)
      $ kubectl create deployment hold --image=busybox --replicas=2 -- /bin/sleep infinity
      deployment.apps/hold created
      $ kubectl get deployment.apps hold -o jsonpath='{.apiVersion} {.spec.revisionHistoryLimit} {.spec.template.spec.containers[0].name} {.spec.template.spec.containers[0].command}{"\\n"}'
      apps/v1 10 busybox ["/bin/sleep","infinity"]
      $ kubectl rollout status deployment/hold --timeout=40s | tail -n 1
      deployment "hold" successfully rolled out
      $ kubectl delete deployment hold --cascade=orphan
      deployment.apps "hold" deleted from default namespace
      $ kubectl get rs -l app=hold -o jsonpath='{.items[*].status.replicas} {.items[*].metadata.ownerReferences}{"\\n"}'
      2 
      $ kubectl delete rs -l app=hold --cascade=foreground
      replicaset.apps "hold-…" deleted from default namespace
      $ kubectl get pods -l app=hold
      No resources found in default namespace.
      $ kubectl create -f deploy.yaml
      deployment.apps/deck created
      $ kubectl rollout undo deployment deck --to-revision=1
      deployment.apps/deck skipped rollback (current template already matches revision 1)
      $ kubectl rollout undo deployment deck
      error: no rollout history found for deployment "deck"
      [exit 1]
      $ kubectl set image deployment deck web=registry.k8s.io/pause:3.9 --dry-run=client
      deployment.apps/deck image updated (dry run)
      $ kubectl set image deployment deck web=registry.k8s.io/pause:3.9 --dry-run=server
      deployment.apps/deck image updated (server dry run)
      $ kubectl set image deployment deck web=registry.k8s.io/pause:3.9
      deployment.apps/deck image updated
      $ kubectl set image deployment deck redis=redis
      error: unable to find container named "redis"
      [exit 1]
      $ kubectl set image deployments --all web=registry.k8s.io/pause:3.8
      deployment.apps/deck image updated
      $ kubectl set image -f deploy.yaml web=registry.k8s.io/pause:3.9
      deployment.apps/deck image updated
      $ kubectl set image -f deploy.yaml web=registry.k8s.io/pause:3.7 --local -o jsonpath='{.spec.template.spec.containers[*].image}{"\\n"}'
      registry.k8s.io/pause:3.7 registry.k8s.io/pause:3.9
      $ kubectl set image deployment deck '*=registry.k8s.io/pause:3.10'
      deployment.apps/deck image updated
      $ kubectl set image deployment deck '*=registry.k8s.io/pause:3.10'
      $ kubectl rollout status deployment/deck --timeout=40s | tail -n 1
      deployment "deck" successfully rolled out
      $ kubectl set image deployment deck web=Not/Valid
      deployment.apps/deck image updated
      $ kubectl rollout status deployment/deck --timeout=1s | tail -n 1
      error: timed out waiting for the condition
      Waiting for deployment "deck" rollout to finish: …
      $ kubectl rollout history deployment/deck
      deployment.apps/deck 
      REVISION  CHANGE-CAUSE
      1         <none>
      3         <none>
      4         <none>
      5         <none>
      6         <none>
      $ kubectl rollout undo deployment deck --dry-run=server
      deployment.apps/deck rolled back (server dry run)
      $ kubectl rollout undo deployment deck --to-revision=1000000
      error: unable to find specified revision 1000000 in history
      [exit 1]
      $ kubectl rollout pause deployment deck
      deployment.apps/deck paused
      $ kubectl rollout pause deployment deck
      error: deployments.apps "deck" is already paused
      [exit 1]
      $ kubectl rollout undo deployment deck
      error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again
      [exit 1]
      $ kubectl rollout restart deployment deck
      error: deployments.apps "deck" can't restart paused deployment (run rollout resume first)
      [exit 1]
      $ kubectl rollout resume deployment deck
      deployment.apps/deck resumed
      $ kubectl rollout resume deployment deck
      error: deployments.apps "deck" is not paused
      [exit 1]
      $ kubectl rollout undo deployment deck
      deployment.apps/deck rolled back
      $ kubectl rollout status deployment/deck --timeout=40s | tail -n 1
      deployment "deck" successfully rolled out
      $ kubectl get rs -l app=deck -o jsonpath='{range .items[*]}{.metadata.annotations.deployment\\.kubernetes\\.io/revision} {.metadata.annotations.deployment\\.kubernetes\\.io/revision-history}{"\\n"}{end}' | sort
      1 
      3 
      4 2
      6 
      7 5
      $ kubectl rollout status deployment/deck --revision=3
      error: desired revision (3) is different from the running revision (7)
      [exit 1]
      $ kubectl rollout restart deployment/deck
      deployment.apps/deck restarted
      $ kubectl create configmap chart --from-literal=key-1=a --from-literal=key-2=b
      configmap/chart created
      $ kubectl create secret generic keys --from-literal=username=me
      secret/keys created
      $ kubectl set env deployment deck --keys=key-2 --from=configmap/chart
      Warning: key key-2 transferred to KEY_2
      deployment.apps/deck env updated
      $ kubectl set env deployment deck --dry-run=client --from=configmap/chart 2>&1 | sort
      Warning: key key-1 transferred to KEY_1
      Warning: key key-2 transferred to KEY_2
      deployment.apps/deck env updated (dry run)
      $ kubectl set env deployment deck --from=configmap/chart 2>&1 | sort
      Warning: key key-1 transferred to KEY_1
      Warning: key key-2 transferred to KEY_2
      deployment.apps/deck env updated
      $ kubectl set env deployment deck env=prod
      deployment.apps/deck env updated
      $ kubectl set env deployment deck more=yes -c=web
      deployment.apps/deck env updated
      $ kubectl set env deployment deck --from=secret/keys --prefix=my_
      Warning: key username transferred to USERNAME
      deployment.apps/deck env updated
      $ kubectl set env deployment deck --list
      # Deployment deck, container web
      # KEY_2 from configmap chart, key key-2
      # KEY_1 from configmap chart, key key-1
      env=prod
      more=yes
      # my_USERNAME from secret keys, key username
      # Deployment deck, container side
      # KEY_2 from configmap chart, key key-2
      # KEY_1 from configmap chart, key key-1
      env=prod
      # my_USERNAME from secret keys, key username
      $ kubectl set env deployment deck env- 
      deployment.apps/deck env updated
      $ kubectl set env deployment deck --from=configmap/none
      Error from server (NotFound): configmaps "none" not found
      [exit 1]
      $ kubectl get deployment deck -o jsonpath='{.spec.template.spec.containers[*].env[*].name}{"\\n"}'
      KEY_2 KEY_1 more my_USERNAME KEY_2 KEY_1 my_USERNAME
      $ kubectl scale deploy --replicas=2 --all --dry-run=client
      deployment.apps/deck scaled (dry run)
      $ kubectl scale deploy --replicas=2 --all --dry-run=server
      deployment.apps/deck scaled (server dry run)
      $ kubectl scale deploy --replicas=2 -l app=none
      error: no objects passed to scale
      [exit 1]
      $ kubectl scale deploy --replicas=0 --all
      deployment.apps/deck scaled
      $ kubectl patch deployment deck -p '{"spec":{"selector":{"matchLabels":{"app":"other"}}}}'
      The Deployment "deck" is invalid: 
      * spec.template.metadata.labels: Invalid value: {"app":"deck"}: \`selector\` does not match template \`labels\`
      * spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable
      [exit 1]
      $ kubectl patch deployment deck -p '{"spec":{"template":{"metadata":{"labels":{"app":"other"}}}}}'
      The Deployment "deck" is invalid: spec.template.metadata.labels: Invalid value: {"app":"other"}: \`selector\` does not match template \`labels\`
      [exit 1]
      $ kubectl delete deployment deck
      deployment.apps "deck" deleted from default namespace
      $ kubectl delete cm chart; kubectl delete secret keys
      configmap "chart" deleted from default namespace
      secret "keys" deleted from default namespace
      `,
    ))

  it('jobs and cron jobs', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create cronjob tide --dry-run=client --schedule='59 23 31 2 *' --image=busybox -- date
      cronjob.batch/tide created (dry run)
      $ kubectl create cronjob tide --dry-run=server --schedule='59 23 31 2 *' --image=busybox -- date
      cronjob.batch/tide created (server dry run)
      $ kubectl create cronjob tide --schedule='59 23 31 2 *' --image=busybox -- date
      cronjob.batch/tide created
      $ kubectl get cronjob/tide -o wide
      NAME   SCHEDULE       TIMEZONE   SUSPEND   ACTIVE   LAST SCHEDULE   AGE   CONTAINERS   IMAGES    SELECTOR
      tide   59 23 31 2 *   <none>     False     0        <none>          …    tide         busybox   <none>
      $ kubectl describe cronjob/tide
      Name:                          tide
      Namespace:                     default
      Labels:                        <none>
      Annotations:                   <none>
      Schedule:                      59 23 31 2 *
      Concurrency Policy:            Allow
      Suspend:                       False
      Successful Job History Limit:  3
      Failed Job History Limit:      1
      Starting Deadline Seconds:     <unset>
      Selector:                      <unset>
      Parallelism:                   <unset>
      Completions:                   <unset>
      Pod Template:
        Labels:  <none>
        Containers:
         tide:
          Image:      busybox
          Port:       <none>
          Host Port:  <none>
          Command:
            date
          Environment:     <none>
          Mounts:          <none>
        Volumes:           <none>
        Node-Selectors:    <none>
        Tolerations:       <none>
      Last Schedule Time:  <unset>
      Active Jobs:         <none>
      Events:
        Type     Reason           Age   From                Message
        ----     ------           ----  ----                -------
        Warning  InvalidSchedule  …    cronjob-controller  invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second
      $ kubectl create job once --from=cronjob/tide --dry-run=client -o name
      job.batch/once
      $ kubectl create job once --from=cronjob/tide --dry-run=server
      job.batch/once created (server dry run)
      $ kubectl create job once --from=cronjob/tide
      job.batch/once created
      $ kubectl wait --for=condition=Complete job/once --timeout=40s
      job.batch/once condition met
      $ kubectl get job/once -o wide
      NAME   STATUS     COMPLETIONS   DURATION   AGE   CONTAINERS   IMAGES    SELECTOR
      once   Complete   1/1           …         …    tide         busybox   batch.kubernetes.io/controller-uid=…
      $ kubectl describe job/once
      Name:             once
      Namespace:        default
      Selector:         batch.kubernetes.io/controller-uid=…
      Labels:           batch.kubernetes.io/controller-uid=…
                        batch.kubernetes.io/job-name=once
                        controller-uid=…
                        job-name=once
      Annotations:      cronjob.kubernetes.io/instantiate: manual
      Controlled By:    CronJob/tide
      Parallelism:      1
      Completions:      1
      Completion Mode:  NonIndexed
      Suspend:          false
      Backoff Limit:    6
      Start Time:       …
      Completed At:     …
      Duration:         …
      Pods Statuses:    0 Active (0 Ready) / 1 Succeeded / 0 Failed
      Pod Template:
        Labels:  batch.kubernetes.io/controller-uid=…
                 batch.kubernetes.io/job-name=once
                 controller-uid=…
                 job-name=once
        Containers:
         tide:
          Image:      busybox
          Port:       <none>
          Host Port:  <none>
          Command:
            date
          Environment:   <none>
          Mounts:        <none>
        Volumes:         <none>
        Node-Selectors:  <none>
        Tolerations:     <none>
      Events:
        Type    Reason            Age   From            Message
        ----    ------            ----  ----            -------
        Normal  SuccessfulCreate  …    job-controller  Created pod: once-…
        Normal  Completed         …    job-controller  Job completed
      $ kubectl get job once -o jsonpath='{.metadata.annotations} {.metadata.ownerReferences[0].kind} {.spec.template.spec.containers[0].command}{"\n"}'
      {"cronjob.kubernetes.io/instantiate":"manual"} CronJob ["date"]
      $ kubectl create job pi --image=busybox -- sh -c 'echo 3.14'
      job.batch/pi created
      $ kubectl wait --for=condition=Complete job/pi --timeout=40s
      job.batch/pi condition met
      $ kubectl logs job/pi
      3.14
      $ kubectl create job bad --from=deployment/x
      Error from server (NotFound): deployments.apps "x" not found
      [exit 1]
      $ kubectl create job bad
      error: either --image or --from must be specified
      [exit 1]
      $ kubectl create job bad --image=busybox --from=cronjob/tide
      error: either --image or --from must be specified
      [exit 1]
      $ kubectl create cronjob bad --schedule='not a schedule' --image=busybox
      error: failed to create cronjob: CronJob.batch "bad" is invalid: spec.schedule: Invalid value: "not a schedule": expected exactly 5 fields, found 3: [not a schedule]
      [exit 1]
      $ kubectl patch job pi -p '{"spec":{"completions":3}}'
      The Job "pi" is invalid: spec.completions: Invalid value: 3: field is immutable
      [exit 1]
      $ kubectl delete job once pi
      job.batch "once" deleted from default namespace
      job.batch "pi" deleted from default namespace
      $ kubectl delete cronjob tide
      cronjob.batch "tide" deleted from default namespace
      `,
    ))
})
