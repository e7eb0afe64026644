import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KINDS } from '#kubernetes/apiserver/kinds/table.ts'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

// What `kubectl get` shows of each kind. Source: pkg/printers/internalversion/printers.go and its tests of Kubernetes 1.35, read 2026-11.

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster()
  await cluster.kubectl('apply -f -', OBJECTS)
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
  await cluster.kubectl('wait --for=condition=Available deployment/web --timeout=30s')
})
afterAll(() => cluster.close())

const template = '{metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: "nginx:1.29"}]}}'
const OBJECTS = `
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: ${template}}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {serviceName: db, selector: {matchLabels: {app: db}}, template: ${template.replace('app: web', 'app: db')}}}
---
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {app: agent}}, template: ${template.replace('app: web', 'app: agent').replace('spec: {', 'spec: {nodeSelector: {none: such}, ')}}}
---
{apiVersion: batch/v1, kind: Job, metadata: {name: once}, spec: {suspend: true, completions: 3, template: {spec: {restartPolicy: Never, containers: [{name: c, image: "busybox:1.37"}]}}}}
---
{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly}, spec: {schedule: "0 3 * * *", suspend: true, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "busybox:1.37"}]}}}}}}
---
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{name: http, port: 80}, {name: https, port: 443}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: node}, spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, nodePort: 30080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: out}, spec: {type: ExternalName, externalName: example.com}}
---
{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: site}, spec: {ingressClassName: alb, tls: [{hosts: [a.example.com]}], rules: [{host: a.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}}
---
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: alb}, spec: {controller: example.com/alb}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny}, spec: {podSelector: {matchLabels: {app: web}}}}
---
{apiVersion: v1, kind: PersistentVolume, metadata: {name: disk}, spec: {capacity: {storage: 5Gi}, accessModes: [ReadWriteOnce, ReadOnlyMany], storageClassName: manual, hostPath: {path: /data}}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteMany], storageClassName: none, resources: {requests: {storage: 1Gi}}}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}, provisioner: example.com/disks, allowVolumeExpansion: true}
---
{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: disks.example.com}, spec: {attachRequired: false}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: web}, spec: {minReplicas: 2, maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}, spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: limits, namespace: kube-public}, spec: {hard: {pods: "4", limits.cpu: "2"}}}
---
{apiVersion: v1, kind: Secret, metadata: {name: key}, type: Opaque, stringData: {a: "1", b: "2"}}
---
{apiVersion: v1, kind: PodTemplate, metadata: {name: model}, template: ${template}}
---
{apiVersion: v1, kind: ReplicationController, metadata: {name: old}, spec: {replicas: 0, selector: {app: old}, template: ${template.replace('app: web', 'app: old')}}}
---
{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: fancy}, handler: fancy}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 1000, globalDefault: false}
---
{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: leader}, spec: {holderIdentity: me}}
---
{apiVersion: resource.k8s.io/v1, kind: DeviceClass, metadata: {name: gpu}, spec: {selectors: [{cel: {expression: "device.driver == 'gpu.example.com'"}}]}}
---
{apiVersion: resource.k8s.io/v1, kind: ResourceClaimTemplate, metadata: {name: one-gpu}, spec: {spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: gpu}}]}}}}
---
{apiVersion: resource.k8s.io/v1, kind: ResourceClaim, metadata: {name: card}, spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: gpu}}]}}}
---
{apiVersion: resource.k8s.io/v1, kind: ResourceSlice, metadata: {name: slice}, spec: {driver: gpu.example.com, nodeName: far, pool: {name: far, generation: 1, resourceSliceCount: 1}, devices: [{name: gpu-0}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: trainer}, spec: {resourceClaims: [{name: gpu, resourceClaimName: card}], containers: [{name: c, image: "busybox:1.37", resources: {claims: [{name: gpu}]}}]}}
`

const AGE = '\\S+'

describe('kubectl get', () => {
  /** The header without its widths, and the rest as it is matched. */
  const shows = async (command: string, header: string, row: string) => {
    const [first, ...rows] = (await cluster.kubectl(`get ${command}`)).split('\n')
    expect(
      first!
        .trim()
        .split(/\s{2,}/)
        .join(' | '),
    ).toBe(header)
    expect(
      rows
        .map((line) =>
          line
            .trim()
            .split(/\s{2,}/)
            .join(' | '),
        )
        .join('\n'),
    ).toMatch(new RegExp(`^${row}$`, 'm'))
  }

  it('shows workloads', async () => {
    await shows(
      'deploy web',
      'NAME | READY | UP-TO-DATE | AVAILABLE | AGE',
      `web \\| 2/2 \\| 2 \\| 2 \\| ${AGE}`,
    )
    await shows(
      'deploy web -o wide',
      'NAME | READY | UP-TO-DATE | AVAILABLE | AGE | CONTAINERS | IMAGES | SELECTOR',
      `web \\| 2/2 \\| 2 \\| 2 \\| ${AGE} \\| c \\| nginx:1.29 \\| app=web`,
    )
    await shows(
      'rs -l app=web',
      'NAME | DESIRED | CURRENT | READY | AGE',
      `web-\\w+ \\| 2 \\| 2 \\| 2 \\| ${AGE}`,
    )
    await shows('sts db', 'NAME | READY | AGE', `db \\| \\d/1 \\| ${AGE}`)
    await shows(
      'sts db -o wide',
      'NAME | READY | AGE | CONTAINERS | IMAGES',
      `db \\| \\d/1 \\| ${AGE} \\| c \\| nginx:1.29`,
    )
    await shows(
      'ds agent',
      'NAME | DESIRED | CURRENT | READY | UP-TO-DATE | AVAILABLE | NODE SELECTOR | AGE',
      `agent \\| 0 \\| 0 \\| 0 \\| 0 \\| 0 \\| none=such \\| ${AGE}`,
    )
    await shows(
      'job once',
      'NAME | STATUS | COMPLETIONS | DURATION | AGE',
      `once \\| Suspended \\| 0/3 \\| ${AGE}`,
    )
    await shows(
      'cj nightly',
      'NAME | SCHEDULE | TIMEZONE | SUSPEND | ACTIVE | LAST SCHEDULE | AGE',
      `nightly \\| 0 3 \\* \\* \\* \\| <none> \\| True \\| 0 \\| <none> \\| ${AGE}`,
    )
    await shows('rc old', 'NAME | DESIRED | CURRENT | READY | AGE', `old \\| 0 \\| 0 \\| 0 \\| ${AGE}`)
    await shows(
      'podtemplate model',
      'NAME | CONTAINERS | IMAGES | POD LABELS',
      'model \\| c \\| nginx:1.29 \\| app=web',
    )
    await shows(
      'controllerrevisions',
      'NAME | CONTROLLER | REVISION | AGE',
      `db-\\w+ \\| statefulset.apps/db \\| 1 \\| ${AGE}`,
    )
  })

  it('shows pods and nodes', async () => {
    await shows(
      'pods -l app=web',
      'NAME | READY | STATUS | RESTARTS | AGE',
      `web-\\w+-\\w+ \\| 1/1 \\| Running \\| 0 \\| ${AGE}`,
    )
    await shows(
      'pods -l app=web -o wide',
      'NAME | READY | STATUS | RESTARTS | AGE | IP | NODE | NOMINATED NODE | READINESS GATES',
      `web-\\w+-\\w+ \\| 1/1 \\| Running \\| 0 \\| ${AGE} \\| [\\d.]+ \\| node-\\d \\| <none> \\| <none>`,
    )
    await shows(
      'nodes',
      'NAME | STATUS | ROLES | AGE | VERSION',
      `node-1 \\| Ready \\| <none> \\| ${AGE} \\| v1.35.2-eks-1234567`,
    )
    await cluster.kubectl('label node node-1 node-role.kubernetes.io/worker=')
    await cluster.kubectl('cordon node-1')
    await shows(
      'node node-1 -o wide',
      'NAME | STATUS | ROLES | AGE | VERSION | INTERNAL-IP | EXTERNAL-IP | OS-IMAGE | KERNEL-VERSION | CONTAINER-RUNTIME',
      `node-1 \\| Ready,SchedulingDisabled \\| worker \\| .* \\| Amazon Linux 2023 .*\\| containerd://\\S+`,
    )
    await shows('ns default', 'NAME | STATUS | AGE', `default \\| Active \\| ${AGE}`)
    await shows(
      'all -l app=web',
      'NAME | READY | STATUS | RESTARTS | AGE',
      `pod/web-\\w+-\\w+ \\| 1/1 \\| Running .*`,
    )
  })

  it('shows networks', async () => {
    const header = 'NAME | TYPE | CLUSTER-IP | EXTERNAL-IP | PORT(S) | AGE'
    await shows(
      'svc web',
      header,
      `web \\| ClusterIP \\| 10\\.100\\.\\d+\\.\\d+ \\| <none> \\| 80/TCP,443/TCP \\| ${AGE}`,
    )
    await shows('svc node', header, `node \\| NodePort \\| 10\\.\\S+ \\| <none> \\| 80:30080/TCP \\| ${AGE}`)
    await shows('svc out', header, `out \\| ExternalName \\| <none> \\| example.com \\| <none> \\| ${AGE}`)
    await shows(
      'svc db -o wide',
      `${header} | SELECTOR`,
      `db \\| ClusterIP \\| None \\| <none> \\| 5432/TCP \\| ${AGE} \\| app=db`,
    )
    await shows(
      'ing site',
      'NAME | CLASS | HOSTS | ADDRESS | PORTS | AGE',
      `site \\| alb \\| a.example.com \\| (\\S+ \\| )?80, 443 \\| ${AGE}`,
    )
    await shows(
      'ingressclass alb',
      'NAME | CONTROLLER | PARAMETERS | AGE',
      `alb \\| example.com/alb \\| <none> \\| ${AGE}`,
    )
    await shows('netpol deny', 'NAME | POD-SELECTOR | AGE', `deny \\| app=web \\| ${AGE}`)
    await shows(
      'endpointslices -l kubernetes.io/service-name=web',
      'NAME | ADDRESSTYPE | PORTS | ENDPOINTS | AGE',
      `web-\\w+ \\| IPv4 \\| (80,443|443,80) \\| [\\d.]+,[\\d.]+ \\| ${AGE}`,
    )
    await shows('servicecidr', 'NAME | CIDRS | AGE', `kubernetes \\| 10.100.0.0/16 \\| ${AGE}`)
  })

  it('shows storage', async () => {
    await shows(
      'pv disk',
      'NAME | CAPACITY | ACCESS MODES | RECLAIM POLICY | STATUS | CLAIM | STORAGECLASS | VOLUMEATTRIBUTESCLASS | REASON | AGE',
      `disk \\| 5Gi \\| RWO,ROX \\| Retain \\| Available \\| manual \\| <unset> \\| ${AGE}`,
    )
    await shows(
      'pvc data',
      'NAME | STATUS | VOLUME | CAPACITY | ACCESS MODES | STORAGECLASS | VOLUMEATTRIBUTESCLASS | AGE',
      `data \\| Pending \\| none \\| <unset> \\| ${AGE}`,
    )
    await shows(
      'sc fast',
      'NAME | PROVISIONER | RECLAIMPOLICY | VOLUMEBINDINGMODE | ALLOWVOLUMEEXPANSION | AGE',
      `fast \\(default\\) \\| example.com/disks \\| Delete \\| Immediate \\| true \\| ${AGE}`,
    )
    await shows(
      'csidriver disks.example.com',
      'NAME | ATTACHREQUIRED | PODINFOONMOUNT | STORAGECAPACITY | TOKENREQUESTS | REQUIRESREPUBLISH | MODES | AGE',
      `disks.example.com \\| false \\| false \\| false \\| <unset> \\| false \\| Persistent \\| ${AGE}`,
    )
  })

  it('shows policy, rights and configuration', async () => {
    await shows(
      'hpa web',
      'NAME | REFERENCE | TARGETS | MINPODS | MAXPODS | REPLICAS | AGE',
      `web \\| Deployment/web \\| cpu: (<unknown>|\\d+%)/80% \\| 2 \\| 2 \\| \\d \\| ${AGE}`,
    )
    await shows(
      'pdb web',
      'NAME | MIN AVAILABLE | MAX UNAVAILABLE | ALLOWED DISRUPTIONS | AGE',
      `web \\| 1 \\| N/A \\| 1 \\| ${AGE}`,
    )
    await shows(
      'quota limits -n kube-public',
      'NAME | REQUEST | LIMIT | AGE',
      `limits \\| pods: 0/4 \\| limits.cpu: 0/2 \\| ${AGE}`,
    )
    await shows('secret key', 'NAME | TYPE | DATA | AGE', `key \\| Opaque \\| 2 \\| ${AGE}`)
    await shows('sa default', 'NAME | SECRETS | AGE', `default \\| 0 \\| ${AGE}`)
    await shows(
      'pc high',
      'NAME | VALUE | GLOBAL-DEFAULT | AGE | PREEMPTIONPOLICY',
      `high \\| 1000 \\| false \\| ${AGE} \\| PreemptLowerPriority`,
    )
    await shows('runtimeclass fancy', 'NAME | HANDLER | AGE', `fancy \\| fancy \\| ${AGE}`)
    await shows('lease leader', 'NAME | HOLDER | AGE', `leader \\| me \\| ${AGE}`)
    await shows('clusterrole view', 'NAME | CREATED AT', 'view \\| 20.*Z')
    await shows(
      'clusterrolebinding cluster-admin -o wide',
      'NAME | ROLE | AGE | USERS | GROUPS | SERVICEACCOUNTS',
      `cluster-admin \\| ClusterRole/cluster-admin \\| ${AGE} \\| system:masters`,
    )
    await shows('crd', 'NAME | CREATED AT', '.+').catch(async () => {
      expect((await cluster.run(['get', 'crd'])).stderr).toBe('No resources found\n')
    })
    await shows(
      'events --field-selector reason=ScalingReplicaSet',
      'LAST SEEN | TYPE | REASON | OBJECT | MESSAGE',
      `${AGE} \\| Normal \\| ScalingReplicaSet \\| deployment/web \\| Scaled up replica set web-\\w+ from 0 to 2`,
    )
  })

  // Source also: pkg/registry/resource/resourceclaim (the specification cannot be changed), the scheduler's plugin dynamicresources.
  it('shows devices and claims to them, which no driver here can give', async () => {
    await shows('deviceclass gpu', 'NAME | AGE', `gpu \\| ${AGE}`)
    await shows('resourceclaimtemplate one-gpu', 'NAME | AGE', `one-gpu \\| ${AGE}`)
    await shows('resourceclaim card', 'NAME | STATE | AGE', `card \\| pending \\| ${AGE}`)
    await shows(
      'resourceslices',
      'NAME | NODE | DRIVER | POOL | AGE',
      `slice \\| far \\| gpu.example.com \\| far \\| ${AGE}`,
    )
    const more = '{"spec":{"devices":{"requests":[{"name":"gpu","exactly":{"deviceClassName":"other"}}]}}}'
    expect(
      (await cluster.run(['patch', 'resourceclaim', 'card', '--type=merge', '-p', more])).stderr,
    ).toContain('spec: Invalid value')
    expect(await cluster.kubectl('describe pod trainer')).toMatch(
      /FailedScheduling .* nodes are available: \d cannot allocate all claims/,
    )
  })

  it('has columns for every kind, and says when there is nothing', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    for (const kind of KINDS.filter(({ verbs }) => verbs.includes('list'))) {
      const path = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`
      const answer = await cluster.request('GET', `${path}/${kind.plural}`, undefined, { accept })
      const table = JSON.parse(await text(answer))
      expect(table.kind, kind.plural).toBe('Table')
      expect(table.columnDefinitions.length, kind.plural).toBeGreaterThan(1)
      expect(
        table.columnDefinitions.some(({ name }: { name: string }) => name === 'Name'),
        kind.plural,
      ).toBe(true)
      for (const row of table.rows)
        expect(row.cells, kind.plural).toHaveLength(table.columnDefinitions.length)
    }
    expect((await cluster.run(['get', 'jobs', '-n', 'kube-public'])).stderr).toBe(
      'No resources found in kube-public namespace.\n',
    )
    expect((await cluster.run(['get', 'volumeattachments'])).stderr).toBe('No resources found\n')
  })
})
