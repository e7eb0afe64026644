import { afterAll, beforeAll, describe, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'
import { transcript } from './transcript.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

const apply = (text: string) => cluster.kubectl('apply -f -', text)
const pod = (name: string, containers: string, spec = '') => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  terminationGracePeriodSeconds: 5
  ${spec}
  containers: [${containers}]
---`
const events = (name: string, reason: string) =>
  `kubectl get events --field-selector involvedObject.name=${name},reason=${reason} --no-headers -o custom-columns=TYPE:.type,MESSAGE:.message`

// Source: kubernetes.io/docs/concepts/containers/images, pkg/kubelet/images/image_manager.go, pkg/kubelet/kuberuntime.
describe('an image', () => {
  it('that cannot be had leaves its pod waiting, with the reason', async () => {
    await apply(
      pod('absent', '{name: main, image: "nginx:no-such-tag"}') +
        pod('never', '{name: main, image: "httpd:2.4", imagePullPolicy: Never}') +
        pod('badname', '{name: main, image: "Nginx:latest"}'),
    )
    await transcript(
      cluster,
      `
      $ kubectl wait pod/absent --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=ImagePullBackOff --timeout=20s
      pod/absent condition met
      $ ${events('absent', 'Failed')}
      Warning   Failed to pull image "nginx:no-such-tag": rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:no-such-tag": failed to resolve reference "docker.io/library/nginx:no-such-tag": docker.io/library/nginx:no-such-tag: not found
      Warning   Error: ErrImagePull
      Warning   Error: ImagePullBackOff
      $ ${events('absent', 'BackOff')}
      Normal   Back-off pulling image "nginx:no-such-tag"
      $ kubectl get pods absent never badname
      NAME      READY   STATUS              RESTARTS   AGE
      absent    0/1     ImagePullBackOff    0          …
      never     0/1     ErrImageNeverPull   0          …
      badname   0/1     InvalidImageName    0          …
      $ ${events('never', 'ErrImageNeverPull')}
      Warning   Container image "httpd:2.4" is not present with pull policy of Never
      $ ${events('badname', 'InspectFailed')}
      Warning   Failed to apply default image tag "Nginx:latest": couldn't parse image name "Nginx:latest": invalid reference format: repository name (library/Nginx) must be lowercase
      $ kubectl logs absent
      Error from server (BadRequest): container "main" in pod "absent" is waiting to start: trying and failing to pull image
      [exit 1]
      $ kubectl set image pod/absent main=nginx:1.29
      pod/absent image updated
      $ kubectl wait --for=condition=Ready pod/absent --timeout=30s
      pod/absent condition met
      $ kubectl delete pod absent never badname --now
      …
      `,
    )
  })
})

// Source: kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle, docs/tasks/configure-pod-container (probes, init containers, handlers),
// pkg/kubelet/prober, pkg/kubelet/kuberuntime.
describe('a container', () => {
  it('is started again with growing delays, or not at all', async () => {
    await apply(
      pod('crash', '{name: main, image: busybox, command: [sh, -c, "echo trying; exit 3"]}') +
        pod('once', '{name: main, image: busybox, command: [sh, -c, "exit 4"]}', 'restartPolicy: Never') +
        pod('nothing', '{name: main, image: busybox, command: [no-such-program]}'),
    )
    await transcript(
      cluster,
      `
      +30s
      $ kubectl get pods crash once nothing
      NAME      READY   STATUS             RESTARTS        AGE
      crash     0/1     CrashLoopBackOff   2 (…s ago)      …
      once      0/1     Error              0               …
      nothing   0/1     …                  2 (…s ago)      …
      $ kubectl get pod crash -o jsonpath='{.status.containerStatuses[0].state.waiting.message}'
      back-off 20s restarting failed container=main pod=crash_default(…)
      $ kubectl get pod crash -o jsonpath='{.status.containerStatuses[0].lastState.terminated.exitCode} {.status.containerStatuses[0].lastState.terminated.reason}'
      3 Error
      $ kubectl logs crash --previous
      trying
      $ ${events('crash', 'BackOff')}
      Warning   Back-off restarting failed container main in pod crash_default(…)
      $ ${events('nothing', 'Failed')}
      Warning   Error: failed to create …exec: "no-such-program": executable file not found in $PATH…
      $ kubectl delete pod crash once nothing --now
      …
      `,
    )
  })

  it('is asked by its probes, in all four ways', async () => {
    await apply(
      pod(
        'probed',
        '{name: main, image: "nginx:1.29", startupProbe: {tcpSocket: {port: 80}, periodSeconds: 1}, readinessProbe: {exec: {command: [cat, /tmp/ready]}, periodSeconds: 1}, livenessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 2, failureThreshold: 2}}',
      ) +
        pod(
          'grpc',
          '{name: main, image: "nginx:1.29", readinessProbe: {grpc: {port: 80}, periodSeconds: 5}}',
        ) +
        pod(
          'health',
          '{name: main, image: "drydock/hello:1.0", env: [{name: GRPC_PORT, value: "9000"}], startupProbe: {grpc: {port: 9000, service: liveness}, periodSeconds: 1}, readinessProbe: {grpc: {port: 9000}, periodSeconds: 1}}',
        ) +
        pod(
          'unknown',
          '{name: main, image: "drydock/hello:1.0", env: [{name: GRPC_PORT, value: "9000"}], readinessProbe: {grpc: {port: 9000, service: nobody}, periodSeconds: 1}}',
        ),
    )
    await transcript(
      cluster,
      `
      $ kubectl wait pod/probed --for=jsonpath='{.status.containerStatuses[0].started}'=true --timeout=30s
      pod/probed condition met
      $ ${events('probed', 'Unhealthy')} --watch | grep -m 1 Readiness
      Warning   Readiness probe failed: cat: …/tmp/ready…: No such file or directory
      $ kubectl get pod probed
      NAME     READY   STATUS    RESTARTS   AGE
      probed   0/1     Running   0          …
      $ kubectl exec probed -- touch /tmp/ready
      $ kubectl wait --for=condition=Ready pod/probed --timeout=20s
      pod/probed condition met
      $ kubectl exec probed -- rm /usr/share/nginx/html/index.html
      $ kubectl wait pod/probed --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=20s
      pod/probed condition met
      $ ${events('probed', 'Unhealthy')} | grep Liveness
      Warning   Liveness probe failed: HTTP probe failed with statuscode: 403
      $ ${events('probed', 'Killing')}
      Normal   Container main failed liveness probe, will be restarted
      $ ${events('grpc', 'Unhealthy')} | tail -n 1
      Warning   Readiness probe failed: timeout: failed to connect service "10.0.0.…:80" within 1s: context deadline exceeded
      $ kubectl wait --for=condition=Ready pod/health --timeout=20s
      pod/health condition met
      $ kubectl exec health -- curl -s localhost:8080/ready/off
      …
      $ kubectl wait --for=condition=Ready=false pod/health --timeout=20s
      pod/health condition met
      $ ${events('health', 'Unhealthy')} | tail -n 1
      Warning   Readiness probe failed: service unhealthy (responded with "NOT_SERVING")
      $ ${events('unknown', 'Unhealthy')} | tail -n 1
      Warning   Readiness probe failed: error: health rpc probe failed: rpc error: code = NotFound desc = unknown service
      $ kubectl delete pod probed grpc health unknown --now
      …
      `,
    )
  })

  it('waits for the init containers, and has sidecars beside it', async () => {
    await apply(
      pod(
        'ordered',
        '{name: main, image: busybox, command: [sh, -c, "cat /work/made; sleep 1000"], volumeMounts: [{name: work, mountPath: /work}]}',
        `volumes: [{name: work, emptyDir: {}}]
  initContainers:
  - {name: make, image: busybox, command: [sh, -c, "echo made > /work/made"], volumeMounts: [{name: work, mountPath: /work}]}
  - {name: proxy, image: "nginx:1.29", restartPolicy: Always, startupProbe: {httpGet: {port: 80}, periodSeconds: 1}}`,
      ) +
        pod(
          'stuck',
          '{name: main, image: busybox}',
          'initContainers: [{name: wait, image: busybox, command: [sh, -c, "exit 1"]}]',
        ),
    )
    await transcript(
      cluster,
      `
      $ kubectl wait --for=condition=Ready pod/ordered --timeout=30s
      pod/ordered condition met
      $ kubectl get pod ordered
      NAME      READY   STATUS    RESTARTS   AGE
      ordered   2/2     Running   0          …
      $ kubectl logs ordered
      Defaulted container "main" out of: main, make (init), proxy (init)
      made
      $ kubectl exec ordered -c main -- wget -qO /dev/null http://localhost
      $ kubectl get pod stuck
      NAME    READY   STATUS       RESTARTS   AGE
      stuck   0/1     Init:…       …
      $ kubectl get pod stuck -o jsonpath='{.status.conditions[?(@.type=="Initialized")].message}'
      containers with incomplete status: [wait]
      $ kubectl logs stuck
      Defaulted container "main" out of: main, wait (init)
      Error from server (BadRequest): container "main" in pod "stuck" is waiting to start: PodInitializing
      [exit 1]
      $ kubectl delete pod ordered stuck --now
      …
      `,
    )
  })

  it('ends gracefully, its hook first', async () => {
    await apply(
      pod(
        'polite',
        `{name: main, image: busybox, command: [sh, -c, "trap 'echo bye; exit 0' TERM; while true; do sleep 1; done"], lifecycle: {preStop: {exec: {command: [sh, -c, "echo hook > /proc/1/fd/1"]}}}}`,
      ) +
        pod(
          'slow',
          '{name: main, image: busybox, command: [sleep, "1000"], lifecycle: {preStop: {sleep: {seconds: 2}}}}',
        ),
    )
    await transcript(
      cluster,
      `
      $ kubectl wait --for=condition=Ready pod/polite pod/slow --timeout=30s
      …
      $ (kubectl logs -f polite & kubectl delete pod polite --wait=false; wait)
      …
      hook
      bye
      $ kubectl delete pod slow --wait=false
      pod "slow" deleted from default namespace
      $ kubectl get pod slow
      NAME   READY   STATUS        RESTARTS   AGE
      slow   1/1     Terminating   0          …
      $ kubectl delete pod slow --grace-period=0 --force
      Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
      pod "slow" force deleted from default namespace
      $ ${events('polite', 'Killing')}
      Normal   Stopping container main
      `,
    )
  })
})

// Source: kubernetes.io/docs/concepts/configuration, docs/concepts/storage (projected volumes), docs/tasks/inject-data-application.
describe('configuration', () => {
  it('is in the environment and in files, which follow their source', async () => {
    await apply(`
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: blue, size: large}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {token: s3cret}
---
apiVersion: v1
kind: Pod
metadata: {name: reader, labels: {tier: front}}
spec:
  terminationGracePeriodSeconds: 1
  volumes:
  - name: all
    projected:
      sources:
      - configMap: {name: settings}
      - secret: {name: keys, items: [{key: token, path: keys/token, mode: 0400}]}
      - downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}, {path: cpu, resourceFieldRef: {containerName: main, resource: limits.cpu, divisor: 1m}}]}
  containers:
  - name: main
    image: busybox
    command: [sleep, '1000']
    resources: {limits: {cpu: 250m, memory: 32Mi}}
    envFrom: [{configMapRef: {name: settings}, prefix: APP_}]
    env:
    - {name: TOKEN, valueFrom: {secretKeyRef: {name: keys, key: token}}}
    - {name: WHERE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    - {name: WHO, value: '$(TOKEN) on $(WHERE)'}
    volumeMounts: [{name: all, mountPath: /etc/all}]
---
apiVersion: v1
kind: Pod
metadata: {name: lacking}
spec:
  containers: [{name: main, image: busybox, env: [{name: X, valueFrom: {configMapKeyRef: {name: settings, key: nope}}}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: unmounted}
spec:
  volumes: [{name: v, configMap: {name: missing}}]
  containers: [{name: main, image: busybox, volumeMounts: [{name: v, mountPath: /v}]}]
`)
    await transcript(
      cluster,
      `
      $ kubectl wait --for=condition=Ready pod/reader --timeout=30s
      pod/reader condition met
      $ kubectl exec reader -- sh -c 'echo $APP_colour $APP_size $WHO'
      blue large s3cret on node-1
      $ kubectl exec reader -- sh -c 'cd /etc/all; cat colour keys/token cpu labels'
      blues3cret250tier="front"
      $ kubectl create configmap settings --from-literal=colour=red --dry-run=client -o yaml | kubectl replace -f -
      configmap/settings replaced
      $ kubectl label pod reader tier=back --overwrite
      pod/reader labeled
      +2m
      $ kubectl exec reader -- sh -c 'cd /etc/all; cat colour labels; ls; echo; echo $APP_colour'
      redtier="back"colour
      cpu
      keys
      labels
      …
      blue
      $ kubectl get pod reader -o jsonpath='{.status.qosClass}'
      Guaranteed
      $ kubectl get pod lacking
      NAME      READY   STATUS                       RESTARTS   AGE
      lacking   0/1     CreateContainerConfigError   0          …
      $ kubectl get pod lacking -o jsonpath='{.status.containerStatuses[0].state.waiting.message}'
      couldn't find key nope in ConfigMap default/settings
      $ kubectl get pod unmounted
      NAME        READY   STATUS              RESTARTS   AGE
      unmounted   0/1     ContainerCreating   0          …
      $ ${events('unmounted', 'FailedMount')} | tail -n 1
      Warning   MountVolume.SetUp failed for volume "v" : configmap "missing" not found
      $ kubectl create configmap missing --from-literal=a=b
      configmap/missing created
      $ kubectl delete pod reader lacking unmounted --now
      …
      `,
    )
  })
})

// Source: kubernetes.io/docs/concepts/storage/volumes#emptydir, pkg/kubelet/eviction (localStorageEviction).
describe('an emptyDir', () => {
  it('evicts its pod when it outgrows its limit', async () => {
    const main =
      '{name: main, image: busybox, command: [sh, -c, "seq 1 20000 > /data/file; sleep 1000"], volumeMounts: [{name: data, mountPath: /data}]}'
    await apply(pod('full', main, 'volumes: [{name: data, emptyDir: {sizeLimit: 64Ki}}]'))
    await transcript(
      cluster,
      `
      $ kubectl wait pod/full --for=jsonpath='{.status.podIP}' --timeout=20s
      pod/full condition met
      +30s
      $ kubectl wait pod/full --for=jsonpath='{.status.phase}'=Failed --timeout=20s
      pod/full condition met
      $ kubectl get pod full -o jsonpath='{.status.reason}: {.status.message}'
      Evicted: Usage of EmptyDir volume "data" exceeds the limit "64Ki".
      $ ${events('full', 'Evicted')}
      Warning   Usage of EmptyDir volume "data" exceeds the limit "64Ki".
      `,
    )
  })
})

// Source: kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource (a container that wants more than its limit),
// pkg/kubelet/oom (SystemOOM), pkg/kubelet/qos (who goes first).
describe('a program that wants more memory', () => {
  it('than its limit is killed; than its node has too, and the node says so', async () => {
    const shell = (name: string, script: string, resources = '') =>
      pod(
        name,
        `{name: main, image: busybox, command: [sh, -c, "${script}"]${resources}}`,
        'restartPolicy: Never',
      )
    await apply(
      shell('hungry', 'exec tail /dev/zero', ', resources: {limits: {memory: 64Mi}}') +
        shell('greedy', 'exec tail /dev/zero') +
        shell('modest', 'head -c 500M /dev/zero | wc -c', ', resources: {limits: {memory: 16Mi}}'),
    )
    const state = (name: string) =>
      `kubectl get pod ${name} -o jsonpath='{.status.phase} {.status.containerStatuses[0].state.terminated.reason} {.status.containerStatuses[0].state.terminated.exitCode}'`
    await transcript(
      cluster,
      `
      $ kubectl wait pod/hungry pod/greedy --for=jsonpath='{.status.phase}'=Failed --timeout=50s
      pod/hungry condition met
      pod/greedy condition met
      $ ${state('hungry')}
      Failed OOMKilled 137
      $ kubectl get pod hungry greedy
      NAME     READY   STATUS      RESTARTS   AGE
      hungry   0/1     OOMKilled   0          …
      greedy   0/1     OOMKilled   0          …
      $ ${state('modest')}
      Succeeded Completed 0
      $ kubectl logs modest
      524288000
      $ kubectl get events --field-selector reason=SystemOOM --no-headers -o custom-columns=TYPE:.type,KIND:.involvedObject.kind,MESSAGE:.message
      Warning   Node   System OOM encountered, victim process: tail, pid: …
      $ kubectl get node -o jsonpath='{.items[0].status.conditions[?(@.type=="MemoryPressure")].status}'
      False
      `,
    )
  })
})

// Source: kubernetes.io/docs/tutorials/hello-minikube, …/stateful-application/basic-stateful-set, …/concepts/workloads/controllers/job,
// …/configure-liveness-readiness-startup-probes; test/images/agnhost. The digits of π are fewer here.
describe('the images of the documentation', () => {
  it('do what it says', async () => {
    const AGNHOST = 'registry.k8s.io/e2e-test-images/agnhost:2.53'
    await apply(
      `${pod('slim', '{name: nginx, image: "registry.k8s.io/nginx-slim:0.24"}')}${pod('alive', `{name: main, image: "${AGNHOST}", args: [liveness]}`)}${pod('names', '{name: main, image: "registry.k8s.io/serve_hostname"}')}
apiVersion: batch/v1
kind: Job
metadata: {name: pi}
spec:
  backoffLimit: 4
  template:
    spec:
      restartPolicy: Never
      containers: [{name: pi, image: "perl:5.34.0", command: [perl, -Mbignum=bpi, -wle, print bpi(30)]}]`,
    )
    await transcript(
      cluster,
      `
      $ kubectl create deployment hello-node --image=${AGNHOST} -- /agnhost netexec --http-port=8080
      deployment.apps/hello-node created
      $ kubectl rollout status deployment/hello-node --timeout=30s | tail -1
      deployment "hello-node" successfully rolled out
      $ kubectl logs deployment/hello-node | sed 's/^I[0-9]* [0-9:.]* */I/'
      I1 log.go:245] Started HTTP server on port 8080
      $ kubectl wait pod/slim pod/alive pod/names --for=condition=Ready --timeout=30s >/dev/null; kubectl expose deployment hello-node --port=8080
      service/hello-node exposed
      $ kubectl exec slim -- sh -c 'echo "$(hostname)" > /usr/share/nginx/html/index.html; curl -s localhost; curl -s "hello-node:8080/echo?msg=hi"'
      slim
      hi
      $ kubectl exec slim -- sh -c "curl -s 'hello-node:8080/shell?cmd=echo%20out;exit%203'; curl -s hello-node:8080/ | cut -c1-5; curl -s $(kubectl get pod names -o jsonpath={.status.podIP}):9376"
      {"error":"exit status 3","output":"out\\n"}NOW: 
      names
      $ kubectl exec slim -- curl -s "hello-node:8080/dial?host=$(kubectl get pod names -o jsonpath={.status.podIP})&port=9376&request=x&tries=2"
      {"responses":["names","names"]}
      $ kubectl exec alive -- sh -c 'curl -s -w " %{http_code}" localhost:8080/healthz; sleep 10.5; curl -s -o /dev/null -w " %{http_code}" localhost:8080/healthz'
      ok 200 500
      $ kubectl exec alive -- /agnhost porter || true
      drydock: agnhost porter is not simulated
      command terminated with exit code 1
      $ kubectl wait --for=condition=complete job/pi --timeout=60s && kubectl logs job/pi
      job.batch/pi condition met
      3.14159265358979323846264338328
      `,
    )
  }, 120_000)
})
