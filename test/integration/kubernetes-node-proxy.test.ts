import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'
import { transcript } from './transcript.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
  await cluster.kubectl('run web --image=nginx:1.29 --overrides={"spec":{"nodeName":"node-1"}}')
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
  await cluster.kubectl('wait --for=condition=Ready pod/web --timeout=30s')
  await cluster.world.advance(60_000)
})
afterAll(() => cluster.close())

const NODE = '/api/v1/nodes/node-1/proxy'
const POD = '/api/v1/namespaces/default/pods/web'
const raw = (path: string) => cluster.kubectl(`get --raw ${NODE}${path}`)

// Source: pkg/kubelet/server (server.go, auth.go, stats/summary.go), pkg/kubelet/metrics/collectors, Go's net/http.FileServer.
describe('the kubelet behind the API server', () => {
  it('answers what it is, what runs, and what that wrote', () =>
    transcript(
      cluster,
      `
      $ kubectl get --raw ${NODE}/healthz
      ok
      $ kubectl get --raw '${NODE}/healthz?verbose'
      [+]ping ok
      [+]log ok
      [+]syncloop ok
      healthz check passed
      $ kubectl get --raw ${NODE}/configz | grep -o '"maxPods":[0-9]*\\|"containerLogMaxSize":"[^"]*"\\|"mode":"Webhook"'
      "mode":"Webhook"
      "maxPods":110
      "containerLogMaxSize":"10Mi"
      $ kubectl get --raw ${NODE}/pods | grep -o '"kubernetes.io/config.source":"[a-z]*"\\|"phase":"[A-Za-z]*"'
      "kubernetes.io/config.source":"api"
      "phase":"Running"
      $ kubectl get --raw ${NODE}/runningpods/
      {"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"web","namespace":"default","uid":"…"},"spec":{"containers":[{"name":"web","image":"sha256:…","resources":{}}]},"status":{}}]}
      $ kubectl get --raw '${NODE}/containerLogs/default/web/web?tailLines=1'
      … [notice] 1#1: start worker process …
      $ kubectl create --raw '${NODE}/run/default/web/web?cmd=id -u' -f /dev/null
      0
      $ kubectl get --raw ${NODE}/logs/
      <!doctype html>
      <meta name="viewport" content="width=device-width">
      <pre>
      …
      <a href="pods/">pods/</a>
      </pre>
      $ kubectl get --raw ${NODE}/containerLogs/default/absent/web
      Error from server (NotFound): the server could not find the requested resource
      [exit 1]
      $ kubectl get --raw ${NODE}/debug/pprof/
      Error from server (InternalError): an error on the server ("drydock: /debug of the kubelet is not simulated") has prevented the request from succeeding
      [exit 1]
      $ kubectl get --raw /api/v1/nodes/absent/proxy/healthz
      Error from server (NotFound): nodes "absent" not found
      [exit 1]
      $ kubectl get --raw /api/v1/nodes/https:node-1:10250/proxy/healthz
      ok
      $ kubectl get --raw /api/v1/nodes/node-1:9/proxy/healthz
      Error from server (ServiceUnavailable): error trying to reach service: dial tcp 192.168.0.1:9: connect: connection refused
      [exit 1]
      $ kubectl get --raw ${POD}:81/proxy/
      Error from server (ServiceUnavailable): error trying to reach service: dial tcp 10.0.0.…:81: connect: connection refused
      [exit 1]
      $ kubectl get --raw ${POD}/proxy/ | grep title
      <title>Welcome to nginx!</title>
      $ kubectl --context alice get --raw ${NODE}/stats/summary
      Error from server (Forbidden): nodes "node-1" is forbidden: User "alice" cannot get resource "nodes/proxy" in API group "" at the cluster scope
      [exit 1]
      `,
    ))

  it('tells what its pods use, in each form the same', async () => {
    const { node, pods } = JSON.parse(await raw('/stats/summary'))
    expect(node).toMatchObject({ nodeName: 'node-1', fs: { capacityBytes: 80 * 2 ** 30 } })
    expect(node.systemContainers.map(({ name }: { name: string }) => name)).toEqual([
      'kubelet',
      'runtime',
      'pods',
    ])
    const [{ podRef, containers, process_stats }] = pods
    expect(podRef).toMatchObject({ name: 'web', namespace: 'default' })
    expect(process_stats.process_count).toBeGreaterThan(1)
    const bytes = containers[0].memory.workingSetBytes
    expect(bytes).toBeGreaterThan(2 ** 20)
    expect(node.memory.workingSetBytes).toBeGreaterThan(bytes)
    const numberOf = (text: string, line: RegExp) => Number(line.exec(text)![1])
    const resource = await raw('/metrics/resource')
    const line =
      /^container_memory_working_set_bytes\{container="web",namespace="default",pod="web"\} (\S+) \d{13}$/m
    expect(numberOf(resource, line)).toBe(bytes)
    const cadvisor = await raw('/metrics/cadvisor')
    expect(cadvisor).toMatch(/^machine_cpu_cores 4$/m)
    const sample =
      /^container_memory_working_set_bytes\{container="web",id="\/kubepods.slice\/kubepods-besteffort.slice\/.*" (\S+) \d{13}$/m
    expect(numberOf(cadvisor, new RegExp(sample.source.replace('.*"', '.*pod="web"\\}'), 'm'))).toBe(bytes)
    expect(await raw('/metrics')).toMatch(/^kubelet_running_pods 1$/m)
  })

  it('is asked at its own port, too, by whom the cluster lets', async () => {
    const ask = (path: string, token = '') =>
      `kubectl exec web -- sh -c 'curl -sk ${token && '-H "Authorization: Bearer $(cat /var/run/secrets/kubernetes.io/serviceaccount/token)"'} https://192.168.0.1:10250${path}'`
    await transcript(
      cluster,
      `
      $ ${ask('/pods')}
      Unauthorized
      $ ${ask('/pods', 'own')}
      Forbidden (user=system:serviceaccount:default:default, verb=get, resource=nodes, subresource(s)=[pods proxy])
      $ kubectl create clusterrole kubelet-reader --verb=get --resource=nodes/metrics,nodes/healthz
      clusterrole.rbac.authorization.k8s.io/kubelet-reader created
      $ kubectl create clusterrolebinding kubelet-reader --clusterrole=kubelet-reader --serviceaccount=default:default
      clusterrolebinding.rbac.authorization.k8s.io/kubelet-reader created
      $ ${ask('/healthz', 'own')}
      ok
      $ ${ask('/metrics/resource', 'own')} | grep ^resource_scrape_error
      resource_scrape_error 0
      $ ${ask('/configz', 'own')}
      Forbidden (user=system:serviceaccount:default:default, verb=get, resource=nodes, subresource(s)=[configz proxy])
      `,
    )
  })

  it('cannot be asked while it does not run', async () => {
    cluster.cluster.kubelets.attendNode('node-1', false)
    await transcript(
      cluster,
      `
      $ kubectl get --raw ${NODE}/healthz
      Error from server (ServiceUnavailable): error trying to reach service: dial tcp 192.168.0.1:10250: connect: connection refused
      [exit 1]
      `,
    )
  })
})
