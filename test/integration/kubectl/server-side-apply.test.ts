import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { desk } from './desk.ts'

// Source: what test/cmd/apply.sh and testdata/apply.txtar of kubernetes/kubernetes assert; apiserver/pkg/endpoints/handlers/patch.go,
// apimachinery/pkg/util/managedfields/internal (lastappliedmanager.go, lastappliedupdater.go).

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
  'cm1.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: tide}
data: {high: "4", low: old}
`,
  'cm2.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: tide}
data: {high: "4", by: server}
`,
  'cm3.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: tide, annotations: {moon: full}}
data: {high: "4", by: client}
`,
  'unknown.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: tide}
data: {high: "4"}
depth: {low: 1}
`,
  'wrong.yaml': `apiVersion: v1
kind: Pod
metadata: {name: wrong}
spec:
  containers:
  - name: main
    image: nginx
    ports: [{containerPort: 80}, {containerPort: 80}]
    env: [{name: DEPTH, value: 5}]
  hostNetwork: "yes"
  priority: high
  restartPolcy: Never
`,
  'limit.yaml': `apiVersion: v1
kind: Pod
metadata: {name: limit}
spec: {containers: [{name: main, image: nginx, resources: {requests: {cpu: 10m}, limits: {cpu: null}}}]}
`,
}

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(FILES)
})
afterAll(() => cluster.close())

describe('kubectl apply --server-side and patches', () => {
  it('notes who owns what', () =>
    transcript(
      cluster,
      `
      $ kubectl apply --server-side --dry-run=server -f pod.yaml
      pod/tug serverside-applied (server dry run)
      $ kubectl get pods
      No resources found in default namespace.
      $ kubectl apply --server-side -f pod.yaml
      pod/tug serverside-applied
      $ kubectl wait --for=condition=Ready pod/tug
      pod/tug condition met
      $ kubectl apply --server-side --field-manager=harbour --force-conflicts -f pod.yaml
      pod/tug serverside-applied
      $ kubectl get -f pod.yaml -o jsonpath='{.metadata.managedFields[*].manager}' | tr ' ' '\\n' | sort
      harbour
      kubectl
      kubelet
      $ printf 'apiVersion: v1\\nkind: Pod\\nmetadata: {name: tug}\\nstatus: {conditions: [{type: example.com/Painted, status: "True"}]}\\n' > status.yaml
      $ kubectl apply --server-side --subresource=status --field-manager=harbour -f status.yaml
      pod/tug serverside-applied
      $ kubectl get pod tug -o jsonpath='{.status.conditions[*].type}'
      PodReadyToStartContainers Initialized Ready ContainersReady PodScheduled example.com/Painted
      $ kubectl get pod tug --show-managed-fields -o jsonpath='{range .metadata.managedFields[*]}{.manager} {.operation} {.subresource}{"\\n"}{end}' | sort
      harbour Apply 
      harbour Apply status
      kubectl Apply 
      kubelet Update status
      $ kubectl apply --server-side --dry-run=server -f pod2.yaml
      error: Apply failed with 1 conflict: conflict with "harbour": .metadata.labels.crew
      Please review the fields above--they currently have other managers. Here
      are the ways you can resolve this warning:
      * If you intend to manage all of these fields, please re-run the apply
        command with the \`--force-conflicts\` flag.
      * If you do not intend to manage all of the fields, please edit your
        manifest to remove references to the fields that should keep their
        current managers.
      * You may co-own fields by updating your manifest to match the existing
        value; in this case, you'll become the manager if the other manager(s)
        stop managing the field (remove it from their configuration).
      See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
      [exit 1]
      $ kubectl apply --server-side --dry-run=server -f pod2.yaml --force-conflicts
      pod/tug serverside-applied (server dry run)
      $ kubectl get pod tug -o jsonpath='{.metadata.labels.crew}'
      one
      $ kubectl apply --server-side --dry-run=client -f pod2.yaml
      error: --dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)
      [exit 1]
      $ kubectl delete -f pod.yaml
      pod "tug" deleted from default namespace
      `,
    ))

  it('takes over from client-side apply, and gives back', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl apply -f pod.yaml
      pod/tug created
      $ kubectl apply --server-side --field-manager=other -f pod2.yaml 2>&1 | head -n 1
      error: Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .metadata.labels.crew
      $ kubectl apply --server-side -f pod2.yaml
      pod/tug serverside-applied
      $ kubectl apply view-last-applied pod/tug -o json | grep crew
            "crew": "two"
      $ kubectl get pod tug --show-managed-fields -o jsonpath='{range .metadata.managedFields[*]}{.manager} {.operation}{"\n"}{end}' | grep kubectl | sort
      kubectl Apply
      kubectl-last-applied Apply
      $ kubectl apply --server-side -f pod.yaml
      pod/tug serverside-applied
      $ kubectl apply view-last-applied pod/tug -o json | grep crew
            "crew": "one"
      $ kubectl apply -f pod2.yaml
      pod/tug configured
      $ kubectl label pod tug crew=three --overwrite
      pod/tug labeled
      $ kubectl apply --server-side -f pod2.yaml 2>&1 | head -n 1
      error: Apply failed with 1 conflict: conflict with "kubectl-label" using v1: .metadata.labels.crew
      $ kubectl delete -f pod.yaml
      pod "tug" deleted from default namespace
      `,
    ))

  it('lets fields go that the configuration no longer has', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl apply --server-side=false -f cm1.yaml
      configmap/tide created
      $ kubectl apply --server-side -f cm1.yaml
      configmap/tide serverside-applied
      $ kubectl apply --server-side -f cm2.yaml
      configmap/tide serverside-applied
      $ kubectl get cm tide -o jsonpath='{.data}'
      {"by":"server","high":"4"}
      $ kubectl apply --server-side=false -f cm3.yaml
      configmap/tide configured
      $ kubectl get cm tide -o jsonpath='{.data}'
      {"by":"client","high":"4"}
      $ kubectl apply --server-side -f cm2.yaml
      configmap/tide serverside-applied
      $ kubectl get cm tide -o jsonpath='{.data}'
      {"by":"server","high":"4"}
      $ kubectl diff --server-side -f cm3.yaml
      diff -u -N /tmp/LIVE-…/v1.ConfigMap.default.tide /tmp/MERGED-…/v1.ConfigMap.default.tide
      --- /tmp/LIVE-…/v1.ConfigMap.default.tide	…
      +++ /tmp/MERGED-…/v1.ConfigMap.default.tide	…
      @@ -1,12 +1,13 @@
       apiVersion: v1
       data:
      -  by: server
      +  by: client
         high: "4"
       kind: ConfigMap
       metadata:
         annotations:
           kubectl.kubernetes.io/last-applied-configuration: |
      -      {"apiVersion":"v1","data":{"by":"server","high":"4"},"kind":"ConfigMap","metadata":{"name":"tide","namespace":"default"}}
      +      {"apiVersion":"v1","data":{"by":"client","high":"4"},"kind":"ConfigMap","metadata":{"annotations":{"moon":"full"},"name":"tide","namespace":"default"}}
      +    moon: full
         creationTimestamp: "…"
         name: tide
         namespace: default
      [exit 1]
      $ kubectl get cm tide --show-managed-fields -o jsonpath='{range .metadata.managedFields[*]}{.manager} {.operation} {.fieldsV1}{"\n"}{end}' | sort
      kubectl Apply {"f:data":{"f:by":{},"f:high":{}}}
      kubectl-last-applied Apply {"f:metadata":{"f:annotations":{"f:kubectl.kubernetes.io/last-applied-configuration":{}}}}
      $ kubectl get cm tide -o jsonpath='{.metadata.annotations}{"\n"}'
      {"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"v1\",\"data\":{\"by\":\"server\",\"high\":\"4\"},\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"tide\",\"namespace\":\"default\"}}\n"}
      $ kubectl delete cm tide
      configmap "tide" deleted from default namespace
      $ kubectl apply --server-side=false --field-manager=mine -f cm1.yaml
      configmap/tide created
      $ kubectl apply --server-side --field-manager=mine -f cm1.yaml
      configmap/tide serverside-applied
      $ kubectl get cm tide -o jsonpath='{.metadata.annotations}'
      $ kubectl apply --server-side --field-manager=mine -f cm2.yaml
      configmap/tide serverside-applied
      $ kubectl get cm tide -o jsonpath='{.data}'
      {"by":"server","high":"4"}
      $ kubectl delete cm tide
      configmap "tide" deleted from default namespace
      `,
    ))

  it('says what is not of the type', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl apply --server-side -f unknown.yaml
      Error from server: failed to create typed patch object (default/tide; /v1, Kind=ConfigMap): .depth: field not declared in schema
      [exit 1]
      $ kubectl apply --server-side --validate=false -f unknown.yaml
      Error from server: failed to create typed patch object (default/tide; /v1, Kind=ConfigMap): .depth: field not declared in schema
      [exit 1]
      $ kubectl apply --server-side -f wrong.yaml
      Error from server: failed to create typed patch object (default/wrong; /v1, Kind=Pod): errors:
        .spec.containers[name="main"].env[name="DEPTH"].value: expected string, got &value.valueUnstructured{Value:5}
        .spec.containers[name="main"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]
        .spec.hostNetwork: expected boolean, got string
        .spec.priority: expected numeric (int or float), got string
        .spec.restartPolcy: field not declared in schema
      [exit 1]
      $ sed 's/{name: main, image: nginx/{image: nginx/' limit.yaml | kubectl apply --server-side -f -
      Error from server: failed to create typed patch object (default/limit; /v1, Kind=Pod): .spec.containers: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn't have default values for any key fields)
      [exit 1]
      $ printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tide}\ndata: [high]\n' | kubectl apply --server-side -f -
      Error from server: failed to create typed patch object (default/tide; /v1, Kind=ConfigMap): .data: expected map, got &{[high]}
      [exit 1]
      $ printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: list}\nspec: {containers: {name: main, image: nginx}}\n' | kubectl apply --server-side -f -
      Error from server: failed to create typed patch object (default/list; /v1, Kind=Pod): .spec.containers: expected list, got &{map[image:nginx name:main]}
      [exit 1]
      $ kubectl apply --server-side -f limit.yaml
      The Pod "limit" is invalid: spec.containers[0].resources.requests: Invalid value: "10m": must be less than or equal to cpu limit of 0
      [exit 1]
      $ kubectl create -f limit.yaml
      The Pod "limit" is invalid: spec.containers[0].resources.requests: Invalid value: "10m": must be less than or equal to cpu limit of 0
      [exit 1]
      $ kubectl apply -f limit.yaml --dry-run=server -o jsonpath='{.spec.containers[0].resources}'
      {"requests":{"cpu":"10m"}}
      `,
    ))

  it("tells a patch's faults", () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create cm tide
      configmap/tide created
      $ kubectl apply -f unknown.yaml
      Warning: resource configmaps/tide is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.
      The request is invalid: patch: Invalid value: "map[data:map[high:4] depth:map[low:1] metadata:map[annotations:map[kubectl.kubernetes.io/last-applied-configuration:{\"apiVersion\":\"v1\",\"data\":{\"high\":\"4\"},\"depth\":{\"low\":1},\"kind\":\"ConfigMap\",\"metadata\":{\"annotations\":{},\"name\":\"tide\",\"namespace\":\"default\"}}\n]]]": strict decoding error: unknown field "depth"
      [exit 1]
      $ kubectl apply --validate=warn -f unknown.yaml
      Warning: resource configmaps/tide is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.
      Warning: unknown field "depth"
      configmap/tide configured
      $ kubectl apply --validate=ignore -f unknown.yaml
      configmap/tide configured
      $ kubectl patch cm tide -p '{"depth":1}'
      Warning: unknown field "depth"
      configmap/tide patched (no change)
      $ kubectl patch cm tide -p '{"data":[1]}'
      The request is invalid: patch: Invalid value: "map[data:[1]]": cannot restore map from slice
      [exit 1]
      $ kubectl patch cm tide -p '{"metadata":"x"}'
      The request is invalid: patch: Invalid value: "map[metadata:x]": cannot restore struct from: string
      [exit 1]
      $ kubectl patch cm tide -p '{"metadata":{"labels":"x"}}'
      The request is invalid: patch: Invalid value: "map[metadata:map[labels:x]]": cannot restore map from string
      [exit 1]
      $ kubectl patch cm tide -p '{"metadata":{"labels":{"a":5}}}'
      The request is invalid: patch: Invalid value: "map[metadata:map[labels:map[a:5]]]": cannot convert int64 to string
      [exit 1]
      $ kubectl patch cm tide -p '{"metadata":{"labels":{"a":true}}}'
      The request is invalid: patch: Invalid value: "map[metadata:map[labels:map[a:true]]]": unrecognized type: string
      [exit 1]
      $ kubectl patch cm tide -p '{"immutable":"yes"}'
      The request is invalid: patch: Invalid value: "map[immutable:yes]": unrecognized type: bool
      [exit 1]
      $ kubectl patch cm tide -p 'text'
      Error from server (BadRequest): json: cannot unmarshal string into Go value of type map[string]interface {}
      [exit 1]
      $ kubectl patch cm tide --type=merge -p '{"depth":1}'
      Warning: unknown field "depth"
      configmap/tide patched (no change)
      $ kubectl patch cm tide --type=merge -p '{"data":1}'
      The request is invalid: patch: Invalid value: "{…\"data\":1}": json: cannot unmarshal number into Go struct field ConfigMap.data of type map[string]string
      [exit 1]
      $ kubectl patch cm tide --type=merge -p '[1]'
      Error from server (BadRequest): error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}
      [exit 1]
      $ kubectl patch cm tide --type=json -p '{"op":"remove"}'
      Error from server (BadRequest): error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp
      [exit 1]
      $ kubectl patch cm tide --type=json -p '[{"op":"add","path":"/immutable","value":"yes"}]'
      The request is invalid: patch: Invalid value: "{…\"immutable\":\"yes\"}": json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool
      [exit 1]
      $ kubectl patch cm tide --type=json -p '[{"op":"remove","path":"/metadata/none"}]'
      The request is invalid: the server rejected our request due to an error in our request
      [exit 1]
      $ kubectl delete cm tide
      configmap "tide" deleted from default namespace
      `,
    ))
})
