import type { V1Deployment, V1EndpointSlice, V1ResourceQuota } from '@kubernetes/client-node'
import { type Cluster, containersOf } from '../lib/cluster.ts'
import { drill, mend, PROD, unreplaced } from './drill.ts'

export const crash = drill(async (t, cluster) => {
  await unreplaced(t, cluster, 'orders', 'program-replaced', (command) => command.includes('DATABASE_HOST'))
  await mend(t, cluster, 'orders')
})

async function endpoints(cluster: Cluster, service: string): Promise<number> {
  const slices = await cluster.list<V1EndpointSlice>(
    'discovery.k8s.io/v1/EndpointSlice',
    PROD,
    `kubernetes.io/service-name=${service}`,
  )
  return slices.flatMap((slice) => slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready).length
}

export const noEndpoints = drill(async (t, cluster) => {
  t.expect((await endpoints(cluster, 'cart')) > 0, {
    id: 'cart-without-pods',
    title: 'The Service cart leads to pods',
    expected: 'at least one ready endpoint',
    observed: 'none',
    evidence: `kubectl get endpointslices -n ${PROD} -l kubernetes.io/service-name=cart`,
    cause: 'The selector of the Service matches no pod. Restarting pods does not change that.',
    hint: `Compare kubectl get service cart -o wide with kubectl get pods --show-labels, both with -n ${PROD}`,
  })
})

const mebibytes = (quantity: string | undefined) => {
  const [, number, unit] = /^(\d+)(Mi|Gi|M|G)$/.exec(quantity ?? '') ?? []
  return number ? Number(number) * (unit!.startsWith('G') ? 1024 : 1) : Number.POSITIVE_INFINITY
}

export const oom = drill(async (t, cluster) => {
  const thumbs = await cluster.get<V1Deployment>('apps/v1/Deployment', 'thumbs', PROD)
  const limit = thumbs && containersOf(thumbs)[0]?.resources?.limits?.memory
  t.expect(mebibytes(limit) <= 256, {
    id: 'thumbs-unlimited',
    title: 'thumbs has a memory limit of at most 256 MiB',
    expected: 'a limit up to 256Mi',
    observed: limit ?? 'no limit',
    evidence: `kubectl get deployment thumbs -n ${PROD} -o jsonpath='{.spec.template.spec.containers[0].resources}'`,
    cause: 'Without a limit a leak takes the whole node along.',
    hint: 'kubectl set resources deployment/thumbs --limits=memory=128Mi --requests=memory=64Mi -n prod',
  })
  t.expect(mebibytes(limit) > 48, {
    id: 'thumbs-not-ready',
    title: 'thumbs may use what it needs',
    expected: 'a limit above the 48 MiB that it takes',
    observed: limit ?? 'no limit',
    evidence: `kubectl describe pods -l app=thumbs -n ${PROD}`,
    cause: 'Its last state is OOMKilled: it took more memory than its limit.',
    hint: 'Give it 128Mi.',
  })
  await mend(t, cluster, 'thumbs')
})

export const quota = drill(async (t, cluster) => {
  const quotas = await cluster.list<V1ResourceQuota>('v1/ResourceQuota', 'jobs')
  t.expect(
    quotas.some(({ spec }) => spec?.hard?.['limits.cpu'] && spec.hard['limits.memory']),
    {
      id: 'quota-gone',
      title: 'The quota of jobs is there',
      expected: 'limits.cpu and limits.memory in a quota of jobs',
      observed: quotas.length > 0 ? 'another quota' : 'no quota',
      evidence: 'kubectl describe quota -n jobs',
      cause: 'It was removed to let the pods in. Finance wants it.',
      hint: 'kubectl create quota limits --hard=limits.cpu=1,limits.memory=1Gi -n jobs; then give batch limits',
    },
  )
  await mend(t, cluster, 'batch', 'jobs')
})
