import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { desk } from './desk.ts'

// Source: what test/cmd/apply.sh, save-config.sh and testdata/apply.txtar of kubernetes/kubernetes assert; kubernetes/kubernetes#135423 (nulls).

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
  'before.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: keys}
spec:
  selector: {matchLabels: {app: keys}}
  strategy: {type: RollingUpdate}
  template:
    metadata: {labels: {app: keys}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: registry.k8s.io/pause:3.10, volumeMounts: [{name: cache, mountPath: /cache}]}]
      volumes: [{name: cache, emptyDir: {}}]
`,
  'nulls.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: nulls}
spec:
  selector: {matchLabels: {app: nulls}}
  template:
    metadata: {labels: {app: nulls}}
    spec:
      containers:
      - name: main
        image: registry.k8s.io/pause:3.10
        terminationMessagePolicy: null
        resources: {requests: {memory: 64Mi, cpu: null}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: nulls}
spec: {hard: {limits.cpu: null, limits.memory: null, pods: 7}}
`,
  'svc.yaml': `apiVersion: v1
kind: Service
metadata: {name: lamp}
spec: {clusterIP: 10.100.7.7, ports: [{port: 80}]}
`,
  'buoy.yaml': `apiVersion: example.com/v1
kind: Buoy
metadata: {name: red}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: buoys.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: buoys, singular: buoy, kind: Buoy}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`,
}

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(FILES)
})
afterAll(() => cluster.close())

describe('kubectl apply', () => {
  it('remembers what it applied', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl apply -f pod.yaml
      pod/tug created
      $ kubectl get pod tug -o jsonpath='{.metadata.annotations}'
      {"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"annotations\":{},\"labels\":{\"crew\":\"one\"},\"name\":\"tug\",\"namespace\":\"default\"},\"spec\":{\"containers\":[{\"image\":\"registry.k8s.io/pause:3.10\",\"name\":\"main\"}],\"terminationGracePeriodSeconds\":0}}\n"}
      $ kubectl get --show-managed-fields -f pod.yaml -o jsonpath='{.metadata.managedFields[0].manager}'
      kubectl-client-side-apply
      $ kubectl delete pod tug
      pod "tug" deleted from default namespace
      $ kubectl create -f pod.yaml
      pod/tug created
      $ kubectl apply set-last-applied -f pod.yaml
      error: no last-applied-configuration annotation found on resource: tug, to create the annotation, run the command with --create-annotation
      [exit 1]
      $ kubectl apply set-last-applied --dry-run=client -f pod.yaml --create-annotation=true
      pod/tug configured (dry run)
      $ kubectl apply set-last-applied --dry-run=server -f pod.yaml --create-annotation=true
      pod/tug configured (server dry run)
      $ kubectl apply view-last-applied pod/tug
      $ kubectl apply set-last-applied -f pod.yaml --create-annotation=true
      pod/tug configured
      $ kubectl get pod tug -o jsonpath='{.metadata.annotations}'
      {"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"labels\":{\"crew\":\"one\"},\"name\":\"tug\",\"namespace\":\"default\"},\"spec\":{\"containers\":[{\"image\":\"registry.k8s.io/pause:3.10\",\"name\":\"main\"}],\"terminationGracePeriodSeconds\":0}}\n"}
      $ kubectl apply view-last-applied pod/tug
      apiVersion: v1
      kind: Pod
      metadata:
        labels:
          crew: one
        name: tug
        namespace: default
      spec:
        containers:
        - image: registry.k8s.io/pause:3.10
          name: main
        terminationGracePeriodSeconds: 0
      $ kubectl apply view-last-applied -f pod.yaml -o json
      {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
          "labels": {
            "crew": "one"
          },
          "name": "tug",
          "namespace": "default"
        },
        "spec": {
          "containers": [
            {
              "image": "registry.k8s.io/pause:3.10",
              "name": "main"
            }
          ],
          "terminationGracePeriodSeconds": 0
        }
      }
      $ EDITOR='sed -i s/one/edited/' kubectl apply edit-last-applied pod/tug
      pod/tug edited
      $ kubectl apply view-last-applied pod/tug | grep crew
          crew: edited
      $ kubectl get pod tug -o jsonpath='{.metadata.labels.crew}'
      one
      $ kubectl delete -f pod.yaml
      pod "tug" deleted from default namespace
      `,
    ))

  it('goes on from what was created and replaced', () =>
    transcript(
      cluster,
      `
      $ kubectl create -f pod.yaml
      pod/tug created
      $ kubectl apply -f pod2.yaml
      Warning: resource pods/tug is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.
      pod/tug configured
      $ kubectl wait --for=condition=Ready pod/tug
      pod/tug condition met
      $ kubectl get pod tug -o json | sed 's/two/three/; /resourceVersion/d' | kubectl replace -f -
      pod/tug replaced
      $ kubectl apply view-last-applied pod tug | grep crew
          crew: three
      $ kubectl delete -f pod.yaml
      pod "tug" deleted from default namespace
      $ kubectl create -f pod.yaml --save-config
      pod/tug created
      $ kubectl apply view-last-applied pod tug | grep crew
          crew: one
      $ kubectl apply -f pod2.yaml
      pod/tug configured
      $ kubectl apply -f pod2.yaml
      pod/tug unchanged
      $ kubectl delete -f pod.yaml
      pod "tug" deleted from default namespace
      `,
    ))

  it('clears fields that were defaulted', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl apply -f before.yaml
      deployment.apps/keys created
      $ kubectl get deployment keys -o jsonpath='{.spec.strategy}{"\n"}{.spec.template.spec.volumes}'
      {"rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"},"type":"RollingUpdate"}
      [{"emptyDir":{},"name":"cache"}]
      $ sed 's/type: RollingUpdate/type: Recreate/; s/emptyDir: {}/hostPath: {path: \/var\/cache}/' before.yaml | kubectl apply -f -
      deployment.apps/keys configured
      $ kubectl get deployment keys -o jsonpath='{.spec.strategy}{"\n"}{.spec.template.spec.volumes}'
      {"type":"Recreate"}
      [{"hostPath":{"path":"/var/cache","type":""},"name":"cache"}]
      $ kubectl delete deployment keys
      deployment.apps "keys" deleted from default namespace
      `,
    ))

  it('leaves out nulls, which other commands do not', () =>
    transcript(
      cluster,
      `
      $ kubectl apply -f nulls.yaml
      deployment.apps/nulls created
      resourcequota/nulls created
      $ kubectl get deployment nulls -o jsonpath='{.spec.template.spec.containers[0].resources} {.spec.template.spec.containers[0].terminationMessagePolicy}'
      {"requests":{"memory":"64Mi"}} File
      $ kubectl get quota nulls -o jsonpath='{.spec}'
      {"hard":{"pods":"7"}}
      $ kubectl apply -f nulls.yaml
      deployment.apps/nulls configured
      resourcequota/nulls configured
      $ kubectl get deployment nulls -o jsonpath='{.spec.template.spec.containers[0].resources}'
      {"requests":{"memory":"64Mi"}}
      $ kubectl delete -f nulls.yaml
      deployment.apps "nulls" deleted from default namespace
      resourcequota "nulls" deleted from default namespace
      $ kubectl create -f nulls.yaml
      deployment.apps/nulls created
      resourcequota/nulls created
      $ kubectl get deployment nulls -o jsonpath='{.spec.template.spec.containers[0].resources}'
      {"requests":{"cpu":"0","memory":"64Mi"}}
      $ kubectl get quota nulls -o jsonpath='{.spec}'
      {"hard":{"limits.cpu":"0","limits.memory":"0","pods":"7"}}
      $ kubectl delete -f nulls.yaml
      deployment.apps "nulls" deleted from default namespace
      resourcequota "nulls" deleted from default namespace
      `,
    ))

  it('takes what a selector picks, and nothing in a dry run', () =>
    transcript(
      cluster,
      `
      $ mkdir fleet; sed 's/crew: one/harbour: north/; s/name: tug/name: north/' pod.yaml > fleet/a.yaml; sed 's/name: tug/name: south/' pod.yaml > fleet/b.yaml
      $ kubectl apply -l harbour=north -f fleet
      pod/north created
      $ kubectl get pod south
      Error from server (NotFound): pods "south" not found
      [exit 1]
      $ kubectl delete pod north
      pod "north" deleted from default namespace
      $ kubectl apply --dry-run=true -f pod.yaml
      W… helpers.go:733] --dry-run=true is deprecated (boolean value) and can be replaced with --dry-run=client.
      pod/tug created (dry run)
      $ kubectl apply --dry-run=client -f pod.yaml
      pod/tug created (dry run)
      $ kubectl apply --dry-run=server -f pod.yaml
      pod/tug created (server dry run)
      $ kubectl get pods
      No resources found in default namespace.
      $ kubectl apply -f pod.yaml
      pod/tug created
      $ kubectl wait --for=condition=Ready pod/tug
      pod/tug condition met
      $ kubectl get pod tug -o jsonpath='{.metadata.resourceVersion}' > version
      $ kubectl apply --dry-run=client -f pod2.yaml
      pod/tug configured (dry run)
      $ kubectl apply --dry-run=server -f pod2.yaml
      pod/tug configured (server dry run)
      $ kubectl get pod tug -o jsonpath='{.metadata.resourceVersion}' | cmp - version
      $ kubectl apply --dry-run=sideways -f pod2.yaml
      error: Invalid dry-run value (sideways). Must be "none", "server", or "client".
      [exit 1]
      $ kubectl delete -f pod.yaml
      pod "tug" deleted from default namespace
      `,
    ))

  it('replaces what may not change only by force', () =>
    transcript(
      cluster,
      `
      $ kubectl apply -f svc.yaml
      service/lamp created
      $ sed s/7.7/7.8/ svc.yaml > svc2.yaml; kubectl apply -f svc2.yaml
      The Service "lamp" is invalid: spec.clusterIPs[0]: Invalid value: ["…"]: may not change once set
      [exit 1]
      $ kubectl apply -f svc2.yaml --force
      service/lamp configured
      $ kubectl get svc lamp -o jsonpath='{.spec.clusterIPs}'
      ["…"]
      $ kubectl delete -f svc.yaml
      service "lamp" deleted from default namespace
      `,
    ))

  it('reads a kustomization', () =>
    transcript(
      cluster,
      String.raw`
      $ mkdir kit; printf 'configMapGenerator: [{name: chart, literals: [depth=9]}]\nresources: [pod.yaml, svc.yaml]\nlabels: [{pairs: {kit: a}}]\n' > kit/kustomization.yaml; cp pod.yaml svc.yaml kit
      $ kubectl apply -k kit
      configmap/chart-… created
      service/lamp created
      pod/tug created
      $ kubectl apply --kustomize kit
      configmap/chart-… unchanged
      service/lamp unchanged
      pod/tug unchanged
      $ kubectl get -k kit -o name
      configmap/chart-…
      service/lamp
      pod/tug
      $ kubectl delete -k kit
      configmap "chart-…" deleted from default namespace
      service "lamp" deleted from default namespace
      pod "tug" deleted from default namespace
      $ kubectl apply -k nowhere
      error: must build at directory: not a valid directory: evalsymlink failure on 'nowhere' : lstat …/nowhere: no such file or directory
      [exit 1]
      $ kubectl apply -f pod.yaml -k kit
      error: only one of -f or -k can be specified
      [exit 1]
      $ kubectl apply
      error: must specify one of -f and -k
      [exit 1]
      $ kubectl apply -f nowhere.yaml
      error: the path "nowhere.yaml" does not exist
      [exit 1]
      `,
    ))

  it('does what it can of several objects', () =>
    transcript(
      cluster,
      String.raw`
      $ { sed 's/name: tug/name: tug, namespace: quay/' pod.yaml; printf -- '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: quay}\n'; } > several.yaml
      $ kubectl apply -f several.yaml
      namespace/quay created
      Error from server (NotFound): error when creating "several.yaml": namespaces "quay" not found
      [exit 1]
      $ kubectl apply -f several.yaml
      pod/tug created
      namespace/quay unchanged
      $ kubectl apply -n docks -f several.yaml
      namespace/quay unchanged
      error: the namespace from the provided object "quay" does not match the namespace "docks". You must pass '--namespace=quay' to perform this operation.
      [exit 1]
      $ kubectl delete -f several.yaml
      pod "tug" deleted from quay namespace
      namespace "quay" deleted
      $ printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: log}\n---\napiVersion: example.com/v1\nkind: Bogus\nmetadata: {name: log}\n' > bogus.yaml; kubectl apply -f bogus.yaml
      configmap/log created
      error: resource mapping not found for name: "log" namespace: "" from "bogus.yaml": no matches for kind "Bogus" in version "example.com/v1"
      ensure CRDs are installed first
      [exit 1]
      $ kubectl delete cm log
      configmap "log" deleted from default namespace
      $ for n in rib-a Rib_B rib-c; do echo ---; sed "s/name: tug/name: $n/" pod.yaml; done > ribs.yaml; kubectl apply -f ribs.yaml
      pod/rib-a created
      pod/rib-c created
      The Pod "Rib_B" is invalid: metadata.name: Invalid value: "Rib_B": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
      [exit 1]
      $ kubectl get pods -o name
      pod/rib-a
      pod/rib-c
      $ kubectl delete pod rib-a rib-c
      pod "rib-a" deleted from default namespace
      pod "rib-c" deleted from default namespace
      $ kubectl apply -f buoy.yaml
      customresourcedefinition.apiextensions.k8s.io/buoys.example.com created
      error: resource mapping not found for name: "red" namespace: "" from "buoy.yaml": no matches for kind "Buoy" in version "example.com/v1"
      ensure CRDs are installed first
      [exit 1]
      $ kubectl wait --for=condition=Established crd/buoys.example.com
      customresourcedefinition.apiextensions.k8s.io/buoys.example.com condition met
      $ kubectl get buoys red
      Error from server (NotFound): buoys.example.com "red" not found
      [exit 1]
      $ kubectl apply --dry-run=server -f buoy.yaml
      buoy.example.com/red created (server dry run)
      customresourcedefinition.apiextensions.k8s.io/buoys.example.com unchanged (server dry run)
      $ kubectl apply --server-side --dry-run=server -f buoy.yaml
      buoy.example.com/red serverside-applied (server dry run)
      Warning: failed to migrate kubectl.kubernetes.io/last-applied-configuration for Server-Side Apply. This is non-fatal and will be retried next time you apply. Error: Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apiextensions.k8s.io/v1: .metadata.annotations.kubectl.kubernetes.io/last-applied-configuration
      customresourcedefinition.apiextensions.k8s.io/buoys.example.com serverside-applied (server dry run)
      $ kubectl apply -f buoy.yaml
      buoy.example.com/red created
      customresourcedefinition.apiextensions.k8s.io/buoys.example.com unchanged
      $ kubectl delete -f buoy.yaml
      buoy.example.com "red" deleted from default namespace
      customresourcedefinition.apiextensions.k8s.io "buoys.example.com" deleted
      `,
    ))
})
