import { afterAll, beforeAll, describe, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'
import { transcript } from './transcript.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

// Source: kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod, kubectl/pkg/cmd/debug, pkg/apis/core/validation.
describe('kubectl debug', () => {
  it('runs a container among the processes of another', () =>
    transcript(
      cluster,
      `
      $ kubectl run web --image=nginx:1.29
      pod/web created
      $ kubectl wait --for=condition=Ready pod/web --timeout=30s
      pod/web condition met
      $ kubectl debug web --image=busybox --target=web -c shell --profile=general -- sleep 1000
      Targeting container "web". If you don't see processes from this container it may be because the container runtime doesn't support this feature.
      $ kubectl wait pod/web --for=jsonpath='{.status.ephemeralContainerStatuses[0].state.running}' --timeout=30s
      pod/web condition met
      +20s
      $ kubectl exec web -c shell -- ps
      PID   USER     TIME  COMMAND
      1 root 0:00 nginx: master process nginx -g daemon off;
      …
      … sleep 1000
      … ps
      $ kubectl exec web -c shell -- wget -qO- http://localhost
      <!DOCTYPE html>
      …
      $ kubectl logs web --tail=1
      Defaulted container "web" out of: web, shell (ephem)
      … "GET / HTTP/1.1" 200 …
      $ kubectl describe pod web | grep -A 12 '^Ephemeral'
      Ephemeral Containers:
        shell:
          Container ID:  containerd://…
          Image:         busybox
          Image ID:      docker.io/library/busybox@sha256:…
          Port:          <none>
          Host Port:     <none>
          Command:
            sleep
            1000
          State:          Running
            Started:      …
          Ready:          False
      $ kubectl get events --field-selector involvedObject.name=web,reason=Started
      LAST SEEN TYPE REASON OBJECT MESSAGE
      … Normal Started pod/web Container started
      … Normal Started pod/web Container started
      `,
    ))

  it('ends with what it ran, and stays in the pod', () =>
    transcript(
      cluster,
      `
      $ kubectl debug web -q --image=busybox -c once --profile=general -- sh -c 'echo looked; exit 3'
      $ kubectl wait pod/web --for=jsonpath='{.status.ephemeralContainerStatuses[?(@.name=="once")].state.terminated.exitCode}'=3 --timeout=30s
      pod/web condition met
      $ kubectl logs web -c once
      looked
      $ kubectl get pod web
      NAME   READY   STATUS    RESTARTS   AGE
      web    1/1     Running   0          …
      `,
    ))

  it('is refused what an ephemeral container cannot be', () =>
    transcript(
      cluster,
      `
      $ kubectl debug web --image=busybox --target=nope --profile=general -- true
      Targeting container "nope". If you don't see processes from this container it may be because the container runtime doesn't support this feature.
      Defaulting debug container name to debugger-….
      The Pod "web" is invalid: spec.ephemeralContainers[2].targetContainerName: Not found: "nope"
      [exit 1]
      $ kubectl debug missing --image=busybox --profile=general
      Error from server (NotFound): pods "missing" not found
      [exit 1]
      $ kubectl patch pod web --subresource=ephemeralcontainers --type=json -p '[{"op":"remove","path":"/spec/ephemeralContainers/0"}]'
      The Pod "web" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "shell" may not be removed
      [exit 1]
      $ kubectl patch pod web --subresource=ephemeralcontainers -p '{"spec":{"ephemeralContainers":[{"name":"bad","image":"busybox","ports":[{"containerPort":80}]}]}}'
      The Pod "web" is invalid: spec.ephemeralContainers[…].ports: Forbidden: cannot be set for an Ephemeral Container
      [exit 1]
      `,
    ))

  it('copies a pod with other images, commands and shared processes', () =>
    transcript(
      cluster,
      `
      $ kubectl run crash --image=busybox --restart=Never -- sh -c 'exit 1'
      pod/crash created
      $ kubectl wait pod/crash --for=jsonpath='{.status.phase}'=Failed --timeout=30s
      pod/crash condition met
      $ kubectl debug crash --copy-to=crash-copy --container=crash --profile=general -- sleep 1000
      $ kubectl wait --for=condition=Ready pod/crash-copy --timeout=30s
      pod/crash-copy condition met
      $ kubectl exec crash-copy -- ps
      PID   USER     TIME  COMMAND
          1 root      …:… /pause
          2 root      …:… sleep 1000
          3 root      …:… ps
      $ kubectl debug web --copy-to=web-copy --set-image='*=nginx:1.28'
      --profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".
      $ kubectl wait --for=condition=Ready pod/web-copy --timeout=30s
      pod/web-copy condition met
      $ kubectl get pod web-copy -o jsonpath='{.spec.containers[*].image}'
      nginx:1.28
      $ kubectl debug web --copy-to=web-both --share-processes --image=busybox -c shell --profile=general -- sleep 1000
      $ kubectl wait --for=condition=Ready pod/web-both --timeout=30s
      pod/web-both condition met
      $ kubectl exec web-both -c shell -- ps | head -n 2
      PID   USER     TIME  COMMAND
      1 root …:… /pause
      `,
    ))

  it('runs on a node', () =>
    transcript(
      cluster,
      `
      $ kubectl debug node/node-1 --image=busybox --profile=sysadmin -- sleep 1000
      Creating debugging pod node-debugger-node-1-… with container debugger on node node-1.
      $ kubectl wait --for=condition=Ready pod -l app.kubernetes.io/managed-by=kubectl-debug --timeout=30s
      pod/node-debugger-node-1-… condition met
      $ kubectl get pod -l app.kubernetes.io/managed-by=kubectl-debug -o jsonpath='{.items[0].spec.hostNetwork} {.items[0].spec.hostPID} {.items[0].spec.nodeName} {.items[0].spec.containers[0].securityContext.privileged} {.items[0].spec.volumes[0].hostPath.path}'
      true true node-1 true /
      `,
    ))
})

const RESIZED = `
apiVersion: v1
kind: Pod
metadata: {name: resize-demo}
spec:
  containers:
  - name: app
    image: nginx:1.29
    resizePolicy:
    - {resourceName: cpu, restartPolicy: NotRequired}
    - {resourceName: memory, restartPolicy: RestartContainer}
    resources:
      requests: {cpu: 700m, memory: 200Mi}
      limits: {cpu: 700m, memory: 200Mi}
`

// Source: kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources, ValidatePodResize, pkg/kubelet/allocation.
describe('kubectl patch --subresource resize', () => {
  it('changes CPU in place and memory by a restart', async () => {
    await cluster.kubectl('create -f -', RESIZED)
    await transcript(
      cluster,
      `
      $ kubectl wait --for=condition=Ready pod/resize-demo --timeout=30s
      pod/resize-demo condition met
      $ kubectl patch pod resize-demo --subresource resize --patch '{"spec":{"containers":[{"name":"app","resources":{"requests":{"cpu":"800m"},"limits":{"cpu":"800m"}}}]}}'
      pod/resize-demo patched
      $ kubectl wait pod/resize-demo --for=jsonpath='{.status.containerStatuses[0].resources.limits.cpu}'=800m --timeout=30s
      pod/resize-demo condition met
      $ kubectl get pod resize-demo
      NAME          READY   STATUS    RESTARTS   AGE
      resize-demo   1/1     Running   0          …
      $ kubectl patch pod resize-demo --subresource resize --patch '{"spec":{"containers":[{"name":"app","resources":{"requests":{"memory":"300Mi"},"limits":{"memory":"300Mi"}}}]}}'
      pod/resize-demo patched
      $ kubectl wait pod/resize-demo --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=30s
      pod/resize-demo condition met
      $ kubectl wait pod/resize-demo --for=condition=Ready --timeout=30s
      pod/resize-demo condition met
      $ kubectl get pod resize-demo -o jsonpath='{.status.containerStatuses[0].resources.limits} {.metadata.generation}'
      {"cpu":"800m","memory":"300Mi"} 3
      $ kubectl get events --field-selector involvedObject.name=resize-demo,reason=Killing
      LAST SEEN TYPE REASON OBJECT MESSAGE
      … Normal Killing pod/resize-demo Container app resize requires restart
      `,
    )
  })

  it('tells what can never be, and what has to wait', () =>
    transcript(
      cluster,
      `
      $ kubectl patch pod resize-demo --subresource resize --patch '{"spec":{"containers":[{"name":"app","resources":{"requests":{"cpu":"1000"},"limits":{"cpu":"1000"}}}]}}'
      pod/resize-demo patched
      $ kubectl wait pod/resize-demo --for=condition=PodResizePending --timeout=30s
      pod/resize-demo condition met
      $ kubectl get pod resize-demo -o jsonpath='{.status.conditions[?(@.type=="PodResizePending")].reason}: {.status.conditions[?(@.type=="PodResizePending")].message}'
      Infeasible: Node didn't have enough capacity: cpu, requested: 1000000, capacity: 4000
      $ kubectl get pod resize-demo -o jsonpath='{.spec.containers[0].resources.limits.cpu} {.status.containerStatuses[0].resources.limits.cpu}'
      1k 800m
      $ kubectl run big --image=busybox --restart=Never --overrides='{"spec":{"containers":[{"name":"big","image":"busybox","command":["sleep","1000"],"resources":{"requests":{"cpu":"2"}}}]}}'
      pod/big created
      $ kubectl wait --for=condition=Ready pod/big --timeout=30s
      pod/big condition met
      $ kubectl patch pod resize-demo --subresource resize --patch '{"spec":{"containers":[{"name":"app","resources":{"requests":{"cpu":"3"},"limits":{"cpu":"3"}}}]}}'
      pod/resize-demo patched
      $ kubectl wait pod/resize-demo --for=jsonpath='{.status.conditions[?(@.type=="PodResizePending")].reason}'=Deferred --timeout=30s
      pod/resize-demo condition met
      $ kubectl delete pod big --now
      pod "big" deleted from default namespace
      +10s
      $ kubectl wait pod/resize-demo --for=jsonpath='{.status.containerStatuses[0].resources.limits.cpu}'=3 --timeout=30s
      pod/resize-demo condition met
      `,
    ))

  it('is refused what would change the class of the pod', () =>
    transcript(
      cluster,
      `
      $ kubectl patch pod resize-demo --subresource resize --patch '{"spec":{"containers":[{"name":"app","resources":{"requests":{"cpu":"1"}}}]}}'
      The Pod "resize-demo" is invalid: spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing
      [exit 1]
      $ kubectl patch pod resize-demo --subresource resize --type=json -p '[{"op":"remove","path":"/spec/containers/0/resources/limits/memory"}]'
      The Pod "resize-demo" is invalid:
      * spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing
      * spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed
      [exit 1]
      $ kubectl patch pod resize-demo --patch '{"spec":{"containers":[{"name":"app","resources":{"requests":{"cpu":"1"},"limits":{"cpu":"1"}}}]}}'
      The Pod "resize-demo" is invalid: spec: Forbidden: pod updates may not change fields other than …
      …
      [exit 1]
      `,
    ))
})
