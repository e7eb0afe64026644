import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

let cluster: KubectlCluster
const kubectl = (command: string, input?: string) => cluster.kubectl(command, input)

const POD = `
apiVersion: v1
kind: Pod
metadata: {name: box}
spec: {containers: [{name: box, image: 'nginx:1.29'}]}
`
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

beforeAll(async () => {
  cluster = await kubectlCluster()
  await kubectl('wait --for=condition=Ready node --all --timeout=30s')
  await kubectl('apply -f -', POD)
  await kubectl('wait --for=condition=Ready pod/box --timeout=40s')
})
afterAll(() => cluster.close())

/** Runs a shell line in the pod; gives all that it printed. */
const inPod = async (line: string) => {
  const { stdout, stderr } = await cluster.run(['exec', 'box', '--', 'sh', '-c', line])
  return stdout + stderr
}

const ask = (path: string) =>
  inPod(
    `curl -sS --cacert ${ACCOUNT}/ca.crt -H "Authorization: Bearer $(cat ${ACCOUNT}/token)" https://kubernetes.default.svc${path}`,
  )

describe('a proxied request', () => {
  it('reaches a pod and the pods of a Service', async () => {
    await kubectl('label pod box app=box')
    await kubectl('expose pod box --port=80')
    await kubectl(
      'wait --for=jsonpath={.endpoints[0].conditions.ready}=true endpointslice -l kubernetes.io/service-name=box --timeout=10s',
    )
    const base = '/api/v1/namespaces/default'
    expect(await kubectl(`get --raw ${base}/pods/box/proxy/`)).toContain('Welcome to nginx!')
    expect(await kubectl(`get --raw ${base}/services/http:box:80/proxy/index.html`)).toContain(
      'Welcome to nginx!',
    )
    const { stderr } = await cluster.run(['get', '--raw', `${base}/services/box:81/proxy/`])
    expect(stderr).toContain('no service port "81" found for service "box"')
  })

  it('is counted in the metrics', async () => {
    expect(await kubectl('get --raw /metrics')).toMatch(
      /^apiserver_request_total\{.*code="200".*resource="pods".*subresource="proxy".*verb="GET".*\} \d+$/m,
    )
  })
})

describe('the API server, from a pod', () => {
  it('is at the control plane, by the kubernetes Service', async () => {
    expect(await kubectl('get endpointslices kubernetes')).toMatch(
      /^kubernetes +IPv4 +443 +192.168.100.1,192.168.101.1 /m,
    )
    expect(await kubectl('describe service kubernetes')).toMatch(
      /^Endpoints: +192.168.100.1:443,192.168.101.1:443$/m,
    )
  })

  it('knows the service account and lets RBAC decide', async () => {
    expect(JSON.parse(await ask('/version'))).toMatchObject({ gitVersion: 'v1.35.2-eks-1234567' })
    expect(JSON.parse(await ask('/api/v1/namespaces/default/pods'))).toMatchObject({
      kind: 'Status',
      code: 403,
      message:
        'pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"',
    })
    await kubectl('create rolebinding viewer --clusterrole=view --serviceaccount=default:default')
    const list = JSON.parse(await ask('/api/v1/namespaces/default/pods'))
    expect(list.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(['box'])
  })

  it('has a certificate of the cluster for its names and its Service address', async () => {
    const trust = `curl -sS --cacert ${ACCOUNT}/ca.crt`
    for (const name of ['kubernetes', 'kubernetes.default', '10.100.0.1']) {
      expect(await inPod(`${trust} https://${name}/livez`)).toBe('ok')
    }
    expect(await inPod('curl -sSk https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/livez')).toBe(
      'ok',
    )
    expect(await inPod('curl -sS https://kubernetes/livez')).toContain(
      'curl: (60) SSL certificate problem: unable to get local issuer certificate',
    )
  })
})
