import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eksAddon } from '#kubernetes/eks-addons.ts'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster()
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

const kubectl = (command: string, input?: string) => cluster.kubectl(command, input)
const until = async (command: string, wanted: RegExp) => {
  for (let turn = 0; turn < 60; turn++) {
    const output = await cluster.run(command.split(' '))
    if (wanted.test(output.stdout)) return output.stdout
    await cluster.world.clock.sleep(2000)
  }
  throw new Error(`kubectl ${command} never showed ${wanted}:\n${await kubectl(command)}`)
}

const METRICS_SERVER = { version: 'v0.8.0-eksbuild.6', registry: 'registry.test', dnsAddress: '10.100.0.10' }
/** The add-on, with an image that this cluster can pull: what matters is that its Service has endpoints. */
const installMetricsServer = () => {
  for (const { resource, object } of eksAddon('metrics-server', METRICS_SERVER)) {
    const text = JSON.stringify(object)
      .replace('registry.test/eks/metrics-server:v0.8.0-eksbuild.6', 'nginx:1.29')
      .replace(/"args":\[[^\]]*\],/, '')
    cluster.cluster.client.create(resource, JSON.parse(text))
  }
}

const WEB = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1.29
        ports: [{containerPort: 80}]
        resources: {requests: {cpu: 20m}, limits: {cpu: 500m}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
`

describe('load', () => {
  it('is not known without metrics-server', async () => {
    expect(await cluster.run(['top', 'nodes'])).toMatchObject({
      code: 1,
      stderr: 'error: Metrics API not available\n',
    })
    expect(await kubectl('api-versions')).not.toContain('metrics.k8s.io')
  })

  it('is shown by top once metrics-server runs, and follows what the pods do', async () => {
    installMetricsServer()
    expect((await cluster.run(['top', 'nodes'])).stderr).toBe(
      'Error from server (ServiceUnavailable): the server is currently unable to handle the request (get nodes.metrics.k8s.io)\n',
    )
    await kubectl('apply -f -', WEB)
    await kubectl("run busy --image=busybox -- sh -c 'while true; do :; done'")
    await kubectl('-n kube-system rollout status deployment metrics-server --timeout=50s')
    await kubectl('rollout status deployment web --timeout=50s')
    await kubectl('wait --for=condition=Ready pod/busy --timeout=50s')
    cluster.world.clock.setSpeed(10)
    const pods = await until('top pods', /busy +\d{3,}m/)
    expect(pods).toMatch(/^NAME +CPU\(cores\) +MEMORY\(bytes\) *\n/)
    expect(pods).toMatch(/^web-\S+ +\dm +\d+Mi *$/m)
    expect(await kubectl('top nodes')).toMatch(
      /^NAME +CPU\(cores\) +CPU\(%\) +MEMORY\(bytes\) +MEMORY\(%\) *\nnode-1 +\d+m +\d+% +\d+Mi +\d+% *\nnode-2/,
    )
    expect(await kubectl('top pod -n kube-system --containers')).toMatch(
      /metrics-server-\S+ +metrics-server +\d+m/,
    )
    expect((await cluster.run(['top', 'pod', 'nope'])).stderr).toBe(
      'Error from server (NotFound): podmetrics.metrics.k8s.io "default/nope" not found\n',
    )
    expect(await kubectl('get apiservice v1beta1.metrics.k8s.io')).toMatch(
      /kube-system\/metrics-server +True/,
    )
    expect(await kubectl('get pods.metrics.k8s.io')).toMatch(
      /^NAME +CPU +MEMORY +WINDOW\nbusy +\d+n +\d+Ki +15s/,
    )
    await kubectl('delete pod busy --now')
  })

  // Source: kubectl/pkg/drain (localStorageFilter); the volume is that of the metrics-server chart.
  it('keeps its certificate in an emptyDir, which a drain asks about', async () => {
    expect(await cluster.refused('drain node-1 --dry-run=client')).toMatch(
      /cannot delete Pods with local storage \(use --delete-emptydir-data to override\): kube-system\/metrics-server-\S+/,
    )
  })

  it('scales a deployment by requests that are really served', async () => {
    expect(await kubectl('autoscale deployment web --cpu=50% --min=1 --max=4')).toBe(
      'horizontalpodautoscaler.autoscaling/web autoscaled\n',
    )
    expect(await until('get hpa web', /cpu: \d+%/)).toMatch(
      /^NAME +REFERENCE +TARGETS +MINPODS +MAXPODS +REPLICAS +AGE\nweb +Deployment\/web +cpu: \d+%\/50% +1 +4 +1 +/,
    )
    await kubectl("run load --image=busybox -- sh -c 'while sleep 0.01; do wget -q -O- http://web; done'")
    await until('get hpa web', /Deployment\/web +cpu: \S+ +1 +4 +[234] /)
    expect(await kubectl('describe hpa web')).toMatch(
      /SuccessfulRescale +\S+ .*New size: \d; reason: cpu resource utilization \(percentage of request\) above target/,
    )
  })
})
