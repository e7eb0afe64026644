import { afterAll, beforeAll, describe, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'
import { transcript } from './transcript.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 3 })
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

const pod = (name: string, spec: string, container = '') => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  ${spec}
  containers: [{name: main, image: busybox, command: [sleep, '1000']${container}}]
---`
const NOT_HELPFUL = 'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.'
const failed = (name: string) =>
  `kubectl get events --field-selector involvedObject.name=${name},reason=FailedScheduling --no-headers -o custom-columns=MESSAGE:.message | tail -n 1`

// Source: kubernetes.io/docs/concepts/scheduling-eviction, pkg/scheduler/framework/plugins (ErrReason constants), pkg/scheduler/framework/types.go.
describe('the scheduler', () => {
  it('says of every filter why no node takes a pod', async () => {
    const affinity = (kind: string) =>
      `affinity: {${kind}: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: nobody}}}]}}`
    await cluster.kubectl(
      'apply -f -',
      [
        pod('cpu', '', ', resources: {requests: {cpu: 64}}'),
        pod('memory', '', ', resources: {requests: {memory: 1Ti}}'),
        pod('selector', 'nodeSelector: {disk: ssd}'),
        pod('affinity', affinity('podAffinity')),
        pod(
          'spread',
          'topologySpreadConstraints: [{maxSkew: 1, topologyKey: rack, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: spread}}}]',
        ),
        pod('claim', 'volumes: [{name: data, persistentVolumeClaim: {claimName: missing}}]'),
        pod('gated', 'schedulingGates: [{name: example.com/wait}]'),
      ].join(''),
    )
    await transcript(
      cluster,
      `
      $ kubectl wait pod/cpu pod/memory pod/selector pod/affinity pod/spread pod/claim --for=jsonpath='{.status.conditions[?(@.type=="PodScheduled")].reason}'=Unschedulable --timeout=20s
      …
      $ ${failed('cpu')}
      0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, ${NOT_HELPFUL}
      $ ${failed('memory')}
      0/3 nodes are available: 3 Insufficient memory. no new claims to deallocate, ${NOT_HELPFUL}
      $ ${failed('selector')}
      0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, ${NOT_HELPFUL}
      $ ${failed('affinity')}
      0/3 nodes are available: 3 node(s) didn't match pod affinity rules. no new claims to deallocate, ${NOT_HELPFUL}
      $ ${failed('spread')}
      0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints (missing required label). no new claims to deallocate, ${NOT_HELPFUL}
      $ ${failed('claim')}
      0/3 nodes are available: persistentvolumeclaim "missing" not found. no new claims to deallocate, ${NOT_HELPFUL}
      $ kubectl get pod gated
      NAME    READY   STATUS            RESTARTS   AGE
      gated   0/1     SchedulingGated   0          …
      $ kubectl patch pod gated --type=json -p '[{"op":"remove","path":"/spec/schedulingGates/0"}]'
      pod/gated patched
      $ kubectl wait --for=condition=Ready pod/gated --timeout=30s
      pod/gated condition met
      $ kubectl label node node-2 disk=ssd
      node/node-2 labeled
      $ kubectl wait --for=condition=Ready pod/selector --timeout=30s
      pod/selector condition met
      $ kubectl get pod selector -o jsonpath='{.spec.nodeName}'
      node-2
      $ kubectl delete pod --all --now
      …
      `,
    )
  })

  it('heeds taints, cordons and host ports', async () => {
    await cluster.kubectl(
      'apply -f -',
      pod('port-a', 'nodeName: node-1', ', ports: [{containerPort: 80, hostPort: 8080}]'),
    )
    await transcript(
      cluster,
      `
      $ kubectl taint nodes node-2 dedicated=gpu:NoSchedule
      node/node-2 tainted
      $ kubectl taint nodes node-2 dedicated=gpu:NoSchedule
      error: node node-2 already has dedicated taint(s) with same effect(s) and --overwrite is false
      [exit 1]
      $ kubectl cordon node-3
      node/node-3 cordoned
      $ kubectl get nodes
      NAME     STATUS                     ROLES    AGE   VERSION
      node-1   Ready                      <none>   …     v1.35…
      node-2   Ready                      <none>   …     v1.35…
      node-3   Ready,SchedulingDisabled   <none>   …     v1.35…
      `,
    )
    await cluster.kubectl('apply -f -', pod('port-b', '', ', ports: [{containerPort: 80, hostPort: 8080}]'))
    await transcript(
      cluster,
      `
      $ kubectl wait pod/port-b --for=jsonpath='{.status.conditions[?(@.type=="PodScheduled")].reason}'=Unschedulable --timeout=20s
      pod/port-b condition met
      $ ${failed('port-b')}
      0/3 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.
      $ kubectl taint nodes node-2 dedicated-
      node/node-2 untainted
      $ kubectl wait --for=condition=Ready pod/port-b --timeout=30s
      pod/port-b condition met
      $ kubectl uncordon node-3
      node/node-3 uncordoned
      $ kubectl taint nodes node-2 bad=true:Sometimes
      error: invalid taint effect: Sometimes, unsupported taint effect
      See 'kubectl taint -h' for help and examples
      [exit 1]
      $ kubectl taint nodes node-2 evict=now:NoExecute
      node/node-2 tainted
      +40s
      $ kubectl get pod port-b
      Error from server (NotFound): pods "port-b" not found
      [exit 1]
      $ kubectl taint nodes node-2 evict-
      node/node-2 untainted
      $ kubectl delete pod --all --now
      …
      `,
    )
  })

  it('spreads replicas over the topology', async () => {
    await cluster.kubectl(
      'apply -f -',
      `
apiVersion: apps/v1
kind: Deployment
metadata: {name: even}
spec:
  replicas: 6
  selector: {matchLabels: {app: even}}
  template:
    metadata: {labels: {app: even}}
    spec:
      topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: even}}}]
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: 'nginx:1.29'}]
`,
    )
    await transcript(
      cluster,
      `
      $ kubectl rollout status deployment/even --timeout=40s
      …
      deployment "even" successfully rolled out
      $ kubectl get pods -l app=even -o jsonpath='{range .items[*]}{.spec.nodeName}{"\\n"}{end}' | sort | uniq -c
      2 node-1
      2 node-2
      2 node-3
      $ kubectl delete deployment even
      deployment.apps "even" deleted from default namespace
      `,
    )
  })
})

// Source: kubernetes.io/docs/concepts/architecture/nodes, docs/tasks/administer-cluster/safely-drain-node, pkg/controller/nodelifecycle, tainteviction.
describe('a node', () => {
  it('is drained of what has an owner, and of the rest by force', async () => {
    await cluster.kubectl('apply -f -', pod('bare', 'nodeName: node-1'))
    await transcript(
      cluster,
      `
      $ kubectl wait --for=condition=Ready pod/bare --timeout=30s
      pod/bare condition met
      $ kubectl drain node-1
      node/node-1 cordoned
      error: unable to drain node "node-1" due to error: …cannot delete Pods that declare no controller (use --force to override): default/bare, continuing command...
      There are pending nodes to be drained:
       node-1
      …cannot delete Pods that declare no controller (use --force to override): default/bare
      [exit 1]
      $ kubectl drain node-1 --force --grace-period=1 --timeout=30s
      node/node-1 already cordoned
      Warning: deleting Pods that declare no controller: default/bare
      evicting pod default/bare
      pod/bare evicted
      node/node-1 drained
      $ kubectl uncordon node-1
      node/node-1 uncordoned
      $ kubectl drain nowhere
      Error from server (NotFound): nodes "nowhere" not found
      [exit 1]
      `,
    )
  })

  it('that is lost turns NotReady, is tainted, and its pods are replaced elsewhere', async () => {
    await transcript(
      cluster,
      `
      $ kubectl create deployment web --image=nginx:1.29 --replicas=3
      deployment.apps/web created
      $ kubectl rollout status deployment/web --timeout=40s
      …
      deployment "web" successfully rolled out
      `,
    )
    cluster.cluster.kubelets.stopNode('node-3')
    await transcript(
      cluster,
      `
      +1m
      $ kubectl get nodes node-3
      NAME     STATUS     ROLES    AGE   VERSION
      node-3   NotReady   <none>   …     v1.35…
      $ kubectl get node node-3 -o jsonpath='{range .spec.taints[*]}{.key}:{.effect} {end}'
      node.kubernetes.io/unreachable:NoSchedule node.kubernetes.io/unreachable:NoExecute
      $ kubectl get node node-3 -o jsonpath='{.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].reason} {.status.conditions[?(@.type=="Ready")].message}'
      Unknown NodeStatusUnknown Kubelet stopped posting node status.
      $ kubectl get pods -o wide --no-headers | grep node-3
      web-… 1/1 Running 0 … node-3 <none> <none>
      +6m
      $ kubectl get pods -o wide --no-headers | grep node-3
      web-… 1/1 Terminating 0 … node-3 <none> <none>
      $ kubectl get deployment web
      NAME   READY   UP-TO-DATE   AVAILABLE   AGE
      web    3/3     3            3           …
      $ kubectl get events --field-selector reason=TaintManagerEviction --no-headers | grep web
      … Normal TaintManagerEviction pod/web-… Marking for deletion Pod default/web-…
      $ kubectl delete node node-3
      node "node-3" deleted
      $ kubectl get nodes
      NAME     STATUS   ROLES    AGE   VERSION
      node-1   Ready    <none>   …     v1.35…
      node-2   Ready    <none>   …     v1.35…
      `,
    )
  })
})
