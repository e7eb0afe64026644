import type { Scope } from '#aws/ec2/index.ts'
import { profileFor } from '#aws/eks/fargate-profiles.ts'
import type { ClusterRecord } from '#aws/eks/index.ts'
import { POD_IDENTITY_SERVICE, podIdentityOf } from '#aws/eks/pod-identity.ts'
import type { KubernetesObject } from '#kubernetes/api.ts'
import type { Pod } from '#kubernetes/objects.ts'

const ROLE = 'eks.amazonaws.com/role-arn'
const AUDIENCE = 'eks.amazonaws.com/audience'
const EXPIRATION = 'eks.amazonaws.com/token-expiration'
const SKIP = 'eks.amazonaws.com/skip-containers'
const DEFAULT_EXPIRATION = 86_400
export const FARGATE_SCHEDULER = 'fargate-scheduler'
export const FARGATE_PROFILE = 'eks.amazonaws.com/fargate-profile'
/** Where the agent of a node answers. */
export const AGENT_ADDRESS = '169.254.170.23'

/** A way for a pod to AWS credentials: environment, and the token that it shows. */
interface Identity {
  env: Record<string, string>
  volume: string
  folder: string
  file: string
  audience: string
  expirationSeconds: number
}

/**
 * What EKS's webhooks make of a new pod: `pod-identity-webhook` gives it a way to its role, by an association or (IRSA) by the
 * annotation of its service account; the Fargate webhook takes it for a profile.
 * Models github.com/aws/amazon-eks-pod-identity-webhook.
 */
export function eksPodWebhooks(scope: Scope, cluster: ClusterRecord) {
  return (object: KubernetesObject, account: KubernetesObject | undefined): void => {
    const pod = object as Pod
    const identity = identityOf(scope, cluster, pod, account)
    if (identity) addIdentity(pod, identity)
    takeForFargate(scope, cluster, pod)
  }
}

function identityOf(
  scope: Scope,
  cluster: ClusterRecord,
  { metadata, spec }: Pod,
  account: KubernetesObject | undefined,
): Identity | undefined {
  const region = {
    AWS_STS_REGIONAL_ENDPOINTS: 'regional',
    AWS_DEFAULT_REGION: scope.region,
    AWS_REGION: scope.region,
  }
  const annotations = account?.metadata.annotations ?? {}
  const namespace = metadata.namespace ?? 'default'
  if (podIdentityOf(scope, cluster.name, namespace, spec.serviceAccountName ?? 'default')) {
    const folder = `/var/run/secrets/${POD_IDENTITY_SERVICE}/serviceaccount`
    const file = 'eks-pod-identity-token'
    return {
      env: {
        ...region,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${AGENT_ADDRESS}/v1/credentials`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${folder}/${file}`,
      },
      volume: file,
      folder,
      file,
      audience: POD_IDENTITY_SERVICE,
      expirationSeconds: DEFAULT_EXPIRATION,
    }
  }
  const role = annotations[ROLE]
  if (!role) return undefined
  const folder = '/var/run/secrets/eks.amazonaws.com/serviceaccount'
  const expiration = Number(metadata.annotations?.[EXPIRATION] ?? annotations[EXPIRATION])
  return {
    env: { ...region, AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: `${folder}/token` },
    volume: 'aws-iam-token',
    folder,
    file: 'token',
    audience: annotations[AUDIENCE] ?? 'sts.amazonaws.com',
    expirationSeconds: Number.isFinite(expiration) ? expiration : DEFAULT_EXPIRATION,
  }
}

function addIdentity({ metadata, spec }: Pod, identity: Identity): void {
  const { volume, folder, file, audience, expirationSeconds } = identity
  const skipped = (metadata.annotations?.[SKIP] ?? '').split(',').map((name) => name.trim())
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    if (skipped.includes(container.name)) continue
    const present = new Set((container.env ?? []).map(({ name }) => name))
    const added = Object.entries(identity.env).filter(([name]) => !present.has(name))
    container.env = [...(container.env ?? []), ...added.map(([name, value]) => ({ name, value }))]
    if (container.volumeMounts?.some((mount) => mount.mountPath === folder)) continue
    const mount = { name: volume, mountPath: folder, readOnly: true }
    container.volumeMounts = [...(container.volumeMounts ?? []), mount]
  }
  if (spec.volumes?.some(({ name }) => name === volume)) return
  const sources = [{ serviceAccountToken: { audience, expirationSeconds, path: file } }]
  spec.volumes = [{ name: volume, projected: { defaultMode: 0o644, sources } }, ...(spec.volumes ?? [])]
}

function takeForFargate(scope: Scope, cluster: ClusterRecord, pod: Pod): void {
  const { metadata, spec } = pod
  if ((spec.schedulerName ?? 'default-scheduler') !== 'default-scheduler') return
  // Pods of DaemonSets are meant for the nodes that are there.
  if (metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet')) return
  const profile = profileFor(scope, cluster.name, metadata.namespace ?? 'default', metadata.labels ?? {})
  if (!profile) return
  spec.schedulerName = FARGATE_SCHEDULER
  spec.priorityClassName = 'system-node-critical'
  metadata.labels = { ...metadata.labels, [FARGATE_PROFILE]: profile.name }
  metadata.annotations = {
    ...metadata.annotations,
    Logging: 'LoggingDisabled: LOGGING_CONFIGMAP_NOT_FOUND',
  }
}
