import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { desk } from './desk.ts'

// Source: what test/cmd/storage.sh, debug.sh, template-output.sh, kuberc.sh and plugins.sh of kubernetes/kubernetes assert.

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
  'pv.yaml': `apiVersion: v1
kind: PersistentVolume
metadata: {name: bilge, labels: {type: local}}
spec: {capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /tmp/bilge}}
`,
  'pvc.yaml': `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: hold}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 3Gi}}}
`,
  'sc.yaml': `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: slow}
provisioner: example.com/fake
parameters: {zone: a, type: ssd}
`,
  'restricted.yaml': `apiVersion: v1
kind: Pod
metadata: {name: target}
spec:
  terminationGracePeriodSeconds: 0
  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: target
    image: busybox
    command: [sleep, infinity]
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`,
}

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(FILES)
})
afterAll(() => cluster.close())

describe('kubectl and', () => {
  it('storage', () =>
    transcript(
      cluster,
      `
      $ kubectl create -f pv.yaml
      persistentvolume/bilge created
      $ kubectl get pv
      NAME    CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS      CLAIM   STORAGECLASS   VOLUMEATTRIBUTESCLASS   REASON   AGE
      bilge   10Gi       RWO            Retain           Available                          <unset>                          …
      $ kubectl describe pv bilge
      Name:            bilge
      Labels:          type=local
      Annotations:     <none>
      Finalizers:      [kubernetes.io/pv-protection]
      StorageClass:    
      Status:          Available
      Claim:           
      Reclaim Policy:  Retain
      Access Modes:    RWO
      VolumeMode:      Filesystem
      Capacity:        10Gi
      Node Affinity:   <none>
      Message:         
      Source:
          Type:          HostPath (bare host directory volume)
          Path:          /tmp/bilge
          HostPathType:  
      Events:            <none>
      $ kubectl delete pv -n test --all
      Warning: deleting cluster-scoped resources, not scoped to the provided namespace
      persistentvolume "bilge" deleted
      $ kubectl create -f pvc.yaml
      persistentvolumeclaim/hold created
      $ kubectl get pvc hold -o wide
      NAME   STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE   VOLUMEMODE
      hold   Pending                                      none           <unset>                 …    Filesystem
      $ kubectl describe pvc hold
      Name:          hold
      Namespace:     default
      StorageClass:  none
      Status:        Pending
      Volume:        
      Labels:        <none>
      Annotations:   <none>
      Finalizers:    [kubernetes.io/pvc-protection]
      Capacity:      
      Access Modes:  
      VolumeMode:    Filesystem
      Used By:       <none>
      Events:
        Type     Reason              Age              From                         Message
        ----     ------              ----             ----                         -------
        Warning  ProvisioningFailed  …  persistentvolume-controller  storageclass.storage.k8s.io "none" not found
      $ kubectl delete pvc hold
      persistentvolumeclaim "hold" deleted from default namespace
      $ kubectl create -f sc.yaml
      storageclass.storage.k8s.io/slow created
      $ kubectl get sc,storageclass
      NAME   PROVISIONER        RECLAIMPOLICY   VOLUMEBINDINGMODE   ALLOWVOLUMEEXPANSION   AGE
      slow   example.com/fake   Delete          Immediate           false                  …
      $ kubectl describe sc slow
      Name:                  slow
      IsDefaultClass:        No
      Annotations:           <none>
      Provisioner:           example.com/fake
      Parameters:            type=ssd,zone=a
      AllowVolumeExpansion:  <unset>
      MountOptions:          <none>
      ReclaimPolicy:         Delete
      VolumeBindingMode:     Immediate
      Events:                <none>
      $ kubectl patch sc slow -p '{"provisioner":"other"}'
      The StorageClass "slow" is invalid: provisioner: Forbidden: updates to provisioner are forbidden.
      [exit 1]
      $ kubectl delete storageclass slow
      storageclass.storage.k8s.io "slow" deleted
      `,
    ))

  it('debug containers', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl run target --image=registry.k8s.io/pause:3.10
      pod/target created
      $ kubectl debug target -it --image=busybox --attach=false -c debugger
      --profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".
      $ kubectl get pod target -o jsonpath='{.spec.ephemeralContainers[*].name} {.spec.ephemeralContainers[*].securityContext}{"\n"}'
      debugger 
      $ kubectl debug target -it --image=busybox --attach=false -c debugger
      --profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".
      $ kubectl debug target --image=busybox --attach=false -c plain --profile=baseline
      $ kubectl debug target --image=busybox --attach=false -c tight --profile=restricted
      $ kubectl get pod target -o jsonpath='{range .spec.ephemeralContainers[*]}{.name} {.securityContext}{"\n"}{end}'
      debugger 
      plain 
      tight {"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}}
      $ kubectl debug target -it --copy-to=copy --image=busybox --container=debugger --attach=false
      --profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".
      $ kubectl get pod copy -o jsonpath='{.spec.containers[*].name} {.spec.containers[*].image} {.spec.shareProcessNamespace}{"\n"}'
      target debugger registry.k8s.io/pause:3.10 busybox 
      $ kubectl debug target --copy-to=copy2 --image=busybox --container=target -- sleep 1m
      --profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".
      $ kubectl get pod copy2 -o jsonpath='{.spec.containers[*].image} {.spec.containers[*].command}{"\n"}'
      busybox ["sleep","1m"]
      $ kubectl debug target --copy-to=copy3 --set-image='*=busybox' --same-node
      --profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".
      $ kubectl get pod copy3 -o jsonpath='{.spec.containers[*].image} {.metadata.labels}{"\n"}'
      busybox {"run":"target"}
      $ kubectl debug target -it --copy-to=copy4 --image=busybox -c debugger --attach=false --replace
      --profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".
      $ kubectl get pods -o name
      pod/copy
      pod/copy2
      pod/copy3
      pod/copy4
      $ kubectl debug node/node-1 --image=busybox --attach=false -- true | sed 's/pod node-debugger-node-1-[a-z0-9]*/pod node-debugger-node-1-X/'
      --profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".
      Creating debugging pod node-debugger-node-1-X with container debugger on node node-1.
      $ kubectl get pods -l app.kubernetes.io/managed-by=kubectl-debug -o jsonpath='{.items[0].spec.hostPID} {.items[0].spec.hostNetwork} {.items[0].spec.hostIPC} {.items[0].spec.nodeName} {.items[0].spec.volumes[0]} {.items[0].spec.containers[0].volumeMounts[0]}{"\n"}'
      true true true node-1 {"hostPath":{"path":"/","type":""},"name":"host-root"} {"mountPath":"/host","name":"host-root"}
      $ kubectl debug node/none --image=busybox
      --profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".
      Error from server (NotFound): nodes "none" not found
      [exit 1]
      $ kubectl debug nobody --image=busybox
      --profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".
      Error from server (NotFound): pods "nobody" not found
      [exit 1]
      $ kubectl debug target
      error: you must specify --image when not using --copy-to.
      [exit 1]
      $ kubectl delete pods --all --now | wc -l
      5
      $ kubectl create ns tight
      namespace/tight created
      $ kubectl label ns tight pod-security.kubernetes.io/enforce=restricted
      namespace/tight labeled
      $ kubectl create -n tight -f restricted.yaml
      pod/target created
      $ kubectl debug target -n tight --image=busybox --attach=false -c debugger --profile=restricted
      $ kubectl debug target -n tight --image=busybox --attach=false -c other --profile=general
      Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using "--custom" with a custom profile that specifies "securityContext.runAsUser: 0".
      Error from server (Forbidden): pods "target" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "other" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "other" must set securityContext.capabilities.drop=["ALL"]; container "other" must not include "SYS_PTRACE" in securityContext.capabilities.add)
      [exit 1]
      $ kubectl run bad -n tight --image=busybox
      Error from server (Forbidden): pods "bad" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "bad" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "bad" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "bad" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "bad" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")
      [exit 1]
      $ kubectl delete ns tight
      namespace "tight" deleted
      `,
    ))

  it('templates of commands', () =>
    transcript(
      cluster,
      `
      $ kubectl create -f pod.yaml --template='{{.metadata.name}}:{{"\\n"}}'
      tug:
      $ kubectl patch --dry-run=client pods/tug -p '{"metadata":{"labels":{"a":"b"}}}' --template='{{.metadata.name}}:{{"\\n"}}'
      tug:
      $ kubectl label --dry-run=client pods/tug label=value --template='{{.metadata.name}}:{{"\\n"}}'
      tug:
      $ kubectl annotate --dry-run=client pods/tug note=value --template='{{.metadata.name}}:{{"\\n"}}'
      tug:
      $ kubectl apply --dry-run=client -f pod.yaml --template='{{.metadata.name}}:{{"\\n"}}' 2>/dev/null
      tug:
      $ kubectl taint node node-1 dedicated=foo:PreferNoSchedule --template='{{.metadata.name}}:{{"\\n"}}'
      node-1:
      $ kubectl taint node node-1 dedicated-
      node/node-1 untainted
      $ kubectl set env pod/tug --dry-run=client A=B --template='{{.metadata.name}}:{{"\\n"}}'
      tug:
      $ kubectl set image pod/tug --dry-run=client main=nginx --template='{{.metadata.name}}:{{"\\n"}}'
      tug:
      $ kubectl set resources pod/tug --limits=memory=256Mi --dry-run=client --template='{{.metadata.name}}:{{"\\n"}}'
      tug:
      $ kubectl set resources pod/tug --limits=memory=256Mi
      error: failed to patch resources update to pod template Pod "tug" is invalid: spec: Forbidden: pod updates may not change fields other than \`spec.containers[*].image\`,\`spec.initContainers[*].image\`,\`spec.activeDeadlineSeconds\`,\`spec.tolerations\` (only additions to existing tolerations),\`spec.terminationGracePeriodSeconds\` (allow it to be set to 1 if it was previously negative)
      …
      [exit 1]
      $ kubectl set env pod/tug A=B
      error: failed to patch env update to pod template: Pod "tug" is invalid: spec: Forbidden: pod updates may not change fields other than \`spec.containers[*].image\`,\`spec.initContainers[*].image\`,\`spec.activeDeadlineSeconds\`,\`spec.tolerations\` (only additions to existing tolerations),\`spec.terminationGracePeriodSeconds\` (allow it to be set to 1 if it was previously negative)
      …
      [exit 1]
      $ kubectl set image pod/tug main=registry.k8s.io/pause:3.9
      pod/tug image updated
      $ kubectl create deployment deck --image=nginx --template='{{.metadata.name}}:{{"\\n"}}'
      deck:
      $ kubectl rollout pause deploy/deck --template='{{.metadata.name}}:{{"\\n"}}'
      deck:
      $ kubectl rollout resume deploy/deck --template='{{.metadata.name}}:{{"\\n"}}'
      deck:
      $ kubectl rollout history deploy/deck --template='{{.metadata.name}}:{{"\\n"}}'
      deck:
      $ kubectl create configmap cm --dry-run=client --template='{{.metadata.name}}:' --output yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: cm
      $ kubectl delete deployment deck
      deployment.apps "deck" deleted from default namespace
      $ kubectl delete pod tug
      pod "tug" deleted from default namespace
      `,
    ))

  it('preferences and plugins', () =>
    transcript(
      cluster,
      String.raw`
      $ printf 'apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\naliases:\n- {name: getn, command: get, prependArgs: [namespace], options: [{name: output, default: name}]}\ndefaults:\n- {command: delete, options: [{name: interactive, default: "true"}]}\n' > kuberc
      $ kubectl getn default --kuberc=kuberc
      namespace/default
      $ kubectl getn default
      error: unknown command "getn" for "kubectl"

      Did you mean this?
      	set
      	get
      [exit 1]
      $ kubectl create cm kept
      configmap/kept created
      $ echo n | kubectl delete cm kept --kuberc=kuberc
      You are about to delete the following 1 resource(s):
      configmap/kept
      Do you want to continue? (y/N): deletion is cancelled
      $ kubectl delete cm kept --interactive=false --kuberc=kuberc
      configmap "kept" deleted from default namespace
      $ mkdir plugins; printf '#!/bin/sh\necho plugin $@\n' > plugins/kubectl-foo; chmod +x plugins/kubectl-foo; PATH=$PATH:plugins kubectl foo a b
      plugin a b
      `,
    ))
})
