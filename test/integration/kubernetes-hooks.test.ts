import { afterAll, beforeAll, describe, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'
import { transcript } from './transcript.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

const pod = (name: string, containers: string, spec = '') => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: 5
  ${spec}
  containers: [${containers}]
---`
const busybox = (name: string, hooks: string, script = 'trap "exit 3" TERM; while true; do sleep 1; done') =>
  `{name: ${name}, image: busybox, command: [sh, -c, '${script}'], lifecycle: {${hooks}}}`
const exec = (script: string) => `{exec: {command: [sh, -c, '${script}']}}`
const events = (name: string, ...reasons: string[]) =>
  `kubectl get events --field-selector involvedObject.name=${name} --no-headers --sort-by=.metadata.resourceVersion -o custom-columns=TYPE:.type,REASON:.reason,MESSAGE:.message,FOR:.involvedObject.fieldPath | grep -E '${reasons.join('|')}'`
const apply = (text: string) => cluster.kubectl('apply -f -', text)
const state = (name: string, container = 0) =>
  `kubectl get pod ${name} -o jsonpath='{.status.containerStatuses[${container}].state}'`

// Source: kubernetes.io/docs/concepts/containers/container-lifecycle-hooks, pkg/kubelet/kuberuntime/kuberuntime_container.go
// (startContainer), pkg/kubelet/lifecycle/handlers.go.
describe('a postStart hook', () => {
  it('holds back its container and those after it until it has ended', async () => {
    await apply(
      pod(
        'held',
        `{name: first, image: busybox, command: [sleep, "1000"]}, ${busybox('hooked', `postStart: ${exec('until [ -e /tmp/go ]; do sleep 1; done')}`)}, {name: last, image: "nginx:1.29"}`,
      ) +
        pod('napping', busybox('main', 'postStart: {sleep: {seconds: 600}}')) +
        pod('deleted', busybox('main', 'postStart: {sleep: {seconds: 100000}}')),
    )
    await transcript(
      cluster,
      `
      $ kubectl wait pod/held pod/napping pod/deleted --for=condition=PodReadyToStartContainers --timeout=30s
      …
      +20s
      $ kubectl get pods held napping
      NAME      READY   STATUS              RESTARTS   AGE
      held      0/3     ContainerCreating   0          …
      napping   0/1     ContainerCreating   0          …
      $ ${events('held', 'Started', 'Pulling')}
      Normal   Pulling   Pulling image "busybox"   spec.containers{first}
      Normal   Started   Container started         spec.containers{first}
      Normal   Pulling   Pulling image "busybox"   spec.containers{hooked}
      Normal   Started   Container started         spec.containers{hooked}
      $ ${state('held', 1)}
      {"waiting":{"reason":"ContainerCreating"}}
      $ kubectl exec held -c hooked -- touch /tmp/go
      $ kubectl wait pod/held --for=condition=Ready --timeout=30s
      pod/held condition met
      $ kubectl get pod held
      NAME   READY   STATUS    RESTARTS   AGE
      held   3/3     Running   0          …
      $ kubectl delete pod deleted
      pod "deleted" deleted from default namespace
      $ ${events('deleted', 'Failed', 'Killing')}
      …
      Warning   FailedPostStartHook   PostStartHook failed   spec.containers{main}
      …
      +10m
      $ kubectl wait pod/napping --for=condition=Ready --timeout=30s
      pod/napping condition met
      `,
    )
  })

  it('that fails has its container killed', async () => {
    await apply(pod('listener', '{name: main, image: "nginx:1.29"}'))
    await cluster.kubectl('wait pod/listener --for=condition=Ready --timeout=30s')
    const address = await cluster.kubectl('get pod listener -o jsonpath={.status.podIP}')
    await apply(
      pod('failing', busybox('main', `postStart: ${exec('echo seen; echo wrong >&2; exit 7')}`)) +
        pod('over', busybox('main', `postStart: ${exec('exit 7')}`), 'restartPolicy: Never') +
        pod(
          'unheard',
          busybox('main', 'postStart: {httpGet: {port: 81, path: /start}}'),
          'restartPolicy: Never',
        ) +
        pod(
          'heard',
          busybox('main', `postStart: {httpGet: {host: ${address}, port: 80, path: /none, scheme: HTTPS}}`),
        ),
    )
    await transcript(
      cluster,
      `
      $ kubectl wait pod/failing --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=PostStartHookError --timeout=30s
      pod/failing condition met
      $ ${state('failing')}
      {"waiting":{"message":"Exec lifecycle hook ([sh -c echo seen; echo wrong \\u003e\\u00262; exit 7]) for Container \\"main\\" in Pod \\"failing_default(…)\\" failed - error: command 'sh -c echo seen; echo wrong \\u003e\\u00262; exit 7' exited with 7: wrong\\n, message: \\"seen\\\\nwrong\\\\n\\"","reason":"PostStartHookError"}}
      $ kubectl get pod failing -o jsonpath='{.status.containerStatuses[0].lastState.terminated.exitCode}'
      3
      $ ${events('failing', 'Hook')} | head -n 2
      Warning   FailedPostStartHook   PostStartHook failed   spec.containers{main}
      Normal    Killing               FailedPostStartHook    spec.containers{main}
      $ kubectl wait pod/failing --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=CrashLoopBackOff --timeout=60s
      pod/failing condition met
      $ kubectl wait pod/over pod/unheard --for=jsonpath='{.status.phase}'=Failed --timeout=30s
      pod/over condition met
      pod/unheard condition met
      $ kubectl get pods over unheard
      NAME      READY   STATUS   RESTARTS   AGE
      over      0/1     Error    0          …
      unheard   0/1     Error    0          …
      $ kubectl wait pod/heard --for=condition=Ready --timeout=30s
      pod/heard condition met
      $ ${events('heard', 'Hook', 'Lifecycle')}
      Warning   LifecycleHTTPFallback   request to HTTPS lifecycle hook …:80 got HTTP response, retry with HTTP succeeded   …
      $ kubectl logs listener | grep lifecycle
      … "GET /none HTTP/1.1" 404 … "kube-lifecycle/1.…" "-"
      `,
    )
  })
})

describe('a preStop hook', () => {
  it('takes its time of the grace period; then the container has two seconds', async () => {
    const log = 'volumeMounts: [{name: log, mountPath: /log}]'
    const logs = 'volumes: [{name: log, hostPath: {path: /var/ends, type: DirectoryOrCreate}}]'
    const says = (who: string) =>
      `trap "echo ${who} told >>/log/ends; exit 0" TERM; while true; do sleep 1; done`
    await apply(
      pod('reader', `{name: main, image: busybox, command: [sleep, '1000'], ${log}}`, logs) +
        pod(
          'slow',
          `{name: main, image: busybox, ${log}, command: [sh, -c, '${says('slow')}'], lifecycle: {preStop: ${exec('echo slow hook >>/log/ends; sleep 1000')}}}`,
          logs,
        ) +
        pod('wrong', busybox('main', `preStop: ${exec('exit 1')}`)) +
        pod(
          'aided',
          `{name: main, image: busybox, ${log}, command: [sh, -c, '${says('main')}'], lifecycle: {preStop: ${exec('sleep 2')}}}`,
          `${logs}
  initContainers:
  - {name: proxy, image: busybox, restartPolicy: Always, ${log}, command: [sh, -c, '${says('proxy')}'], lifecycle: {preStop: ${exec('echo proxy hook >>/log/ends')}}}
  - {name: agent, image: busybox, restartPolicy: Always, ${log}, command: [sh, -c, '${says('agent')}']}`,
        ),
    )
    await transcript(
      cluster,
      `
      $ kubectl wait pod/reader pod/slow pod/wrong pod/aided --for=condition=Ready --timeout=30s
      …
      $ kubectl delete pod slow
      pod "slow" deleted from default namespace
      $ kubectl exec reader -- cat /log/ends
      slow hook
      slow told
      $ kubectl delete pod wrong
      pod "wrong" deleted from default namespace
      $ ${events('wrong', 'Hook')}
      Warning   FailedPreStopHook   PreStopHook failed   spec.containers{main}
      $ kubectl exec reader -- rm /log/ends
      $ kubectl delete pod aided
      pod "aided" deleted from default namespace
      $ kubectl exec reader -- cat /log/ends
      proxy hook
      main told
      agent told
      proxy told
      `,
    )
  })
})
