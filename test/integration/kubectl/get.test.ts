import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { desk } from './desk.ts'

// Source: what test/cmd/get.sh, request-timeout.sh, delete.sh and testdata/delete.txtar of kubernetes/kubernetes assert.

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
  'fleet.yaml': `apiVersion: v1
kind: Pod
metadata: {name: boat-1, labels: {name: charlie}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: bravo, image: registry.k8s.io/pause:3.10, resources: {requests: {cpu: 20m, memory: 1Gi}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: boat-2, labels: {name: bravo}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: alpha, image: registry.k8s.io/pause:3.10, resources: {requests: {cpu: "1", memory: 1500Mi}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: boat-3, labels: {name: alpha}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: charlie, image: registry.k8s.io/pause:3.10, resources: {requests: {cpu: 5m, memory: 900Mi}}}]
`,
}

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(FILES)
})
afterAll(() => cluster.close())

describe('kubectl get and delete', () => {
  it('says what is not there', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl get pods abc
      Error from server (NotFound): pods "abc" not found
      [exit 1]
      $ kubectl get pods abc -o name
      Error from server (NotFound): pods "abc" not found
      [exit 1]
      $ kubectl get pods abc -o json
      Error from server (NotFound): pods "abc" not found
      [exit 1]
      $ kubectl get pods abc --ignore-not-found
      $ kubectl get pods -o json
      {
          "apiVersion": "v1",
          "items": [],
          "kind": "List",
          "metadata": {
              "resourceVersion": ""
          }
      }
      $ kubectl get pods -o yaml
      apiVersion: v1
      items: []
      kind: List
      metadata:
        resourceVersion: ""
      $ kubectl get pods -o name
      $ kubectl get pods -o jsonpath='{.items}{"\n"}'
      []
      $ kubectl get pods -o go-template='{{.items}}{{"\n"}}'
      []
      $ kubectl get pods -o custom-columns=NAME:.metadata.name
      NAME
      $ kubectl get foobar
      error: the server doesn't have a resource type "foobar"
      [exit 1]
      $ kubectl get foobar.example.com
      error: the server doesn't have a resource type "foobar"
      [exit 1]
      $ kubectl get deployments.v2.apps
      error: the server doesn't have a resource type "deployments"
      [exit 1]
      $ kubectl get pods
      No resources found in default namespace.
      $ kubectl get pods --ignore-not-found
      $ kubectl get pods -o wide
      No resources found in default namespace.
      $ kubectl get pods -n nowhere
      No resources found in nowhere namespace.
      $ kubectl get pods,services,deployments -n nowhere
      No resources found in nowhere namespace.
      $ kubectl get
      You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.

      error: Required resource not specified.
      Use "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).
      See 'kubectl get -h' for help and examples
      [exit 1]
      $ kubectl get pods/a service
      error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'
      [exit 1]
      $ kubectl get pods a/b
      error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'
      [exit 1]
      $ kubectl get pod a --all-namespaces
      error: a resource cannot be retrieved by name across all namespaces
      [exit 1]
      $ kubectl get nodes --all-namespaces | head -n 1
      NAME     STATUS   ROLES    AGE   VERSION
      $ kubectl get pods -o sideways
      error: unable to match a printer suitable for the output format "sideways", allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml
      [exit 1]
      $ kubectl get pods --sort-by=metadata.name
      No resources found in default namespace.
      $ kubectl get pods --sort-by='{metadata.creationTimestamp}'
      No resources found in default namespace.
      `,
    ))

  it('asks in pages, for all kinds', () =>
    transcript(
      cluster,
      `
      $ kubectl -n default get all --chunk-size=0 --v=6 2>&1 | grep -o '"GET" url="[^"]*/namespaces/[^"]*" status="[^"]*"' | sed 's/"GET" url="https:..[^/]*//; s/" status="/ /; s/"$//'
      /api/v1/namespaces/default/pods 200 OK
      /api/v1/namespaces/default/replicationcontrollers 200 OK
      /api/v1/namespaces/default/services 200 OK
      /apis/apps/v1/namespaces/default/daemonsets 200 OK
      /apis/apps/v1/namespaces/default/deployments 200 OK
      /apis/apps/v1/namespaces/default/replicasets 200 OK
      /apis/apps/v1/namespaces/default/statefulsets 200 OK
      /apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers 200 OK
      /apis/batch/v1/namespaces/default/cronjobs 200 OK
      /apis/batch/v1/namespaces/default/jobs 200 OK
      $ kubectl get clusterrole --chunk-size=20 --v=6 2>&1 | grep -o 'clusterroles?[a-z]*=[0-9]*'
      clusterroles?limit=20
      clusterroles?continue=
      clusterroles?continue=
      clusterroles?continue=
      $ kubectl get clusterrole --v=6 2>&1 | grep -o 'clusterroles?.*status="[^"]*"'
      clusterroles?limit=500" status="200 OK"
      $ kubectl get namespaces --chunk-size=1 --no-headers
      default           Active   …
      kube-node-lease   Active   …
      kube-public       Active   …
      kube-system       Active   …
      $ kubectl create cm one
      configmap/one created
      $ kubectl create cm two
      configmap/two created
      $ kubectl get configmap --chunk-size=1
      NAME               DATA   AGE
      kube-root-ca.crt   1      …
      one                0      …
      two                0      …
      $ kubectl get configmap --chunk-size=1 --watch --request-timeout=1s
      NAME               DATA   AGE
      kube-root-ca.crt   1      …
      one                0      …
      two                0      …
      $ kubectl get configmap --chunk-size=1 --watch-only --request-timeout=1s
      $ kubectl get configmap -l none=such --watch --request-timeout=1s
      $ kubectl delete cm one two
      configmap "one" deleted from default namespace
      configmap "two" deleted from default namespace
      `,
    ))

  it('fills templates', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create -f pod.yaml
      pod/tug created
      $ kubectl wait --for=condition=Ready pod/tug
      pod/tug condition met
      $ kubectl get pod tug -o jsonpath='{.missing}'
      $ kubectl get pod tug -o go-template='{{.missing}}{{"\n"}}'
      <no value>
      $ kubectl get pod tug --template='{{.metadata.name}}:{{"\n"}}'
      tug:
      $ kubectl get pod tug --allow-missing-template-keys=false -o jsonpath='{.missing}' 2>&1 | head -n 1
      error: error executing jsonpath "{.missing}": Error executing template: missing is not found. Printing more information for debugging the template:
      $ kubectl get pod tug --allow-missing-template-keys=false -o go-template='{{.missing}}' 2>&1 | head -n 1 | cut -c 1-120
      Error executing template: template: output:1:2: executing "output" at <.missing>: map has no entry for key "missing". Pr
      $ kubectl get pod tug -o jsonpath='{.metadata.name'
      error: error parsing jsonpath {.metadata.name, unclosed action
      [exit 1]
      $ kubectl get pod tug -o jsonpath='{range .status.conditions[?(@.status=="True")]}{.type}{"\n"}{end}'
      PodReadyToStartContainers
      Initialized
      Ready
      ContainersReady
      PodScheduled
      $ kubectl get pod tug -o jsonpath-as-json='{.spec.containers[*].image}'
      [
          "registry.k8s.io/pause:3.10"
      ]
      $ kubectl get pod tug -o custom-columns='NAME:.metadata.name,IMAGE:.spec.containers[0].image,NONE:.missing'
      NAME   IMAGE                        NONE
      tug    registry.k8s.io/pause:3.10   <none>
      $ printf 'NAME          CREW\nmetadata.name metadata.labels.crew\n' > columns; kubectl get pod tug -o custom-columns-file=columns
      NAME   CREW
      tug    one
      $ printf '{{.metadata.name}} has {{len .spec.containers}} container\n' > page; kubectl get pod tug -o go-template-file=page
      tug has 1 container
      $ kubectl get pod tug --subresource=status
      NAME   READY   STATUS    RESTARTS   AGE
      tug    1/1     Running   0          …
      $ kubectl get pod tug --subresource=status -o jsonpath='{.status.phase}'
      Running
      $ kubectl get pod tug --subresource=scale
      Error from server (NotFound): the server could not find the requested resource (get pods tug)
      [exit 1]
      $ kubectl get pod --subresource=status
      error: subresource cannot be used when bulk resources are specified
      [exit 1]
      $ kubectl get pod tug --output-watch-events -w --request-timeout=1s -o jsonpath='{.type} {.object.metadata.name}{"\n"}'
      ADDED tug
      $ kubectl get pods -w --request-timeout=1s
      NAME   READY   STATUS    RESTARTS   AGE
      tug    1/1     Running   0          …
      $ kubectl get pods/tug -o name -w --request-timeout=1s
      pod/tug
      $ kubectl get pods/nobody -w --request-timeout=1s
      Error from server (NotFound): pods "nobody" not found
      [exit 1]
      $ kubectl get pod tug --request-timeout=1
      NAME   READY   STATUS    RESTARTS   AGE
      tug    1/1     Running   0          …
      $ kubectl get pod tug --request-timeout=1p
      error: Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. … | … | 3h)
      [exit 1]
      $ kubectl get pod tug node/node-1
      error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'
      [exit 1]
      $ kubectl get pod tug --show-kind --no-headers
      pod/tug   1/1   Running   0     …
      $ kubectl get pod,node --no-headers -o name
      pod/tug
      node/node-1
      node/node-2
      $ kubectl delete -f pod.yaml
      pod "tug" deleted from default namespace
      `,
    ))

  it('sorts by any field', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create -f fleet.yaml
      pod/boat-1 created
      pod/boat-2 created
      pod/boat-3 created
      $ kubectl wait --for=condition=Ready pod --all
      pod/boat-1 condition met
      pod/boat-2 condition met
      pod/boat-3 condition met
      $ kubectl get pods --sort-by=metadata.name -o name
      pod/boat-1
      pod/boat-2
      pod/boat-3
      $ kubectl get pods --sort-by='{metadata.labels.name}' -o name
      pod/boat-3
      pod/boat-2
      pod/boat-1
      $ kubectl get pods --sort-by='{spec.containers[0].name}' -o name
      pod/boat-2
      pod/boat-1
      pod/boat-3
      $ kubectl get pods --sort-by='{metadata.creationTimestamp}' --no-headers | cut -d ' ' -f 1
      boat-1
      boat-2
      boat-3
      $ kubectl get pods --sort-by='{.spec.containers[0].resources.requests.memory}' --no-headers | cut -d ' ' -f 1
      boat-3
      boat-1
      boat-2
      $ kubectl get pods --sort-by='{.spec.containers[0].resources.requests.cpu}' --no-headers | cut -d ' ' -f 1
      boat-3
      boat-1
      boat-2
      $ kubectl get pods --sort-by='{spec.containers[0].name}' --server-print=false
      NAME     AGE
      boat-2   …
      boat-1   …
      boat-3   …
      $ kubectl get pods --sort-by=metadata.name --v=8 2>&1 | grep -o 'as=Table;v=v1\|includeObject=Object' | sort -u
      as=Table;v=v1
      includeObject=Object
      $ kubectl get -f fleet.yaml -o jsonpath='{..metadata.name}{"\n"}'
      boat-1 boat-2 boat-3
      $ kubectl get -f fleet.yaml --watch
      NAME     READY   STATUS    RESTARTS   AGE
      boat-1   1/1     Running   0          …
      boat-2   1/1     Running   0          …
      boat-3   1/1     Running   0          …
      error: watch is only supported on individual resources and resource collections - 3 resources were found
      [exit 1]
      $ kubectl delete pod --grace-period=0 --force --all
      Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
      pod "boat-1" force deleted from default namespace
      pod "boat-2" force deleted from default namespace
      pod "boat-3" force deleted from default namespace
      `,
    ))

  it('looks into all namespaces', () =>
    transcript(
      cluster,
      `
      $ kubectl create namespace bay
      namespace/bay created
      $ kubectl create serviceaccount pilot -n bay
      serviceaccount/pilot created
      $ kubectl get serviceaccounts --all-namespaces --field-selector metadata.name=pilot
      NAMESPACE   NAME    SECRETS   AGE
      bay         pilot   0         …
      $ kubectl get serviceaccounts -A -n default --field-selector metadata.name=pilot
      NAMESPACE   NAME    SECRETS   AGE
      bay         pilot   0         …
      $ kubectl get sa pilot -n bay -o yaml
      apiVersion: v1
      kind: ServiceAccount
      metadata:
        creationTimestamp: "…"
        name: pilot
        namespace: bay
        resourceVersion: "…"
        uid: …
      $ kubectl get serviceaccounts -A -l none=such
      No resources found
      $ kubectl get nodes,sa -A --field-selector metadata.name=pilot
      NAMESPACE   NAME                   SECRETS   AGE
      bay         serviceaccount/pilot   0         …
      $ kubectl delete namespace bay
      namespace "bay" deleted
      $ kubectl get componentstatuses
      Warning: v1 ComponentStatus is deprecated in v1.19+
      NAME                 STATUS    MESSAGE   ERROR
      scheduler            Healthy   ok        
      controller-manager   Healthy   ok        
      etcd-0               Healthy   ok        
      $ kubectl get cs --warnings-as-errors >/dev/null
      Warning: v1 ComponentStatus is deprecated in v1.19+
      error: 1 warning received
      [exit 1]
      `,
    ))

  it('deletes across namespaces', () =>
    transcript(
      cluster,
      `
      $ kubectl create ns one
      namespace/one created
      $ kubectl create ns two
      namespace/two created
      $ for n in one two; do kubectl create cm log-$n -n $n; kubectl label cm log-$n -n $n old=yes; done
      configmap/log-one created
      configmap/log-one labeled
      configmap/log-two created
      configmap/log-two labeled
      $ kubectl delete cm --dry-run=client -l old=yes --all-namespaces
      configmap "log-one" deleted from one namespace (dry run)
      configmap "log-two" deleted from two namespace (dry run)
      $ kubectl delete cm --dry-run=server -l old=yes -A
      configmap "log-one" deleted from one namespace (server dry run)
      configmap "log-two" deleted from two namespace (server dry run)
      $ kubectl get cm -l old -A
      NAMESPACE   NAME      DATA   AGE
      one         log-one   0      …
      two         log-two   0      …
      $ kubectl delete cm -l old=yes -A
      configmap "log-one" deleted from one namespace
      configmap "log-two" deleted from two namespace
      $ kubectl get cm -l old -A
      No resources found
      $ kubectl create cm log -n one
      configmap/log created
      $ echo n | kubectl delete cm log -n one --interactive
      You are about to delete the following 1 resource(s):
      configmap/log
      Do you want to continue? (y/N): deletion is cancelled
      $ echo y | kubectl delete cm log -n one -i
      You are about to delete the following 1 resource(s):
      configmap/log
      Do you want to continue? (y/N): configmap "log" deleted from one namespace
      $ kubectl create cm log -n one
      configmap/log created
      $ kubectl delete cm log -n one --force --wait
      Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
      configmap "log" force deleted from one namespace
      $ kubectl delete cm log -n one
      Error from server (NotFound): configmaps "log" not found
      [exit 1]
      $ kubectl delete cm log -n one --ignore-not-found
      $ kubectl delete cm
      error: resource(s) were provided, but no name was specified
      [exit 1]
      $ kubectl delete
      error: You must provide one or more resources by argument or filename.
      Example resource specifications include:
         '-f rsrc.yaml'
         '--filename=rsrc.json'
         '<resource> <name>'
         '<resource>'
      [exit 1]
      $ kubectl delete ns -n one --all --dry-run=client
      Warning: deleting cluster-scoped resources, not scoped to the provided namespace
      namespace "default" deleted (dry run)
      namespace "kube-node-lease" deleted (dry run)
      namespace "kube-public" deleted (dry run)
      namespace "kube-system" deleted (dry run)
      namespace "one" deleted (dry run)
      namespace "two" deleted (dry run)
      $ kubectl delete ns one two
      namespace "one" deleted
      namespace "two" deleted
      `,
    ))
})
