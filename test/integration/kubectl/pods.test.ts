import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { desk } from './desk.ts'

// Source: what run_pod_tests of test/cmd/core.sh and test/cmd/save-config.sh of kubernetes/kubernetes assert.

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
}

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(FILES)
})
afterAll(() => cluster.close())

describe('a pod', () => {
  it('is got, described and deleted', () =>
    transcript(
      cluster,
      `
      $ kubectl create -f pod.yaml
      pod/tug created
      $ kubectl get pods -o go-template='{{range .items}}{{.metadata.name}}:{{end}}'
      tug:
      $ kubectl get pod/tug pods/tug -o jsonpath='{.items[*].metadata.name}'
      tug tug
      $ kubectl get --show-managed-fields -f pod.yaml -o jsonpath='{.metadata.managedFields[0].manager}'
      kubectl-create
      $ kubectl wait --for=condition=Ready pod/tug
      pod/tug condition met
      $ kubectl describe pod tug
      Name:             tug
      Namespace:        default
      Priority:         0
      Service Account:  default
      Node:             node-…/…
      Start Time:       …
      Labels:           crew=one
      Annotations:      <none>
      Status:           Running
      IP:               …
      IPs:
        IP:  …
      Containers:
        main:
          Container ID:   containerd://…
          Image:          registry.k8s.io/pause:3.10
          Image ID:       registry.k8s.io/pause@sha256:…
          Port:           <none>
          Host Port:      <none>
          State:          Running
            Started:      …
          Ready:          True
          Restart Count:  0
          Environment:    <none>
          Mounts:
            /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-… (ro)
      Conditions:
        Type                        Status
        PodReadyToStartContainers   True 
        Initialized                 True 
        Ready                       True 
        ContainersReady             True 
        PodScheduled                True 
      Volumes:
        kube-api-access-…:
          Type:                    Projected (a volume that contains injected data from multiple sources)
          TokenExpirationSeconds:  3607
          ConfigMapName:           kube-root-ca.crt
          Optional:                false
          DownwardAPI:             true
      QoS Class:                   BestEffort
      Node-Selectors:              <none>
      Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for …
                                   node.kubernetes.io/unreachable:NoExecute op=Exists for …
      Events:
        Type    Reason     Age   From               Message
        ----    ------     ----  ----               -------
        Normal  Scheduled  …    default-scheduler  Successfully assigned default/tug to node-…
        Normal  Pulling    …    kubelet            spec.containers{main}: Pulling image "registry.k8s.io/pause:3.10"
        Normal  Pulled     …    kubelet            spec.containers{main}: Successfully pulled image "registry.k8s.io/pause:3.10" in … (… including waiting). Image size: … bytes.
        Normal  Created    …    kubelet            spec.containers{main}: Container created
        Normal  Started    …    kubelet            spec.containers{main}: Container started
      $ kubectl describe pod tug --show-events=false | tail -n 3
      Node-Selectors:              <none>
      Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for …
                                   node.kubernetes.io/unreachable:NoExecute op=Exists for …
      $ kubectl describe pods --v=6 2>&1 | grep -o '/[a-z]*?[^"]*limit=[0-9]*' | sed 's/?.*limit/ limit/'
      /pods limit=500
      /events limit=500
      $ kubectl describe pods --chunk-size=10 --v=6 2>&1 | grep -o '/[a-z]*?[^"]*limit=[0-9]*' | sed 's/?.*limit/ limit/'
      /pods limit=10
      /events limit=10
      $ kubectl describe pod nobody
      Error from server (NotFound): pods "nobody" not found
      [exit 1]
      $ kubectl describe pod tu --show-events=false | head -n 1
      Name:             tug
      $ kubectl get pod tug -o yaml > dump.yaml
      $ kubectl delete pod tug --grace-period=0 --force
      Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
      pod "tug" force deleted from default namespace
      $ sed -i '/namespace:/d' dump.yaml; kubectl create -f dump.yaml
      pod/tug created
      $ kubectl delete pod tug --now
      pod "tug" deleted from default namespace
      $ kubectl create -f pod.yaml
      pod/tug created
      $ kubectl delete pod tug --grace-period=0
      pod "tug" deleted from default namespace
      $ kubectl create -f pod.yaml
      pod/tug created
      $ kubectl delete -f pod.yaml --grace-period=0 --force
      Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
      pod "tug" force deleted from default namespace
      $ kubectl create -f pod.yaml
      pod/tug created
      $ kubectl delete pods -l'crew in (one)' --grace-period=0 --force
      Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
      pod "tug" force deleted from default namespace
      $ kubectl create -f pod.yaml
      pod/tug created
      $ kubectl wait --for=jsonpath='{.status.phase}'=Running pod/tug
      pod/tug condition met
      $ kubectl get pods --field-selector metadata.name=tug
      NAME   READY   STATUS    RESTARTS   AGE
      tug    1/1     Running   0          …
      $ kubectl get pods --field-selector status.phase=Running,spec.nodeName!=nowhere -o name
      pod/tug
      $ kubectl get pods --field-selector spec.hostname=x
      Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "spec.hostname=x": field label not supported: spec.hostname
      [exit 1]
      $ kubectl delete pods
      error: resource(s) were provided, but no name was specified
      [exit 1]
      $ kubectl delete --all pods -l'crew in (one)'
      error: setting 'all' parameter but found a non empty selector. 
      [exit 1]
      $ kubectl delete --all pods --grace-period=0 --force
      Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
      pod "tug" force deleted from default namespace
      $ kubectl get pods -l'crew in (one)'
      No resources found in default namespace.
      `,
    ))

  it('is labelled and annotated', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create -f pod.yaml
      pod/tug created
      $ kubectl label pods tug name=value --dry-run=client
      pod/tug labeled (dry run)
      $ kubectl label pods tug name=value --dry-run=server
      pod/tug labeled (server dry run)
      $ kubectl get pod tug -o jsonpath='{.metadata.labels}{"\n"}'
      {"crew":"one"}
      $ kubectl label pods tug name=value
      pod/tug labeled
      $ kubectl label pods tug empty=""
      pod/tug labeled
      $ kubectl label pods tug empty=""
      pod/tug not labeled
      $ kubectl get pod tug -o go-template='{{.metadata.labels.empty}}|{{.metadata.labels.none}}{{"\n"}}'
      |<no value>
      $ kubectl annotate pods tug empty="" --dry-run=client
      pod/tug annotated (dry run)
      $ kubectl annotate pods tug empty="" --dry-run=server
      pod/tug annotated (server dry run)
      $ kubectl annotate pods tug empty=""
      pod/tug annotated
      $ kubectl get pod tug -o jsonpath='{.metadata.annotations}'
      {"empty":""}
      $ kubectl label pods tug recorded=true --record=true
      Flag --record has been deprecated, --record will be removed in the future
      pod/tug labeled
      $ kubectl get pod tug -o jsonpath='{.metadata.annotations}'
      {"empty":"","kubernetes.io/change-cause":"kubectl label pods tug recorded=true --record=true"}
      $ kubectl label pods tug unrecorded=true --record=false
      Flag --record has been deprecated, --record will be removed in the future
      pod/tug labeled
      $ kubectl get pod tug --show-managed-fields -o jsonpath='{.metadata.managedFields[*].manager}' | grep -o 'kubectl-[al][a-z]*' | sort
      kubectl-annotate
      kubectl-label
      $ kubectl label pods tug name=other
      error: 'name' already has a value (value), and --overwrite is false
      [exit 1]
      $ kubectl label --overwrite pods --all name=other
      pod/tug labeled
      $ kubectl label pods tug name- none-
      label "none" not found.
      pod/tug unlabeled
      $ kubectl label pods tug 'bad key=1'
      The Pod "tug" is invalid: metadata.labels: Invalid value: "bad key": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
      [exit 1]
      $ kubectl label pods tug key='not valid'
      error: invalid label value: "key=not valid": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')
      [exit 1]
      $ kubectl label pods tug
      error: at least one label update is required
      [exit 1]
      $ kubectl label --local --overwrite -f pod.yaml crew=local -o jsonpath='{.metadata.labels.crew}'
      local
      $ kubectl annotate -f pod.yaml note=live
      pod/tug annotated
      $ kubectl annotate --local -f pod.yaml note=local -o jsonpath='{.metadata.annotations.note}'
      local
      $ kubectl annotate pod tug note=again
      error: --overwrite is false but found the following declared annotation(s): 'note' already has a value (live)
      [exit 1]
      $ kubectl annotate pod tug note- 
      pod/tug annotated
      $ kubectl wait --for=condition=Ready pod/tug
      pod/tug condition met
      $ kubectl get pods -lcrew=one,unrecorded -L crew,recorded
      NAME   READY   STATUS    RESTARTS   AGE   CREW   RECORDED
      tug    1/1     Running   0          …    one    true
      $ kubectl delete pods -lcrew=one --grace-period=0 --force
      Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
      pod "tug" force deleted from default namespace
      `,
    ))

  it('is patched', () =>
    transcript(
      cluster,
      `
      $ kubectl create -f pod.yaml
      pod/tug created
      $ kubectl patch --local -f pod.yaml --patch='{"spec": {"restartPolicy":"Never"}}' -o jsonpath='{.spec.restartPolicy}'
      Never
      $ kubectl patch pod tug -p='{"metadata":{"labels":"invalid"}}'
      The request is invalid: patch: Invalid value: "map[metadata:map[labels:invalid]]": cannot restore map from string
      [exit 1]
      $ kubectl patch pod tug -p='{"metadata":{"labels":{"crew":5}}}'
      The request is invalid: patch: Invalid value: "map[metadata:map[labels:map[crew:5]]]": cannot convert int64 to string
      [exit 1]
      $ kubectl patch pod tug -p='{"metadata":{"labels":{"crew":"one"}}}'
      pod/tug patched (no change)
      $ kubectl patch pod tug --record -p='{"spec":{"containers":[{"name":"main","image":"registry.k8s.io/pause:3.9"}]}}'
      Flag --record has been deprecated, --record will be removed in the future
      pod/tug patched
      $ kubectl get pod tug -o jsonpath='{.spec.containers[*].image} {.metadata.annotations}'
      registry.k8s.io/pause:3.9 {"kubernetes.io/change-cause":"kubectl patch pod tug --record=true --patch={\\"spec\\":{\\"containers\\":[{\\"name\\":\\"main\\",\\"image\\":\\"registry.k8s.io/pause:3.9\\"}]}}"}
      $ kubectl patch pod tug --type=json -p='[{"op":"replace","path":"/spec/containers/0/image","value":"registry.k8s.io/pause:3.10"}]'
      pod/tug patched
      $ kubectl patch pod tug --type=json -p='[{"op":"test","path":"/spec/containers/0/image","value":"nginx"},{"op":"remove","path":"/metadata/labels"}]'
      The request is invalid: the server rejected our request due to an error in our request
      [exit 1]
      $ kubectl patch pod tug --type=json -p='[{"op":"remove","path":"/metadata/none"}]'
      The request is invalid: the server rejected our request due to an error in our request
      [exit 1]
      $ kubectl patch pod tug --type=json -p='{"op":"remove"}'
      Error from server (BadRequest): error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp
      [exit 1]
      $ kubectl patch pod tug --type=merge -p='{"metadata":{"labels":{"crew":null,"tide":"low"}}}'
      pod/tug patched
      $ kubectl get pod tug -o jsonpath='{.metadata.labels}'
      {"tide":"low"}
      $ kubectl patch pod tug --dry-run=client -p='{"spec":{"containers":[{"name":"main","image":"nginx"}]}}'
      pod/tug patched
      $ kubectl patch pod tug --dry-run=server -p='{"spec":{"containers":[{"name":"main","image":"nginx"}]}}'
      pod/tug patched
      $ kubectl patch pod tug -p='spec: {containers: [{name: main, image: registry.k8s.io/pause:3.8}]}'
      pod/tug patched
      $ kubectl patch -f pod.yaml -p='{"spec":{"containers":[{"name":"main","image":"registry.k8s.io/pause:3.10"}]}}'
      pod/tug patched
      $ kubectl get pod tug -o jsonpath='{.spec.containers[*].image}'
      registry.k8s.io/pause:3.10
      $ kubectl patch pod tug -p='{"spec":{"restartPolicy":"Never"}}'
      The Pod "tug" is invalid: spec: Forbidden: pod updates may not change fields other than \`spec.containers[*].image\`,\`spec.initContainers[*].image\`,\`spec.activeDeadlineSeconds\`,\`spec.tolerations\` (only additions to existing tolerations),\`spec.terminationGracePeriodSeconds\` (allow it to be set to 1 if it was previously negative)
      --- expected
      +++ got
      @@ -126,21 +126,21 @@
             "TerminationMessagePath": "/dev/termination-log",
             "TerminationMessagePolicy": "File",
             "ImagePullPolicy": "IfNotPresent",
             "SecurityContext": null,
             "Stdin": false,
             "StdinOnce": false,
             "TTY": false
           }
         ],
         "EphemeralContainers": null,
      -  "RestartPolicy": "Always",
      +  "RestartPolicy": "Never",
         "TerminationGracePeriodSeconds": 0,
         "ActiveDeadlineSeconds": null,
         "DNSPolicy": "ClusterFirst",
         "NodeSelector": null,
         "ServiceAccountName": "default",
         "AutomountServiceAccountToken": null,
         "NodeName": "node-…",
         "SecurityContext": {
           "HostNetwork": false,
           "HostPID": false,

      [exit 1]
      $ kubectl patch pod tug -p='{"metadata":{"resourceVersion":"1"},"spec":{"containers":[{"name":"main","image":"nginx"}]}}'
      Error from server (Conflict): Operation cannot be fulfilled on pods "tug": the object has been modified; please apply your changes to the latest version and try again
      [exit 1]
      $ kubectl patch pod tug -p='{"metadata":{"name":"other"}}'
      Error from server (BadRequest): the name of the object (other) does not match the name on the URL (tug)
      [exit 1]
      $ kubectl patch pod tug -p='not a patch'
      Error from server (BadRequest): json: cannot unmarshal string into Go value of type map[string]interface {}
      [exit 1]
      $ kubectl patch pod tug --type=sideways -p='{}'
      error: --type must be one of [json merge strategic], not "sideways"
      [exit 1]
      $ kubectl patch pod tug --subresource=status --type=merge -p='{"status":{"message":"painted"}}'
      pod/tug patched
      $ kubectl get pod tug -o jsonpath='{.status.message}'
      painted
      $ kubectl patch pod tug --subresource=nothing --type=merge -p='{}'
      Error from server (NotFound): the server could not find the requested resource (get pods tug)
      [exit 1]
      $ kubectl patch pod nobody -p='{}'
      Error from server (NotFound): pods "nobody" not found
      [exit 1]
      $ kubectl patch node node-1 -p='{"spec":{"unschedulable":true}}'
      node/node-1 patched
      $ kubectl get node node-1
      NAME     STATUS                     ROLES    AGE   VERSION
      node-1   Ready,SchedulingDisabled   <none>   …   v1.35.2-eks-1234567
      $ kubectl patch node node-1 -p='{"spec":{"unschedulable":null}}'
      node/node-1 patched
      `,
    ))

  it('is replaced', () =>
    transcript(
      cluster,
      `
      $ kubectl get pod tug -o json | sed 's/"name": "main"/"name": "other"/' > replaced.json
      $ kubectl replace -f replaced.json
      The Pod "tug" is invalid: spec: Forbidden: pod updates may not change fields other than \`spec.containers[*].image\`,\`spec.initContainers[*].image\`,\`spec.activeDeadlineSeconds\`,\`spec.tolerations\` (only additions to existing tolerations),\`spec.terminationGracePeriodSeconds\` (allow it to be set to 1 if it was previously negative)
      …
      [exit 1]
      $ kubectl replace --force -f replaced.json
      pod "tug" deleted from default namespace
      pod/tug replaced
      $ kubectl get pod tug -o jsonpath='{.spec.containers[0].name} {.metadata.managedFields[*].manager}' --show-managed-fields | grep -o '^[^ ]*\\|kubectl-replace'
      other
      kubectl-replace
      $ kubectl replace --grace-period=1 -f replaced.json
      error: --grace-period must have --force specified
      [exit 1]
      $ kubectl replace --timeout=1s -f replaced.json
      error: --timeout must have --force specified
      [exit 1]
      $ sed 's/name: tug/name: nobody/' pod.yaml | kubectl replace -f -
      Error from server (NotFound): error when replacing "STDIN": pods "nobody" not found
      [exit 1]
      $ printf '{"kind":"Node","apiVersion":"v1","metadata":{"name":"raft"}}' | kubectl create -f -
      node/raft created
      $ printf '{"kind":"Node","apiVersion":"v1","metadata":{"name":"raft","annotations":{"a":"b"},"resourceVersion":"0"}}' > raft.json
      $ kubectl replace --dry-run=server -f raft.json
      node/raft replaced (server dry run)
      $ kubectl replace --dry-run=client -f raft.json
      node/raft replaced (dry run)
      $ kubectl replace -f raft.json
      node/raft replaced
      $ kubectl get node raft -o jsonpath='{.metadata.annotations}'
      {"a":"b"}
      $ kubectl get node raft
      NAME   STATUS    ROLES    AGE   VERSION
      raft   Unknown   <none>   …    
      $ kubectl delete node raft
      node "raft" deleted
      `,
    ))

  it('is edited', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl wait --for=condition=Ready pod/tug
      pod/tug condition met
      $ EDITOR='sed -i s/Always/Always/;s/tide/ebb/' kubectl edit pod/tug --output-patch=true
      Patch: {"metadata":{"labels":{"ebb":"low","tide":null}}}
      pod/tug edited
      $ EDITOR='sed -i s/3.10/3.9/' kubectl edit pod/tug
      pod/tug edited
      $ kubectl get pod tug -o jsonpath='{.spec.containers[0].image} {.metadata.managedFields[*].manager}' --show-managed-fields | grep -o '^[^ ]*\|kubectl-edit'
      registry.k8s.io/pause:3.9
      kubectl-edit
      $ EDITOR=cat kubectl edit pod/tug | grep -c 'name: tug'
      Edit cancelled, no changes made.
      1
      $ EDITOR=cat kubectl edit pod/tug 2>&1 >/dev/null
      Edit cancelled, no changes made.
      $ EDITOR=cat kubectl edit --windows-line-endings pod/tug | grep -c "name: tug$(printf '\r')"
      Edit cancelled, no changes made.
      1
      $ EDITOR=cat kubectl edit ns | grep '^kind'
      Edit cancelled, no changes made.
      kind: List
      $ EDITOR=false kubectl edit pod/tug
      error: there was a problem with the editor "false"
      [exit 1]
      $ EDITOR='sed -i s/3.10/3.9/' kubectl edit pod/nobody
      Error from server (NotFound): pods "nobody" not found
      [exit 1]
      $ EDITOR='sed -i s/Always/Never/' kubectl edit pod/tug
      error: pods "tug" is invalid
      A copy of your changes has been stored to "/tmp/kubectl-edit-….yaml"
      error: Edit cancelled, no valid changes were saved.
      [exit 1]
      $ kubectl delete pod tug
      pod "tug" deleted from default namespace
      $ EDITOR=cat kubectl create --edit -f pod.yaml -o json 2>&1 | tail -n 1
      Edit cancelled, no changes made.
      $ EDITOR='sed -i s/3.10/3.9/' kubectl create --edit -f pod.yaml
      pod/tug created
      $ EDITOR='sed -i s/3.10/3.9/' kubectl edit pod tug --save-config
      Edit cancelled, no changes made.
      $ kubectl delete -f pod.yaml
      pod "tug" deleted from default namespace
      `,
    ))
})
