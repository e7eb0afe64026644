import { afterAll, beforeAll, describe, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'
import { transcript } from './transcript.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 2 })
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

// Source: kubernetes.io/docs/concepts/workloads/controllers/deployment, kubectl/pkg/polymorphichelpers (rollout_status.go, history.go,
// rollback.go), pkg/controller/deployment.
describe('a Deployment', () => {
  it('rolls out, tells its history, and goes back', () =>
    transcript(
      cluster,
      `
      $ kubectl create deployment web --image=nginx:1.28 --replicas=2
      deployment.apps/web created
      $ kubectl annotate deployment/web kubernetes.io/change-cause='first'
      deployment.apps/web annotated
      $ kubectl rollout status deployment/web --timeout=40s
      …
      deployment "web" successfully rolled out
      $ kubectl set image deployment/web nginx=nginx:1.29
      deployment.apps/web image updated
      $ kubectl annotate deployment/web --overwrite kubernetes.io/change-cause='to 1.29'
      deployment.apps/web annotated
      $ kubectl rollout status deployment/web --timeout=40s
      …
      deployment "web" successfully rolled out
      $ kubectl rollout history deployment/web
      deployment.apps/web
      REVISION  CHANGE-CAUSE
      1         first
      2         to 1.29
      $ kubectl rollout history deployment/web --revision=1
      deployment.apps/web with revision #1
      Pod Template:
        Labels:	app=web
      	pod-template-hash=…
        Annotations:	kubernetes.io/change-cause: first
        Containers:
         nginx:
          Image:	nginx:1.28
          Port:	<none>
          Host Port:	<none>
          Environment:	<none>
          Mounts:	<none>
        Volumes:	<none>
        Node-Selectors:	<none>
        Tolerations:	<none>
      $ kubectl rollout undo deployment/web
      deployment.apps/web rolled back
      $ kubectl rollout status deployment/web --timeout=40s
      …
      deployment "web" successfully rolled out
      $ kubectl get deployment web -o wide
      NAME   READY   UP-TO-DATE   AVAILABLE   AGE   CONTAINERS   IMAGES       SELECTOR
      web    2/2     2            2           …     nginx        nginx:1.28   app=web
      $ kubectl rollout undo deployment/web --to-revision=7
      error: unable to find specified revision 7 in history
      [exit 1]
      `,
    ))

  it('takes changes while it is paused, and rolls them out together', () =>
    transcript(
      cluster,
      `
      $ kubectl rollout pause deployment/web
      deployment.apps/web paused
      $ kubectl rollout pause deployment/web
      error: deployments.apps "web" is already paused
      [exit 1]
      $ kubectl set env deployment/web GREETING=hello
      deployment.apps/web env updated
      $ kubectl set resources deployment/web --limits=cpu=200m,memory=128Mi
      deployment.apps/web resource requirements updated
      $ kubectl rollout undo deployment/web
      error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again
      [exit 1]
      $ kubectl get deployment web -o jsonpath='{.status.conditions[?(@.type=="Progressing")].reason}'
      DeploymentPaused
      $ kubectl rollout resume deployment/web
      deployment.apps/web resumed
      $ kubectl rollout status deployment/web --timeout=40s
      …
      deployment "web" successfully rolled out
      $ kubectl get deployment web -o jsonpath='{.spec.template.spec.containers[0].env[0].value} {.spec.template.spec.containers[0].resources.limits.cpu}'
      hello 200m
      `,
    ))

  it('gives up when it makes no progress', () =>
    transcript(
      cluster,
      `
      $ kubectl patch deployment web -p '{"spec":{"progressDeadlineSeconds":60}}'
      deployment.apps/web patched
      $ kubectl set image deployment/web nginx=nginx:no-such-tag
      deployment.apps/web image updated
      +90s
      $ kubectl rollout status deployment/web --timeout=20s
      error: deployment "web" exceeded its progress deadline
      [exit 1]
      $ kubectl get deployment web -o jsonpath='{.status.conditions[?(@.type=="Progressing")].message}'
      ReplicaSet "web-…" has timed out progressing.
      $ kubectl get deployment web
      NAME   READY   UP-TO-DATE   AVAILABLE   AGE
      web    2/2     1            2           …
      $ kubectl scale deployment web --current-replicas=5 --replicas=3
      error: Expected replicas to be 5, was 2
      [exit 1]
      $ kubectl scale deployment web --replicas=0
      deployment.apps/web scaled
      $ kubectl rollout restart deployment/web
      deployment.apps/web restarted
      $ kubectl delete deployment web --cascade=foreground
      deployment.apps "web" deleted from default namespace
      $ kubectl get replicasets
      No resources found in default namespace.
      `,
    ))

  it('leaves its ReplicaSet behind when asked to', () =>
    transcript(
      cluster,
      `
      $ kubectl create deployment kept --image=nginx:1.29
      deployment.apps/kept created
      $ kubectl rollout status deployment/kept --timeout=40s
      …
      deployment "kept" successfully rolled out
      $ kubectl delete deployment kept --cascade=orphan
      deployment.apps "kept" deleted from default namespace
      $ kubectl get replicaset -l app=kept -o jsonpath='{.items[*].metadata.ownerReferences}{.items[0].status.readyReplicas}'
      1
      $ kubectl delete replicaset -l app=kept
      replicaset.apps "kept-…" deleted from default namespace
      `,
    ))
})

const STATEFUL = `
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk-a}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: manual, hostPath: {path: /a}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk-b}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: manual, hostPath: {path: /b}}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete, whenDeleted: Retain}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: main, image: 'nginx:1.28', volumeMounts: [{name: data, mountPath: /data}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], storageClassName: manual, resources: {requests: {storage: 1Gi}}}
`

// Source: kubernetes.io/docs/tutorials/stateful-application/basic-stateful-set, concepts/workloads/controllers/statefulset,
// pkg/controller/statefulset, kubectl/pkg/polymorphichelpers/rollout_status.go.
describe('a StatefulSet', () => {
  it('starts its pods in order with a name and a volume each', async () => {
    await cluster.kubectl('apply -f -', STATEFUL)
    await transcript(
      cluster,
      `
      $ kubectl rollout status statefulset/db --timeout=50s
      …
      partitioned roll out complete: 2 new pods have been updated...
      $ kubectl get pods -l app=db
      NAME   READY   STATUS    RESTARTS   AGE
      db-0   1/1     Running   0          …
      db-1   1/1     Running   0          …
      $ kubectl get statefulset db
      NAME   READY   AGE
      db     2/2     …
      $ kubectl get pvc -l app=db
      NAME        STATUS   VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE
      data-db-0   Bound    disk-…   1Gi        RWO            manual         <unset>                 …
      data-db-1   Bound    disk-…   1Gi        RWO            manual         <unset>                 …
      $ kubectl get pod db-1 -o jsonpath='{.spec.hostname}.{.spec.subdomain} {.metadata.labels.apps\\.kubernetes\\.io/pod-index}'
      db-1.db 1
      $ kubectl exec db-0 -- sh -c 'curl -s http://db-1.db | head -n 1'
      <!DOCTYPE html>
      $ kubectl get events --field-selector involvedObject.kind=StatefulSet,reason=SuccessfulCreate
      LAST SEEN TYPE REASON OBJECT MESSAGE
      … Normal SuccessfulCreate statefulset/db create Claim data-db-0 Pod db-0 in StatefulSet db success
      … Normal SuccessfulCreate statefulset/db create Pod db-0 in StatefulSet db successful
      … Normal SuccessfulCreate statefulset/db create Claim data-db-1 Pod db-1 in StatefulSet db success
      … Normal SuccessfulCreate statefulset/db create Pod db-1 in StatefulSet db successful
      `,
    )
  })

  it('updates from a partition on, and frees the claims of what is scaled away', () =>
    transcript(
      cluster,
      `
      $ kubectl patch statefulset db -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":1}}}}'
      statefulset.apps/db patched
      $ kubectl set image statefulset/db main=nginx:1.29
      statefulset.apps/db image updated
      $ kubectl rollout status statefulset/db --timeout=40s
      …
      partitioned roll out complete: 1 new pods have been updated...
      $ kubectl get pods -l app=db -o jsonpath='{range .items[*]}{.metadata.name}={.spec.containers[0].image} {end}'
      db-0=nginx:1.28 db-1=nginx:1.29
      $ kubectl rollout history statefulset/db
      statefulset.apps/db
      REVISION  CHANGE-CAUSE
      1         <none>
      2         <none>
      $ kubectl rollout undo statefulset/db
      statefulset.apps/db rolled back
      $ kubectl rollout status statefulset/db --timeout=40s
      …
      partitioned roll out complete: 2 new pods have been updated...
      $ kubectl scale statefulset db --replicas=1
      statefulset.apps/db scaled
      $ kubectl wait pod/db-1 --for=delete --timeout=30s
      …
      $ kubectl wait pvc/data-db-1 --for=delete --timeout=30s
      …
      $ kubectl delete statefulset db
      statefulset.apps "db" deleted from default namespace
      $ kubectl get pvc -l app=db
      NAME        STATUS   VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE
      data-db-0   Bound    disk-…   1Gi        RWO            manual         <unset>                 …
      $ kubectl patch pvc data-db-0 -p '{"spec":{"accessModes":["ReadWriteMany"]}}'
      The PersistentVolumeClaim "data-db-0" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims
      --- expected
      +++ got
      @@ -1,13 +1,13 @@
       {
         "AccessModes": [
      -    "ReadWriteOnce"
      +    "ReadWriteMany"
         ],
      …
      [exit 1]
      `,
    ))
})

const DAEMON = `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: 'nginx:1.28'}]
`

// Source: kubernetes.io/docs/tasks/manage-daemon/update-daemon-set, pkg/controller/daemon.
describe('a DaemonSet', () => {
  it('runs on the nodes that match, and rolls one by one', async () => {
    await cluster.kubectl('apply -f -', DAEMON)
    await transcript(
      cluster,
      `
      $ kubectl rollout status daemonset/agent --timeout=40s
      …
      daemon set "agent" successfully rolled out
      $ kubectl get daemonset agent
      NAME    DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR   AGE
      agent   2         2         2       2            2           <none>          …
      $ kubectl set image daemonset/agent main=nginx:1.29
      daemonset.apps/agent image updated
      $ kubectl rollout status daemonset/agent --timeout=40s
      …
      daemon set "agent" successfully rolled out
      $ kubectl rollout history daemonset/agent
      daemonset.apps/agent
      REVISION  CHANGE-CAUSE
      1         <none>
      2         <none>
      $ kubectl rollout undo daemonset/agent --to-revision=1
      daemonset.apps/agent rolled back
      $ kubectl rollout status daemonset/agent --timeout=40s
      …
      daemon set "agent" successfully rolled out
      $ kubectl patch daemonset agent -p '{"spec":{"template":{"spec":{"nodeSelector":{"disk":"ssd"}}}}}'
      daemonset.apps/agent patched
      $ kubectl wait daemonset/agent --for=jsonpath='{.status.desiredNumberScheduled}'=0 --timeout=30s
      daemonset.apps/agent condition met
      $ kubectl label node node-2 disk=ssd
      node/node-2 labeled
      $ kubectl wait daemonset/agent --for=jsonpath='{.status.numberAvailable}'=1 --timeout=30s
      daemonset.apps/agent condition met
      $ kubectl get pods -l app=agent -o wide --no-headers
      agent-… 1/1 Running 0 … node-2 <none> <none>
      $ kubectl scale daemonset agent --replicas=3
      Error from server (NotFound): the server could not find the requested resource…
      [exit 1]
      `,
    )
  })
})
