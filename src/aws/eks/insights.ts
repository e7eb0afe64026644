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
import { rollbackVersion } from './version-rollback.ts'

/** Kubelets may be three minor versions behind the API server (https://kubernetes.io/releases/version-skew-policy/). */
const KUBELET_SKEW = 3

/** What insights are about: going on to the next version, or back to the one before. */
interface Goal {
  category: 'UPGRADE_READINESS' | 'ROLLBACK_READINESS'
  version: string
}

interface Finding {
  goal: Goal
  name: string
  description: string
  recommendation: string
  status: 'PASSING' | 'WARNING' | 'ERROR'
  reason: string
  resources: { text: string; status: 'WARNING' | 'ERROR'; reason: string }[]
  addonDetails?: sdk.AddonCompatibilityDetail[]
}

const minorOf = (version: string) => Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? 0)

/** Those on the way back are there while it is open. */
function goalsOf({ world }: RequestContext, cluster: ClusterRecord): Goal[] {
  const back = rollbackVersion(cluster, world.clock.now())
  return [
    { category: 'UPGRADE_READINESS', version: `1.${minorOf(cluster.version) + 1}` },
    ...(back ? [{ category: 'ROLLBACK_READINESS' as const, version: back }] : []),
  ]
}

/** What stands in the way of another minor version. https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html (texts from knowledge, 2026-11) */
const findings = (context: RequestContext, cluster: ClusterRecord): Finding[] =>
  goalsOf(context, cluster).flatMap((goal) => [
    kubeletSkew(context, cluster, goal),
    addonVersions(context, cluster, goal),
    health(context, cluster, goal),
  ])

/** Names of the insights by which a cluster cannot go to a version unless it is forced to. */
export const blockingInsights = (
  context: RequestContext,
  cluster: ClusterRecord,
  version: string,
): string[] =>
  findings(context, cluster)
    .filter(({ goal, status }) => goal.version === version && status === 'ERROR')
    .map(({ name }) => name)

const isUpgrade = ({ category }: Goal) => category === 'UPGRADE_READINESS'

function kubeletSkew(context: RequestContext, cluster: ClusterRecord, goal: Goal): Finding {
  const target = minorOf(goal.version)
  const behind = (version: string) => target - minorOf(version)
  const resources = nodes
    .list(context, cluster.name)
    .filter(({ kubeletVersion: version }) => behind(version) < 0 || behind(version) > KUBELET_SKEW - 1)
    .map(({ name, kubeletVersion }) => {
      const isBeyond = behind(kubeletVersion) < 0 || behind(kubeletVersion) > KUBELET_SKEW
      const reason = `Node kubelet version ${kubeletVersion} ${isBeyond ? 'is' : 'will be'} beyond the supported skew of version ${goal.version}`
      return { text: name, status: isBeyond ? ('ERROR' as const) : ('WARNING' as const), reason }
    })
  const how = isUpgrade(goal) ? 'behind' : 'newer than'
  return {
    goal,
    name: 'Kubelet version skew',
    description: `Checks for kubelet versions of worker nodes in the cluster to see if ${isUpgrade(goal) ? 'upgrade' : 'rollback'} would cause non compliance with supported Kubernetes kubelet version skew policy.`,
    recommendation: isUpgrade(goal)
      ? 'Upgrade your worker nodes to match the Kubernetes version of your cluster control plane.'
      : `Roll back your worker nodes to Kubernetes version ${goal.version} before the cluster control plane.`,
    status: worst(resources),
    reason:
      resources.length > 0
        ? `Some nodes are ${how} the supported version skew.`
        : 'Node kubelet versions match the cluster control plane version.',
    resources,
  }
}

function addonVersions(context: RequestContext, cluster: ClusterRecord, goal: Goal): Finding {
  const target = goal.version
  const which = isUpgrade(goal) ? 'next' : 'previous'
  const installed = addonRecords.list(context, cluster.name)
  const offered = (name: string) => addons.find((addon) => addon.name === name)?.versions[target] ?? []
  const known = versions.some(({ version }) => version === target)
  const unfit = known ? installed.filter(({ name, version }) => !offered(name).includes(version)) : []
  return {
    goal,
    name: 'EKS add-on version compatibility',
    description: `Checks version of installed EKS add-ons to ensure they are compatible with the ${which} version of Kubernetes. `,
    recommendation: `${isUpgrade(goal) ? 'Upgrade' : 'Downgrade'} EKS add-on to a compatible version for the ${which} Kubernetes version.`,
    status: unfit.length === 0 ? 'PASSING' : isUpgrade(goal) ? 'WARNING' : 'ERROR',
    reason:
      unfit.length > 0
        ? `Some add-on versions are not compatible with the ${which} Kubernetes version.`
        : `All installed EKS add-on versions are compatible with ${which} Kubernetes version.`,
    resources: [],
    addonDetails: unfit.map(({ name }) => ({ name, compatibleVersions: offered(name) })),
  }
}

function health(context: RequestContext, cluster: ClusterRecord, goal: Goal): Finding {
  const issues = clusterIssues(context, cluster)
  const what = isUpgrade(goal) ? 'upgrade to the next' : 'rollback to the previous'
  return {
    goal,
    name: 'Cluster health issues',
    description: `Checks for any cluster health issues that prevent successful ${what} Kubernetes version on EKS.`,
    recommendation: `Resolve the health issues of the cluster before ${isUpgrade(goal) ? 'upgrading' : 'rolling back'}.`,
    status: issues.length > 0 ? 'ERROR' : 'PASSING',
    reason: issues[0]?.message ?? 'No cluster health issues detected.',
    resources: [],
  }
}

const worst = (resources: Finding['resources']): Finding['status'] =>
  resources.some(({ status }) => status === 'ERROR') ? 'ERROR' : resources.length > 0 ? 'WARNING' : 'PASSING'

/** The same id for the same finding about the same cluster. */
function idOf(cluster: ClusterRecord, { goal, name }: Finding): string {
  const about = isUpgrade(goal) ? name : `${goal.category}/${name}`
  const hex = createHash('sha256').update(`${cluster.uid}/${about}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  )
}

/** Insights are looked at once a day, and when somebody asks for it. */
const summary = (cluster: ClusterRecord, finding: Finding): sdk.InsightSummary => {
  // In whole seconds, as `list-insights.rst` of the AWS CLI's examples shows them.
  const at = new Date(Math.floor((cluster.insightsAt ?? cluster.createdAt) / 1000) * 1000)
  return {
    id: idOf(cluster, finding),
    name: finding.name,
    category: finding.goal.category,
    kubernetesVersion: finding.goal.version,
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
  const finding = findings(context, cluster).find((one) => idOf(cluster, one) === input.id)
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
