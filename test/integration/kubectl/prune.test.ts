import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { desk } from './desk.ts'

// Source: what test/cmd/apply.sh, diff.sh, testdata/apply.txtar and testdata/diff.txtar of kubernetes/kubernetes assert.

const FILES = {
  'pod.yaml': `apiVersion: v1
kind: Pod
metadata: {name: tug, labels: {crew: one}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
  'pod2.yaml': `apiVersion: v1
kind: Pod
metadata: {name: tug, labels: {crew: two}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
  'fleet/north.yaml': `apiVersion: v1
kind: Pod
metadata: {name: north, namespace: docks, labels: {fleet: "yes"}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
  'fleet/south.yaml': `apiVersion: v1
kind: Pod
metadata: {name: south, namespace: docks, labels: {fleet: "yes"}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
  'beacon.yaml': `apiVersion: v1
kind: Service
metadata: {name: beacon, namespace: docks, labels: {fleet: "yes"}}
spec: {selector: {fleet: "yes"}, ports: [{port: 80}]}
`,
  'claim.yaml': `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: hold, labels: {hold: "1"}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`,
}

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(FILES)
})
afterAll(() => cluster.close())

describe('kubectl apply --prune and diff', () => {
  it('takes away what was applied before and is no longer there', () =>
    transcript(
      cluster,
      `
      $ kubectl apply -f fleet/north.yaml
      Error from server (NotFound): error when creating "fleet/north.yaml": namespaces "docks" not found
      [exit 1]
      $ kubectl create ns docks
      namespace/docks created
      $ kubectl apply -n docks -l fleet=yes -f fleet/north.yaml
      pod/north created
      $ kubectl apply -n docks --prune -l fleet=yes -f fleet/south.yaml
      pod/south created
      W… prune.go:71] Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.
      Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice
      pod/north pruned
      $ kubectl wait --for=delete pod/north -n docks
      $ kubectl get pods -n docks -o name
      pod/south
      $ kubectl apply --prune -f fleet
      error: all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector
      [exit 1]
      $ kubectl apply -n docks --prune -l fleet=yes -f beacon.yaml --prune-allowlist core/v1/Service
      service/beacon created
      $ kubectl get pods -n docks -o name
      pod/south
      $ kubectl apply -n docks --prune -l fleet=yes -f beacon.yaml --prune-allowlist core/v1/Bogus
      error: no matches for kind "Bogus" in version "v1"
      [exit 1]
      $ kubectl apply -n docks --prune -l fleet=yes -f beacon.yaml
      service/beacon unchanged
      W… prune.go:71] Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.
      Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice
      pod/south pruned
      $ kubectl apply -n docks --all --prune -f fleet --dry-run=server
      pod/north created (server dry run)
      pod/south created (server dry run)
      W… prune.go:71] Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.
      Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice
      service/beacon pruned (server dry run)
      $ kubectl apply -n other -f fleet/north.yaml
      error: the namespace from the provided object "docks" does not match the namespace "other". You must pass '--namespace=docks' to perform this operation.
      [exit 1]
      $ kubectl apply -l hold=1 --prune -f claim.yaml --prune-allowlist core/v1/PersistentVolumeClaim
      persistentvolumeclaim/hold created
      $ sed 's/name: hold/name: bilge/' claim.yaml | kubectl apply -l hold=1 --prune -f - --prune-allowlist core/v1/PersistentVolumeClaim
      persistentvolumeclaim/bilge created
      persistentvolumeclaim/hold pruned
      $ kubectl get pvc
      NAME    STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE
      bilge   Pending                                                     <unset>                 …
      $ kubectl delete pvc bilge
      persistentvolumeclaim "bilge" deleted from default namespace
      $ kubectl delete ns docks
      namespace "docks" deleted
      `,
    ))

  it('keeps a set of what it applied', () =>
    transcript(
      cluster,
      `
      $ kubectl create ns docks
      namespace/docks created
      $ KUBECTL_APPLYSET=true kubectl apply -n docks -f fleet --prune --applyset=boats
      pod/north created
      pod/south created
      $ KUBECTL_APPLYSET=true kubectl apply -n docks -f fleet/north.yaml --prune --applyset=boats
      pod/north unchanged
      pod/south pruned
      $ kubectl get secret boats -n docks -o yaml
      apiVersion: v1
      kind: Secret
      metadata:
        annotations:
          applyset.kubernetes.io/additional-namespaces: ""
          applyset.kubernetes.io/contains-group-kinds: Pod
          applyset.kubernetes.io/tooling: kubectl/v1.35.2
        creationTimestamp: "…"
        labels:
          applyset.kubernetes.io/id: applyset-O_d-R8RyLc5-y3KCx3iSFeHlMk7kH-KNOZb6-t1JkzY-v1
        name: boats
        namespace: docks
        resourceVersion: "…"
        uid: …
      type: Opaque
      $ kubectl get pod north -n docks --show-labels
      NAME    READY   STATUS              RESTARTS   AGE   LABELS
      north   …     …   0          …    applyset.kubernetes.io/part-of=applyset-O_d-R8RyLc5-y3KCx3iSFeHlMk7kH-KNOZb6-t1JkzY-v1,fleet=yes
      $ kubectl delete ns docks
      namespace "docks" deleted
      `,
    ))

  it('is shown by diff', () =>
    transcript(
      cluster,
      `
      $ kubectl create ns docks
      namespace/docks created
      $ kubectl diff -f pod.yaml
      diff -u -N /tmp/LIVE-…/v1.Pod.default.tug /tmp/MERGED-…/v1.Pod.default.tug
      --- /tmp/LIVE-…/v1.Pod.default.tug	…
      +++ /tmp/MERGED-…/v1.Pod.default.tug	…
      @@ … @@
      +apiVersion: v1
      +kind: Pod
      +metadata:
      +  creationTimestamp: "…"
      +  generation: 1
      +  labels:
      +    crew: one
      +  name: tug
      +  namespace: default
      +  uid: …
      +spec:
      +  containers:
      +  - image: registry.k8s.io/pause:3.10
      +    imagePullPolicy: IfNotPresent
      +    name: main
      +    resources: {}
      +    terminationMessagePath: /dev/termination-log
      +    terminationMessagePolicy: File
      +    volumeMounts:
      +    - mountPath: /var/run/secrets/kubernetes.io/serviceaccount
      +      name: kube-api-access-…
      +      readOnly: true
      +  dnsPolicy: ClusterFirst
      +  enableServiceLinks: true
      +  preemptionPolicy: PreemptLowerPriority
      +  priority: 0
      +  restartPolicy: Always
      +  schedulerName: default-scheduler
      +  securityContext: {}
      +  serviceAccount: default
      +  serviceAccountName: default
      +  terminationGracePeriodSeconds: 0
      +  tolerations:
      +  - effect: NoExecute
      +    key: node.kubernetes.io/not-ready
      +    operator: Exists
      +    tolerationSeconds: 300
      +  - effect: NoExecute
      +    key: node.kubernetes.io/unreachable
      +    operator: Exists
      +    tolerationSeconds: 300
      +  volumes:
      +  - name: kube-api-access-…
      +    projected:
      +      defaultMode: 420
      +      sources:
      +      - serviceAccountToken:
      +          expirationSeconds: 3607
      +          path: token
      +      - configMap:
      +          items:
      +          - key: ca.crt
      +            path: ca.crt
      +          name: kube-root-ca.crt
      +      - downwardAPI:
      +          items:
      +          - fieldRef:
      +              apiVersion: v1
      +              fieldPath: metadata.namespace
      +            path: namespace
      +status:
      +  phase: Pending
      +  qosClass: BestEffort
      [exit 1]
      $ kubectl get pods
      No resources found in default namespace.
      $ kubectl apply -f pod.yaml
      pod/tug created
      $ kubectl wait --for=condition=Ready pod/tug
      pod/tug condition met
      $ kubectl diff -f pod.yaml
      $ sed 's/3.10/3.9/' pod.yaml > changed.yaml; kubectl diff -f changed.yaml
      diff -u -N /tmp/LIVE-…/v1.Pod.default.tug /tmp/MERGED-…/v1.Pod.default.tug
      --- /tmp/LIVE-…/v1.Pod.default.tug	…
      +++ /tmp/MERGED-…/v1.Pod.default.tug	…
      @@ … @@
           kubectl.kubernetes.io/last-applied-configuration: |
             {"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{},"labels":{"crew":"one"},"name":"tug","namespace":"default"},"spec":{"containers":[{"image":"registry.k8s.io/pause:3.10","name":"main"}],"terminationGracePeriodSeconds":0}}
         creationTimestamp: "…"
      -  generation: 1
      +  generation: 2
         labels:
           crew: one
         name: tug
      @@ … @@
         uid: …
       spec:
         containers:
      -  - image: registry.k8s.io/pause:3.10
      +  - image: registry.k8s.io/pause:3.9
           imagePullPolicy: IfNotPresent
           name: main
           resources: {}
      [exit 1]
      $ kubectl diff -f changed.yaml --server-side | grep '^[-+] '
      -      {"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{},"labels":{"crew":"one"},"name":"tug","namespace":"default"},"spec":{"containers":[{"image":"registry.k8s.io/pause:3.10","name":"main"}],"terminationGracePeriodSeconds":0}}
      +      {"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"crew":"one"},"name":"tug","namespace":"default"},"spec":{"containers":[{"image":"registry.k8s.io/pause:3.9","name":"main"}],"terminationGracePeriodSeconds":0}}
      -  generation: 1
      +  generation: 2
      -  - image: registry.k8s.io/pause:3.10
      +  - image: registry.k8s.io/pause:3.9
      $ sed 's/name: main/name: Not_Valid/' pod.yaml | kubectl diff -f -
      The Pod "tug" is invalid: 
      * spec.containers[0].name: Invalid value: "Not_Valid": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
      * spec: Forbidden: pod updates may not change fields other than \`spec.containers[*].image\`,\`spec.initContainers[*].image\`,\`spec.activeDeadlineSeconds\`,\`spec.tolerations\` (only additions to existing tolerations),\`spec.terminationGracePeriodSeconds\` (allow it to be set to 1 if it was previously negative)
      …
      [exit 2]
      $ kubectl get pod tug -o jsonpath='{.spec.containers[0].image}'
      registry.k8s.io/pause:3.10
      $ kubectl delete -f pod.yaml
      pod "tug" deleted from default namespace
      $ kubectl diff --server-side -f pod.yaml | grep -c '^+'
      64
      $ kubectl apply --server-side -f pod.yaml
      pod/tug serverside-applied
      $ kubectl wait --for=condition=Ready pod/tug
      pod/tug condition met
      $ kubectl diff --server-side -f pod.yaml
      $ kubectl diff --server-side -f changed.yaml | grep '^[-+] '
      -  generation: 1
      +  generation: 2
      -  - image: registry.k8s.io/pause:3.10
      +  - image: registry.k8s.io/pause:3.9
      $ kubectl delete -f pod.yaml
      pod "tug" deleted from default namespace
      $ kubectl apply -n docks -f fleet/north.yaml
      pod/north created
      $ kubectl diff -l fleet=yes -n docks -f fleet/south.yaml | grep '^[-+]  name:'
      +  name: south
      $ kubectl diff --prune -l fleet=yes -n docks -f fleet/south.yaml | grep '^[-+]  name:'
      W… prune.go:71] Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.
      Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice
      -  name: north
      +  name: south
      $ kubectl diff --prune -l fleet=yes -n docks -f fleet/north.yaml
      W… prune.go:71] Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.
      Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice
      $ KUBECTL_EXTERNAL_DIFF='find' kubectl diff -Rf fleet | sed 's/.*-[0-9]*//' | sort -u

      /v1.Pod.docks.north
      /v1.Pod.docks.south
      $ kubectl delete ns docks
      namespace "docks" deleted
      `,
    ))
})
