import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { APPS_FILES } from './apps-files.ts'
import { desk } from './desk.ts'

// Source: what the tests of daemon sets, stateful sets and replica sets in test/cmd/apps.sh of kubernetes/kubernetes assert.

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(APPS_FILES)
})
afterAll(() => cluster.close())

describe('kubectl and', () => {
  it('daemon sets count what changes them, and go back', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl apply -f ds.yaml --record
      Flag --record has been deprecated, --record will be removed in the future
      daemonset.apps/lamp created
      $ kubectl get ds lamp -o jsonpath='{.metadata.generation} {.metadata.annotations.deprecated\.daemonset\.template\.generation}{"\n"}'
      1 1
      $ kubectl rollout status ds/lamp --timeout=40s | tail -n 1
      daemon set "lamp" successfully rolled out
      $ kubectl get controllerrevisions -o jsonpath='{.items[*].metadata.annotations.kubernetes\.io/change-cause}{"\n"}'
      kubectl apply --filename=ds.yaml --record=true
      $ kubectl rollout undo daemonset --to-revision=1
      daemonset.apps/lamp skipped rollback (current template already matches revision 1)
      $ kubectl set image daemonsets/lamp '*=registry.k8s.io/pause:3.9'
      daemonset.apps/lamp image updated
      $ kubectl set env daemonsets/lamp foo=bar
      daemonset.apps/lamp env updated
      $ kubectl set resources daemonsets/lamp --limits=cpu=200m,memory=64Mi
      daemonset.apps/lamp resource requirements updated
      $ kubectl get ds lamp --show-managed-fields -o jsonpath='{.metadata.generation} {.metadata.managedFields[*].manager}' | grep -o '^[^ ]*\|kubectl-set'
      4
      kubectl-set
      $ kubectl rollout restart daemonset/lamp
      daemonset.apps/lamp restarted
      $ kubectl rollout status ds/lamp --timeout=40s | tail -n 1
      daemon set "lamp" successfully rolled out
      $ kubectl get ds -o wide
      NAME   DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR   AGE   CONTAINERS   IMAGES                      SELECTOR
      lamp   2         2         2       2            2           <none>          …    main         registry.k8s.io/pause:3.9   app=lamp
      $ kubectl rollout history ds/lamp
      daemonset.apps/lamp 
      REVISION  CHANGE-CAUSE
      1         kubectl apply --filename=ds.yaml --record=true
      2         kubectl apply --filename=ds.yaml --record=true
      3         kubectl apply --filename=ds.yaml --record=true
      4         kubectl apply --filename=ds.yaml --record=true
      5         kubectl apply --filename=ds.yaml --record=true
      $ kubectl rollout history ds/lamp --revision=2
      daemonset.apps/lamp with revision #2
      Pod Template:
        Labels:	app=lamp
        Containers:
         main:
          Image:	registry.k8s.io/pause:3.9
          Port:	<none>
          Host Port:	<none>
          Environment:	<none>
          Mounts:	<none>
        Volumes:	<none>
        Node-Selectors:	<none>
        Tolerations:	<none>
      $ kubectl rollout undo ds/lamp --dry-run=client
      daemonset.apps/lamp will roll back to Pod Template:
        Labels:	app=lamp
        Containers:
         main:
          Image:	registry.k8s.io/pause:3.9
          Port:	<none>
          Host Port:	<none>
          Limits:
            cpu:	…
            memory:	64Mi
          Environment:
            foo:	bar
          Mounts:	<none>
        Volumes:	<none>
        Node-Selectors:	<none>
        Tolerations:	<none>
       (dry run)
      $ kubectl rollout undo ds/lamp --dry-run=server
      daemonset.apps/lamp rolled back (server dry run)
      $ kubectl rollout undo ds/lamp --to-revision=1
      daemonset.apps/lamp rolled back
      $ kubectl get ds lamp -o jsonpath='{.spec.template.spec.containers[*].image}{"\n"}'
      registry.k8s.io/pause:3.10
      $ kubectl rollout undo ds/lamp --to-revision=1000000
      error: unable to find specified revision 1000000 in history
      [exit 1]
      $ kubectl rollout pause ds/lamp
      error: daemonsets.apps "lamp" pausing is not supported
      [exit 1]
      $ kubectl get controllerrevisions --sort-by=.revision
      NAME              CONTROLLER            REVISION   AGE
      lamp-…   daemonset.apps/lamp   2          …
      lamp-…   daemonset.apps/lamp   3          …
      lamp-…   daemonset.apps/lamp   4          …
      lamp-…   daemonset.apps/lamp   5          …
      lamp-…   daemonset.apps/lamp   6          …
      $ kubectl delete -f ds.yaml
      daemonset.apps "lamp" deleted from default namespace
      `,
    ))

  it('stateful sets', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl apply -f sts.yaml
      statefulset.apps/hull created
      $ kubectl scale --current-replicas=0 --replicas=1 statefulset hull
      statefulset.apps/hull scaled
      $ kubectl wait --for=jsonpath='{.status.readyReplicas}'=1 sts/hull
      statefulset.apps/hull condition met
      $ kubectl get pods -l app=hull -o name
      pod/hull-0
      $ kubectl get sts -o wide
      NAME   READY   AGE   CONTAINERS   IMAGES
      hull   1/1     …    main         registry.k8s.io/pause:3.10
      $ kubectl set image sts/hull main=registry.k8s.io/pause:3.9
      statefulset.apps/hull image updated
      $ kubectl rollout status sts/hull --timeout=40s | tail -n 1
      partitioned roll out complete: 1 new pods have been updated...
      $ kubectl rollout history sts/hull
      statefulset.apps/hull 
      REVISION  CHANGE-CAUSE
      1         <none>
      2         <none>
      $ kubectl rollout undo sts/hull --dry-run=server
      statefulset.apps/hull rolled back (server dry run)
      $ kubectl rollout undo sts/hull --to-revision=1
      statefulset.apps/hull rolled back
      $ kubectl get sts hull -o jsonpath='{.spec.template.spec.containers[*].image}{"\n"}'
      registry.k8s.io/pause:3.10
      $ kubectl rollout undo sts/hull --to-revision=1000000
      error: unable to find specified revision 1000000 in history
      [exit 1]
      $ kubectl rollout restart sts/hull
      statefulset.apps/hull restarted
      $ kubectl rollout status sts/hull --timeout=40s | tail -n 1
      partitioned roll out complete: 1 new pods have been updated...
      $ kubectl patch sts hull -p '{"spec":{"serviceName":"other"}}'
      The StatefulSet "hull" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden
      [exit 1]
      $ kubectl describe sts hull | sed -n '1,/^Pod Template/p'
      Name:               hull
      Namespace:          default
      CreationTimestamp:  …
      Selector:           app=hull
      Labels:             <none>
      Annotations:        <none>
      Replicas:           1 desired | 1 total
      Update Strategy:    RollingUpdate
        Partition:        0
      Pods Status:        1 Running / 0 Waiting / 0 Succeeded / 0 Failed
      Pod Template:
      $ kubectl delete -f sts.yaml
      statefulset.apps "hull" deleted from default namespace
      `,
    ))

  it('replica sets', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create -f rs.yaml
      replicaset.apps/oars created
      $ kubectl wait --for=jsonpath='{.status.readyReplicas}'=2 rs/oars
      replicaset.apps/oars condition met
      $ kubectl get rs oars -o wide
      NAME   DESIRED   CURRENT   READY   AGE   CONTAINERS   IMAGES                       SELECTOR
      oars   2         2         2       …    main         registry.k8s.io/pause:3.10   app=oars
      $ kubectl describe rs oars
      Name:         oars
      Namespace:    default
      Selector:     app=oars
      Labels:       app=oars
      Annotations:  <none>
      Replicas:     2 current / 2 desired
      Pods Status:  2 Running / 0 Waiting / 0 Succeeded / 0 Failed
      Pod Template:
        Labels:  app=oars
        Containers:
         main:
          Image:         registry.k8s.io/pause:3.10
          Port:          <none>
          Host Port:     <none>
          Environment:   <none>
          Mounts:        <none>
        Volumes:         <none>
        Node-Selectors:  <none>
        Tolerations:     <none>
      Events:
        Type    Reason            Age   From                   Message
        ----    ------            ----  ----                   -------
        Normal  SuccessfulCreate  …    replicaset-controller  Created pod: oars-…
        Normal  SuccessfulCreate  …    replicaset-controller  Created pod: oars-…
      $ kubectl scale --dry-run=client --current-replicas=2 --replicas=3 rs oars
      replicaset.apps/oars scaled (dry run)
      $ kubectl scale --dry-run=server --current-replicas=2 --replicas=3 rs oars
      replicaset.apps/oars scaled (server dry run)
      $ kubectl scale --current-replicas=2 --replicas=1 rs oars
      replicaset.apps/oars scaled
      $ kubectl expose rs oars --port=80
      service/oars exposed
      $ kubectl set image rs/oars '*=registry.k8s.io/pause:3.9'
      replicaset.apps/oars image updated
      $ kubectl set env rs/oars foo=bar
      replicaset.apps/oars env updated
      $ kubectl set resources rs/oars --dry-run=server --limits=cpu=200m
      replicaset.apps/oars resource requirements updated (server dry run)
      $ kubectl set serviceaccount rs/oars --dry-run=client robot
      replicaset.apps/oars serviceaccount updated (dry run)
      $ kubectl set serviceaccount rs/oars --dry-run=server robot
      replicaset.apps/oars serviceaccount updated (server dry run)
      $ kubectl set serviceaccount rs/oars robot
      replicaset.apps/oars serviceaccount updated
      $ kubectl get rs oars -o jsonpath='{.metadata.generation} {.spec.template.spec.serviceAccountName} {.spec.template.spec.serviceAccount}{"\n"}'
      5 robot robot
      $ kubectl autoscale rs oars --min=2 --max=3 --dry-run=server
      horizontalpodautoscaler.autoscaling/oars autoscaled (server dry run)
      $ kubectl autoscale -f rs.yaml --max=2 --cpu=70%
      horizontalpodautoscaler.autoscaling/oars autoscaled
      $ kubectl get hpa oars --show-managed-fields -o jsonpath='{.metadata.managedFields[*].manager}' | grep -o kubectl-autoscale
      kubectl-autoscale
      $ kubectl delete hpa,svc oars
      horizontalpodautoscaler.autoscaling "oars" deleted from default namespace
      service "oars" deleted from default namespace
      $ kubectl delete rs oars --cascade=orphan
      replicaset.apps "oars" deleted from default namespace
      $ kubectl get pods -l app=oars -o name | wc -l
      1
      $ kubectl delete pods -l app=oars --now
      pod "oars-…" deleted from default namespace
      `,
    ))
})
