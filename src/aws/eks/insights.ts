import { createHash } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-eks'
import type { RequestContext } from '../wire/service.ts'
import { addons } from './data/addons.ts'
import { versions } from './data/versions.ts'
import { clusterIssues } from './encryption.ts'
import { notFound, requireCluster } from './errors.ts'
import { page } from './pagination.ts'
import type { ClusterRecord } from './records.ts'
import { addonRecords, nodes, putCluster } from './tables.ts'

/** Kubelets may be three minor versions behind the API server (https://kubernetes.io/releases/version-skew-policy/). */
const KUBELET_SKEW = 3

interface Finding {
  name: string
  description: string
  recommendation: string
  status: 'PASSING' | 'WARNING' | 'ERROR'
  reason: string
  resources: { text: string; status: 'WARNING' | 'ERROR'; reason: string }[]
  addonDetails?: sdk.AddonCompatibilityDetail[]
}

const minorOf = (version: string) => Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? 0)
const nextOf = (version: string) => `1.${minorOf(version) + 1}`

/** What stands in the way of the next minor version. https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html (texts from knowledge, 2026-11) */
function findings(context: RequestContext, cluster: ClusterRecord): Finding[] {
  return [kubeletSkew(context, cluster), addonVersions(context, cluster), health(context, cluster)]
}

function kubeletSkew(context: RequestContext, cluster: ClusterRecord): Finding {
  const target = minorOf(cluster.version) + 1
  const resources = nodes
    .list(context, cluster.name)
    .filter(({ kubeletVersion }) => target - minorOf(kubeletVersion) > KUBELET_SKEW - 1)
    .map(({ name, kubeletVersion }) => {
      const tooOld = target - minorOf(kubeletVersion) > KUBELET_SKEW
      const reason = `Node kubelet version ${kubeletVersion} ${tooOld ? 'is' : 'will be'} beyond the supported skew of version 1.${target}`
      return { text: name, status: tooOld ? ('ERROR' as const) : ('WARNING' as const), reason }
    })
  return {
    name: 'Kubelet version skew',
    description:
      'Checks for kubelet versions of worker nodes in the cluster to see if upgrade would cause non compliance with supported Kubernetes kubelet version skew policy.',
    recommendation:
      'Upgrade your worker nodes to match the Kubernetes version of your cluster control plane.',
    status: worst(resources),
    reason:
      resources.length > 0
        ? 'Some nodes are behind the supported version skew.'
        : 'Node kubelet versions match the cluster control plane version.',
    resources,
  }
}

function addonVersions(context: RequestContext, cluster: ClusterRecord): Finding {
  const target = nextOf(cluster.version)
  const installed = addonRecords.list(context, cluster.name)
  const offered = (name: string) => addons.find((addon) => addon.name === name)?.versions[target] ?? []
  const known = versions.some(({ version }) => version === target)
  const old = known ? installed.filter(({ name, version }) => !offered(name).includes(version)) : []
  return {
    name: 'EKS add-on version compatibility',
    description:
      'Checks version of installed EKS add-ons to ensure they are compatible with the next version of Kubernetes. ',
    recommendation: 'Upgrade EKS add-on to a compatible version for the next Kubernetes version.',
    status: old.length > 0 ? 'WARNING' : 'PASSING',
    reason:
      old.length > 0
        ? 'Some add-on versions are not compatible with the next Kubernetes version.'
        : 'All installed EKS add-on versions are compatible with next Kubernetes version.',
    resources: [],
    addonDetails: old.map(({ name }) => ({ name, compatibleVersions: offered(name) })),
  }
}

function health(context: RequestContext, cluster: ClusterRecord): Finding {
  const issues = clusterIssues(context, cluster)
  return {
    name: 'Cluster health issues',
    description:
      'Checks for any cluster health issues that prevent successful upgrade to the next Kubernetes version on EKS.',
    recommendation: 'Resolve the health issues of the cluster before upgrading.',
    status: issues.length > 0 ? 'ERROR' : 'PASSING',
    reason: issues[0]?.message ?? 'No cluster health issues detected.',
    resources: [],
  }
}

const worst = (resources: Finding['resources']): Finding['status'] =>
  resources.some(({ status }) => status === 'ERROR') ? 'ERROR' : resources.length > 0 ? 'WARNING' : 'PASSING'

/** The same id for the same finding about the same cluster. */
function idOf(cluster: ClusterRecord, name: string): string {
  const hex = createHash('sha256').update(`${cluster.uid}/${name}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  )
}

/** Insights are looked at once a day, and when somebody asks for it. */
const summary = (cluster: ClusterRecord, finding: Finding): sdk.InsightSummary => {
  const at = new Date(cluster.insightsAt ?? cluster.createdAt)
  return {
    id: idOf(cluster, finding.name),
    name: finding.name,
    category: 'UPGRADE_READINESS',
    kubernetesVersion: nextOf(cluster.version),
    lastRefreshTime: at,
    lastTransitionTime: at,
    description: finding.description,
    insightStatus: { status: finding.status, reason: finding.reason },
  }
}

export function listInsights(input: sdk.ListInsightsCommandInput, context: RequestContext) {
  const cluster = requireCluster(context, input.clusterName)
  const { categories, statuses, kubernetesVersions } = input.filter ?? {}
  const wanted = findings(context, cluster)
    .map((finding) => summary(cluster, finding))
    .filter(
      ({ category, insightStatus, kubernetesVersion }) =>
        (!categories?.length || categories.includes(category!)) &&
        (!statuses?.length || statuses.includes(insightStatus!.status!)) &&
        (!kubernetesVersions?.length || kubernetesVersions.includes(kubernetesVersion!)),
    )
  const { items, nextToken } = page(wanted, input)
  return { insights: items, nextToken }
}

export function describeInsight(input: sdk.DescribeInsightCommandInput, context: RequestContext) {
  const cluster = requireCluster(context, input.clusterName)
  const finding = findings(context, cluster).find(({ name }) => idOf(cluster, name) === input.id)
  if (!finding) throw notFound(`No insight found for id: ${input.id}`, { clusterName: cluster.name })
  return {
    insight: {
      ...summary(cluster, finding),
      recommendation: finding.recommendation,
      additionalInfo: {},
      resources: finding.resources.map(({ text, status, reason }) => ({
        kubernetesResourceUri: `/api/v1/nodes/${text}`,
        insightStatus: { status, reason },
      })),
      categorySpecificSummary: {
        deprecationDetails: [],
        addonCompatibilityDetails: finding.addonDetails ?? [],
      },
    },
  }
}

export function startInsightsRefresh(input: sdk.StartInsightsRefreshCommandInput, context: RequestContext) {
  const cluster = requireCluster(context, input.clusterName)
  putCluster(context, { ...cluster, insightsAt: context.world.clock.now() })
  return { message: 'Insights refresh started successfully', status: 'IN_PROGRESS' as const }
}

export function describeInsightsRefresh(
  input: sdk.DescribeInsightsRefreshCommandInput,
  context: RequestContext,
) {
  const cluster = requireCluster(context, input.clusterName)
  const at = new Date(cluster.insightsAt ?? cluster.createdAt)
  return { message: 'Insights refresh completed', status: 'COMPLETED' as const, startedAt: at, endedAt: at }
}
