import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulatedTarget } from '../../src/checks/target.ts'
import { TargetClients } from '../../src/checks/target-clients.ts'
import type { CloudClient, WorldInfo } from '../../src/cloud/api.ts'
import { connectCloud } from '../../src/cloud/client.ts'
import { Cloud } from '../../src/cloud/cloud.ts'
import { createCluster, useCluster } from '../support/cluster.ts'
import { LabShell } from '../support/lab-shell.ts'

const APP = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      volumes: [{name: pages, emptyDir: {}}]
      initContainers:
      - {name: write, image: busybox, command: [sh, -c, "echo made > /pages/index.html"], volumeMounts: [{name: pages, mountPath: /pages}]}
      containers:
      - {name: web, image: "nginx:1.29", volumeMounts: [{name: pages, mountPath: /usr/share/nginx/html}], readinessProbe: {httpGet: {port: 80}}}
`
/** How the containers of all pods stand, in a line each. */
const STATUSES = `kubectl get pods -A --sort-by=.metadata.name -o jsonpath='{range .items[*]}{.metadata.name} {range .status.containerStatuses[*]}{.restartCount} {.state.running.startedAt} {.containerID} {end}{.status.initContainerStatuses[*].state.terminated.finishedAt}{"\\n"}{end}'`
const EVENTS = `kubectl get events -A --no-headers -o custom-columns=ABOUT:.involvedObject.name,REASON:.reason,TEXT:.message | sort`
const READY =
  'until kubectl get nodes >/dev/null 2>&1; do sleep 0.1; done; kubectl wait --for=condition=Ready pods --all -A --timeout=60s'

let directory: string
let cloud: Cloud
let client: CloudClient
const shells: LabShell[] = []

const shellIn = async (world: WorldInfo) => {
  const shell = await LabShell.open(world)
  shells.push(shell)
  return shell
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-resumed-'))
  cloud = await Cloud.start({ directory })
  client = connectCloud(cloud.socketPath)
})
afterAll(async () => {
  for (const shell of shells) await shell.close()
  client.close()
  await cloud.close()
  await rm(directory, { recursive: true })
})

// A saved world is a machine that was suspended: its copy goes on, while a world whose process ended comes up as after a reboot.
describe('a copy of a save point', { timeout: 120_000 }, () => {
  it('has the containers of an EKS cluster as they were, restarted by none', async () => {
    const world = await client.createWorld({ id: 'eks', provisioning: 'instant' })
    const shell = await shellIn(world)
    const clients = new TargetClients(simulatedTarget(world))
    await createCluster(clients, 'lab', 1)
    await useCluster(shell, clients, 'lab')
    clients.close()
    await shell.write('app.yaml', APP)
    await shell.ok('kubectl apply -f app.yaml && kubectl rollout status deployment web --timeout=60s')
    await shell.ok(READY)
    const [before, events] = [await shell.ok(STATUSES), await shell.ok(EVENTS)]
    await client.save('eks', 'now')
    const copied = await shellIn(await client.createWorld({ from: { world: 'eks', save: 'now' } }))
    const copyClients = new TargetClients(simulatedTarget(copied.world))
    await useCluster(copied, copyClients, 'lab')
    copyClients.close()
    await copied.ok(READY)
    expect(await copied.ok(STATUSES)).toBe(before)
    expect(await copied.ok(EVENTS)).toBe(events)
    expect(await copied.ok('kubectl exec deploy/web -- curl -s localhost')).toContain('made')
    // It is as any other from then on.
    await copied.ok(`kubectl exec deploy/web -- sh -c 'kill 1'`)
    await copied.ok(
      `kubectl wait pod -l app=web --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=30s`,
    )
    // The state of the first is what a reboot leaves.
    await cloud.worlds.close('eks')
    await shell.ok(READY)
    expect(
      await shell.ok(
        `kubectl get pods -l app=web -o jsonpath='{.items[*].status.containerStatuses[*].restartCount}'`,
      ),
    ).toBe('1')
  })

  it('has those of a kind cluster, its control plane and its nodes', async () => {
    const shell = await shellIn(await client.createWorld({ id: 'kind', provisioning: 'instant' }))
    await shell.ok('kind create cluster --wait 60s')
    await shell.ok(READY)
    const [before, up] = [
      await shell.ok(STATUSES),
      await shell.ok(`docker inspect kind-control-plane --format '{{.State.StartedAt}}'`),
    ]
    await client.save('kind', 'now')
    const copied = await shellIn(await client.createWorld({ from: { world: 'kind', save: 'now' } }))
    await copied.ok('kind export kubeconfig')
    await copied.ok(READY)
    expect(await copied.ok(STATUSES)).toBe(before)
    expect(await copied.ok(`docker inspect kind-control-plane --format '{{.State.StartedAt}}'`)).toBe(up)
    await copied.ok('docker restart kind-control-plane')
    await copied.ok(READY)
    expect(
      await copied.ok(
        `kubectl -n kube-system get pod etcd-kind-control-plane -o jsonpath='{.status.containerStatuses[0].restartCount}'`,
      ),
    ).toBe('1')
  })
})
