import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { CORE_FILES } from './core-files.ts'
import { desk } from './desk.ts'

// Source: what the tests of replication controllers, resources, namespaces, quotas and templates in test/cmd/core.sh of kubernetes/kubernetes assert.

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(CORE_FILES)
})
afterAll(() => cluster.close())

describe('kubectl and', () => {
  it('replication controllers', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create -f rc.yaml
      replicationcontroller/crew created
      $ kubectl wait --for=jsonpath='{.status.readyReplicas}'=2 rc/crew
      replicationcontroller/crew condition met
      $ kubectl get rc crew -o wide
      NAME   DESIRED   CURRENT   READY   AGE   CONTAINERS   IMAGES                       SELECTOR
      crew   2         2         2       …    main         registry.k8s.io/pause:3.10   app=crew
      $ kubectl describe rc crew
      Name:         crew
      Namespace:    default
      Selector:     app=crew
      Labels:       app=crew
      Annotations:  <none>
      Replicas:     2 current / 2 desired
      Pods Status:  2 Running / 0 Waiting / 0 Succeeded / 0 Failed
      Pod Template:
        Labels:  app=crew
        Containers:
         main:
          Image:      registry.k8s.io/pause:3.10
          Port:       80/TCP
          Host Port:  0/TCP
          Environment:
            HOSTS_FROM:  dns
          Mounts:        <none>
        Volumes:         <none>
        Node-Selectors:  <none>
        Tolerations:     <none>
      Events:
        Type    Reason            Age   From                    Message
        ----    ------            ----  ----                    -------
        Normal  SuccessfulCreate  …    replication-controller  Created pod: crew-…
        Normal  SuccessfulCreate  …    replication-controller  Created pod: crew-…
      $ kubectl describe rc | grep -c '^Name:'
      1
      $ kubectl scale --current-replicas=2 --replicas=3 rc crew
      replicationcontroller/crew scaled
      $ kubectl scale --current-replicas=2 --replicas=1 rc crew
      error: Expected replicas to be 2, was 3
      [exit 1]
      $ kubectl scale --replicas=1 -f rc.yaml
      replicationcontroller/crew scaled
      $ kubectl scale --replicas=-1 rc crew
      error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0
      [exit 1]
      $ kubectl scale --replicas=1 rc nobody
      Error from server (NotFound): replicationcontrollers "nobody" not found
      [exit 1]
      $ kubectl scale --replicas=2 rc crew -o jsonpath='{.spec.replicas}{"\n"}'
      1
      $ kubectl scale --replicas=1 node node-1
      Error from server (NotFound): the server could not find the requested resource (patch nodes node-1)
      [exit 1]
      $ kubectl expose rc crew --port=80
      service/crew exposed
      $ kubectl expose service crew --port=443 --name=crew-2
      service/crew-2 exposed
      $ kubectl expose service crew --name=crew-3
      service/crew-3 exposed
      $ kubectl get svc -l app=crew -o jsonpath='{range .items[*]}{.metadata.name} {.spec.ports} {.spec.selector}{"\n"}{end}'
      crew [{"port":80,"protocol":"TCP","targetPort":80}] {"app":"crew"}
      crew-2 [{"port":443,"protocol":"TCP","targetPort":443}] {"app":"crew"}
      crew-3 [{"port":80,"protocol":"TCP","targetPort":80}] {"app":"crew"}
      $ kubectl expose rc crew --port=80
      Error from server (AlreadyExists): services "crew" already exists
      [exit 1]
      $ kubectl expose node node-1
      error: cannot expose a Node
      [exit 1]
      $ kubectl expose -f ports.yaml --name=a-service-name-that-is-much-longer-than-sixty-three-characters-are --port=8081
      The Service "a-service-name-that-is-much-longer-than-sixty-three-characters-are" is invalid: metadata.name: Invalid value: "a-service-name-that-is-much-longer-than-sixty-three-characters-are": must be no more than 63 bytes
      [exit 1]
      $ kubectl expose -f ports.yaml --port=8081
      service/a-pod-whose-name-is-much-longer-than-what-a-service-may-be-name exposed
      $ kubectl expose -f ports.yaml --selector=app=long --name=ports
      service/ports exposed
      $ kubectl get svc ports -o jsonpath='{.spec.ports}{"\n"}'
      [{"name":"port-1","port":2380,"protocol":"TCP","targetPort":2380},{"name":"port-2","port":2379,"protocol":"TCP","targetPort":2379}]
      $ kubectl delete svc crew crew-2 crew-3 ports a-pod-whose-name-is-much-longer-than-what-a-service-may-be-name
      service "crew" deleted from default namespace
      service "crew-2" deleted from default namespace
      service "crew-3" deleted from default namespace
      service "ports" deleted from default namespace
      service "a-pod-whose-name-is-much-longer-than-what-a-service-may-be-name" deleted from default namespace
      $ kubectl autoscale -f rc.yaml --max=2 --cpu=70%
      horizontalpodautoscaler.autoscaling/crew autoscaled
      $ kubectl get hpa crew -o jsonpath='{.spec.minReplicas} {.spec.maxReplicas} {.spec.metrics[0].resource.target.averageUtilization}{"\n"}'
      1 2 70
      $ kubectl delete hpa crew
      horizontalpodautoscaler.autoscaling "crew" deleted from default namespace
      $ kubectl autoscale rc crew --min=2 --max=3
      horizontalpodautoscaler.autoscaling/crew autoscaled
      $ kubectl get hpa crew -o jsonpath='{.spec.minReplicas} {.spec.maxReplicas} {.spec.metrics[0].resource.target.averageUtilization}{"\n"}'
      2 3 80
      $ kubectl get hpa.autoscal -o jsonpath='{.items[0].apiVersion}{"\n"}'
      autoscaling/v2
      $ kubectl get horizontalpodautoscalers.v1.autoscaling -o jsonpath='{.items[0].apiVersion} {.items[0].spec}{"\n"}'
      autoscaling/v1 {"maxReplicas":3,"minReplicas":2,"scaleTargetRef":{"apiVersion":"v1","kind":"ReplicationController","name":"crew"},"targetCPUUtilizationPercentage":80}
      $ kubectl delete hpa crew
      horizontalpodautoscaler.autoscaling "crew" deleted from default namespace
      $ kubectl autoscale rc crew
      error: required flag(s) "max" not set
      [exit 1]
      $ kubectl rollout undo rc/crew
      error: no rollbacker has been implemented for "ReplicationController"
      [exit 1]
      $ kubectl rollout pause rc/crew
      error: replicationcontrollers "crew" pausing is not supported
      [exit 1]
      $ kubectl rollout status rc/crew
      error: no status viewer has been implemented for ReplicationController
      [exit 1]
      $ kubectl delete rc crew --cascade=orphan
      replicationcontroller "crew" deleted from default namespace
      $ kubectl get pods -l app=crew -o jsonpath='{.items[*].metadata.ownerReferences}'
      $ kubectl delete pods -l app=crew --now | wc -l
      2
      `,
    ))

  it('resources of containers', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl set resources -f two.yaml -c=side --limits=cpu=300m --requests=cpu=300m --local -o jsonpath='{.spec.template.spec.containers[*].resources}{"\n"}'
      {} {"limits":{"cpu":"300m"},"requests":{"cpu":"300m"}}
      $ kubectl set resources -f two.yaml -c=side --limits=cpu=300m --dry-run=client
      Error from server (NotFound): deployments.apps "two" not found
      [exit 1]
      $ kubectl create -f two.yaml
      deployment.apps/two created
      $ kubectl set resources deployment two --limits=cpu=100m
      deployment.apps/two resource requirements updated
      $ kubectl set resources deployment two -c=redis --limits=cpu=100m
      error: unable to find container named redis
      [exit 1]
      $ kubectl set resources deployment two -c=web --limits=cpu=200m --requests=cpu=300m
      error: failed to patch resources update to pod template Deployment.apps "two" is invalid: spec.template.spec.containers[0].resources.requests: Invalid value: "300m": must be less than or equal to cpu limit of …
      [exit 1]
      $ kubectl set resources deployment two -c=web --limits=cpu=200m
      deployment.apps/two resource requirements updated
      $ kubectl set resources -f two.yaml -c=side --limits=cpu=300m --requests=cpu=300m
      deployment.apps/two resource requirements updated
      $ kubectl set resources deployment two -c=side --limits=cpu=400m --dry-run=server -o jsonpath='{.spec.template.spec.containers[1].resources}{"\n"}'
      {"limits":{"cpu":"400m"},"requests":{"cpu":"300m"}}
      $ kubectl get deployment two -o jsonpath='{.spec.template.spec.containers[*].resources}{"\n"}'
      {"limits":{"cpu":"200m"}} {"limits":{"cpu":"300m"},"requests":{"cpu":"300m"}}
      $ kubectl set resources deployment two -c=side --limits=cpu=400m --local -o yaml
      error: you must specify resources by --filename when --local is set.
      Example resource specifications include:
         '-f rsrc.yaml'
         '--filename=rsrc.json'
      [exit 1]
      $ kubectl set resources deployment two --limits=cpu=lots
      error: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
      [exit 1]
      $ kubectl set resources deployment two
      error: you must specify an update to requests or limits (in the form of --requests/--limits)
      [exit 1]
      $ kubectl delete deployment two
      deployment.apps "two" deleted from default namespace
      `,
    ))

  it('namespaces, quotas, budgets, priorities and templates', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl get ns/bay
      Error from server (NotFound): namespaces "bay" not found
      [exit 1]
      $ kubectl create namespace bay --dry-run=client
      namespace/bay created (dry run)
      $ kubectl create namespace bay --dry-run=server
      namespace/bay created (server dry run)
      $ kubectl create namespace bay
      namespace/bay created
      $ kubectl create namespace bay
      Error from server (AlreadyExists): namespaces "bay" already exists
      [exit 1]
      $ kubectl create namespace Bad_Name
      The Namespace "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
      [exit 1]
      $ kubectl create quota hold -n bay --dry-run=server
      resourcequota/hold created (server dry run)
      $ kubectl create quota hold -n bay --hard=cpu=1,pods=2,services=1 --scopes=NotTerminating
      error: failed to create quota: ResourceQuota "hold" is invalid: spec.scopes: Invalid value: ["NotTerminating"]: unsupported scope applied to resource
      [exit 1]
      $ kubectl create quota hold -n bay --hard=cpu=1,pods=2
      resourcequota/hold created
      $ kubectl describe ns bay
      Name:         bay
      Labels:       kubernetes.io/metadata.name=bay
      Annotations:  <none>
      Status:       Active

      Resource Quotas
        Name:     hold
        Resource  Used  Hard
        --------  ---   ---
        cpu       0     1
        pods      0     2

      No LimitRange resource.
      $ kubectl describe quota hold -n bay
      Name:       hold
      Namespace:  bay
      Resource    Used  Hard
      --------    ----  ----
      cpu         0     1
      pods        0     2
      $ kubectl get quota -n bay
      NAME   REQUEST               LIMIT   AGE
      hold   cpu: 0/1, pods: 0/2           …
      $ kubectl create quota bad -n bay --hard=boats=2
      error: failed to create quota: ResourceQuota "bad" is invalid: [spec.hard[boats]: Invalid value: "boats": must be a standard resource type or fully qualified, spec.hard[boats]: Invalid value: "boats": must be a standard resource for quota]
      [exit 1]
      $ kubectl create pdb one --dry-run=server --selector=app=rails --min-available=2 -n bay
      poddisruptionbudget.policy/one created (server dry run)
      $ kubectl create pdb one --selector=app=rails --min-available=2 -n bay
      poddisruptionbudget.policy/one created
      $ kubectl create pdb two --selector=app=rails --min-available=50% -n bay
      poddisruptionbudget.policy/two created
      $ kubectl create pdb three --selector=app=rails --max-unavailable=2 -n bay
      poddisruptionbudget.policy/three created
      $ kubectl create pdb four --selector=app=rails --min-available=2 --max-unavailable=3 -n bay
      error: min-available and max-unavailable cannot be both specified
      [exit 1]
      $ kubectl get pdb -n bay
      NAME    MIN AVAILABLE   MAX UNAVAILABLE   ALLOWED DISRUPTIONS   AGE
      one     2               N/A               0                     …
      three   N/A             2                 0                     …
      two     50%             N/A               0                     …
      $ kubectl describe pdb two -n bay | sed '/^Events/,$d'
      Name:           two
      Namespace:      bay
      Min available:  50%
      Selector:       app=rails
      Status:
          Allowed disruptions:  0
          Current:              0
          Desired:              0
          Total:                0
      $ kubectl delete namespace bay --wait=false
      namespace "bay" deleted
      $ kubectl wait --for=delete ns/bay
      $ kubectl get ns/bay
      Error from server (NotFound): namespaces "bay" not found
      [exit 1]
      $ kubectl create priorityclass high --dry-run=server
      priorityclass.scheduling.k8s.io/high created (server dry run)
      $ kubectl create priorityclass high --value=10 --description='first' --preemption-policy=Never
      priorityclass.scheduling.k8s.io/high created
      $ kubectl get priorityclass high
      NAME   VALUE   GLOBAL-DEFAULT   AGE   PREEMPTIONPOLICY
      high   10      false            …    Never
      $ kubectl describe priorityclass high
      Name:              high
      Value:             10
      GlobalDefault:     false
      PreemptionPolicy:  Never
      Description:       first
      Annotations:       <none>
      Events:            <none>
      $ kubectl create priorityclass top --value=2000000000
      error: failed to create priorityclass: PriorityClass.scheduling.k8s.io "top" is invalid: value: Forbidden: maximum allowed value of a user defined priority is 1000000000
      [exit 1]
      $ kubectl create priorityclass system-mine --value=1
      error: failed to create priorityclass: PriorityClass.scheduling.k8s.io "system-mine" is invalid: metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only
      [exit 1]
      $ kubectl delete priorityclass high -n default
      Warning: deleting cluster-scoped resources, not scoped to the provided namespace
      priorityclass.scheduling.k8s.io "high" deleted
      $ printf 'apiVersion: v1\nkind: PodTemplate\nmetadata: {name: hull}\ntemplate: {metadata: {labels: {name: hull}}, spec: {containers: [{name: main, image: nginx}]}}\n' | kubectl create -f -
      podtemplate/hull created
      $ kubectl get podtemplates
      NAME   CONTAINERS   IMAGES   POD LABELS
      hull   main         nginx    name=hull
      $ kubectl get podtemplates -o wide
      NAME   CONTAINERS   IMAGES   POD LABELS
      hull   main         nginx    name=hull
      $ kubectl describe podtemplate hull
      Name:         hull
      Namespace:    default
      Labels:       <none>
      Annotations:  <none>
      API Version:  v1
      Kind:         PodTemplate
      Metadata:
        Creation Timestamp:  …
        Generation:          1
        Resource Version:    …
        UID:                 …
      Template:
        Metadata:
          Labels:
            Name:  hull
        Spec:
          Containers:
            Image:              nginx
            Image Pull Policy:  Always
            Name:               main
            Resources:
            Termination Message Path:    /dev/termination-log
            Termination Message Policy:  File
          Dns Policy:                    ClusterFirst
          Restart Policy:                Always
          Scheduler Name:                default-scheduler
          Security Context:
          Termination Grace Period Seconds:  30
      Events:                                <none>
      $ kubectl delete podtemplate hull
      podtemplate "hull" deleted from default namespace
      $ kubectl create serviceaccount robot --dry-run=server
      serviceaccount/robot created (server dry run)
      $ kubectl create serviceaccount robot
      serviceaccount/robot created
      $ kubectl describe serviceaccount robot
      Name:                robot
      Namespace:           default
      Labels:              <none>
      Annotations:         <none>
      Image pull secrets:  <none>
      Events:              <none>
      $ kubectl delete serviceaccount robot
      serviceaccount "robot" deleted from default namespace
      `,
    ))
})
