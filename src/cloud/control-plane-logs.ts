import { createHash } from 'node:crypto'
import type { Scope } from '#aws/ec2/index.ts'
import { principalArnOf } from '#aws/eks/clusters.ts'
import type { ClusterRecord, KubernetesUser } from '#aws/eks/index.ts'
import { createLogGroup, createLogStream, groups, ingestEvents, streams } from '#aws/logs/index.ts'
import type { Principal } from '#aws/wire/service.ts'
import type { ClusterApi, KubernetesObject } from '#kubernetes/api.ts'
import type { AnsweredRequest } from '#kubernetes/provider.ts'
import { microTimestamp } from '#kubernetes/time.ts'
import type { StoreEvent } from '#world/store.ts'

type LogType = 'api' | 'audit' | 'authenticator' | 'controllerManager' | 'scheduler'

/** What the streams' names begin with: https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html (read 2026-11). */
const STREAMS: Record<LogType, string> = {
  api: 'kube-apiserver',
  audit: 'kube-apiserver-audit',
  authenticator: 'authenticator',
  controllerManager: 'kube-controller-manager',
  scheduler: 'kube-scheduler',
}

/** Lines that are kept until they are written; what comes on top of them is dropped, so that a busy cluster cannot be held up by its log. */
const WAITING_LINES = 2000
/** The authenticator is asked again about a token after so long, ms: the API server keeps its answers. */
const TOKEN_CACHE_MS = 420_000
const TOKENS_KEPT = 500

interface ClusterEvent extends KubernetesObject {
  involvedObject: { kind: string; namespace?: string; name: string; apiVersion?: string; fieldPath?: string }
  reason: string
  message: string
  type: string
  source?: { component?: string }
  reportingComponent?: string
}

/** The control plane's logs of a cluster, in CloudWatch Logs: what really happened, for the types that are enabled. */
export class ControlPlaneLogs {
  readonly #scope: Scope
  readonly #uid: string
  readonly #waiting = new Map<LogType, { timestamp: number; message: string }[]>()
  readonly #tokens = new Map<string, number>()
  #controller: { stop(): void; enqueue(key: string): void } | undefined
  #apiBegun = false

  constructor(scope: Scope, uid: string) {
    this.#scope = scope
    this.#uid = uid
  }

  /** Begins to write; `current` gives the cluster's record. */
  start(client: ClusterApi, current: () => ClusterRecord): void {
    this.#controller = this.#scope.world.controllers.start({
      name: 'eks-control-plane-logs',
      sources: [
        {
          prefix: client.prefix('events'),
          keys: (event: Pick<StoreEvent, 'type' | 'entry'>) => {
            if (event.type === 'put') this.#eventOf(current(), event.entry.value as ClusterEvent)
            return []
          },
        },
      ],
      reconcile: () => this.#write(current()),
    })
  }

  stop(): void {
    this.#controller?.stop()
  }

  answered(cluster: ClusterRecord, request: AnsweredRequest): void {
    if (!isOn(cluster, 'audit')) return
    this.#add('audit', JSON.stringify(auditEvent(request, this.#scope.world.clock.now())))
  }

  /** Somebody's token was good; who they are in the cluster, if anybody. */
  loggedIn(
    cluster: ClusterRecord,
    token: string,
    principal: Principal,
    user: KubernetesUser | undefined,
  ): void {
    if (!isOn(cluster, 'authenticator') || !this.#isNews(token)) return
    const fields: Record<string, string> = user
      ? {
          level: 'info',
          msg: 'access granted',
          arn: principal.arn,
          client: '127.0.0.1:47238',
          groups: `[${user.groups.join(' ')}]`,
          method: 'POST',
          path: '/authenticate',
          stsendpoint: `sts.${this.#scope.region}.amazonaws.com`,
          uid: user.uid,
          username: user.username,
        }
      : {
          level: 'warning',
          msg: 'access denied',
          arn: principalArnOf(principal),
          client: '127.0.0.1:47238',
          error: 'ARN is not mapped',
          method: 'POST',
          path: '/authenticate',
        }
    this.#add('authenticator', this.#logfmt(fields))
  }

  /** A token that STS would not take. */
  tokenRefused(cluster: ClusterRecord): void {
    if (!isOn(cluster, 'authenticator')) return
    const fields = {
      level: 'warning',
      msg: 'access denied',
      client: '127.0.0.1:47238',
      error: 'sts getCallerIdentity failed: error from AWS (expected 200, got 403)',
      method: 'POST',
      path: '/authenticate',
    }
    this.#add('authenticator', this.#logfmt(fields))
  }

  #isNews(token: string): boolean {
    const now = this.#scope.world.clock.now()
    if ((this.#tokens.get(token) ?? 0) > now) return false
    this.#tokens.set(token, now + TOKEN_CACHE_MS)
    const [oldest] = this.#tokens.keys()
    if (this.#tokens.size > TOKENS_KEPT) this.#tokens.delete(oldest!)
    return true
  }

  /** What scheduler and controllers tell in events stands in their logs, too. */
  #eventOf(cluster: ClusterRecord, event: ClusterEvent): void {
    const component = event.source?.component ?? event.reportingComponent ?? ''
    const { namespace, name } = event.involvedObject
    const object = namespace ? `${namespace}/${name}` : name
    if (component === 'default-scheduler') {
      if (!isOn(cluster, 'scheduler')) return
      const node = / to (\S+)$/.exec(event.message)?.[1]
      const text =
        event.reason === 'Scheduled'
          ? `schedule_one.go:314] "Successfully bound pod to node" pod=${quoted(object)} node=${quoted(node ?? '')}`
          : `schedule_one.go:1041] "Unable to schedule pod; no fit; waiting" pod=${quoted(object)} err=${quoted(event.message)}`
      this.#add('scheduler', this.#klog(text))
    } else if (component.endsWith('-controller') && isOn(cluster, 'controllerManager')) {
      const { kind, apiVersion = 'v1', fieldPath = '' } = event.involvedObject
      this.#add(
        'controllerManager',
        this.#klog(
          `event.go:389] "Event occurred" object=${quoted(object)} fieldPath=${quoted(fieldPath)} kind=${quoted(kind)} apiVersion=${quoted(apiVersion)} type=${quoted(event.type)} reason=${quoted(event.reason)} message=${quoted(event.message)}`,
        ),
      )
    }
  }

  #add(type: LogType, message: string): void {
    const lines = this.#waiting.get(type) ?? []
    this.#waiting.set(type, lines)
    if (lines.length >= WAITING_LINES) return
    lines.push({ timestamp: Math.floor(this.#scope.world.clock.now()), message })
    this.#controller?.enqueue('write')
  }

  /** Writes what has come together: one batch a stream. */
  #write(cluster: ClusterRecord): void {
    if (isOn(cluster, 'api') && !this.#apiBegun) {
      this.#apiBegun = true
      for (const flag of apiFlags(cluster)) this.#add('api', this.#klog(`flags.go:64] FLAG: ${flag}`))
    }
    const group = `/aws/eks/${cluster.name}/cluster`
    for (const [type, lines] of this.#waiting) {
      this.#waiting.delete(type)
      if (!groups.find(this.#scope, group)) createLogGroup(this.#scope, group)
      const name = `${STREAMS[type]}-${createHash('md5').update(`${this.#uid}/${STREAMS[type]}`).digest('hex')}`
      const stream = streams.find(this.#scope, group, name) ?? createLogStream(this.#scope, group, name)
      ingestEvents(this.#scope, stream, lines)
    }
  }

  /** `I1128 20:15:02.123456      10 ` and the text. */
  #klog(text: string): string {
    const time = this.#scope.world.clock.date().toISOString()
    return `I${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 23)}000      10 ${text}`
  }

  #logfmt(fields: Record<string, string>): string {
    const time = this.#scope.world.clock.date().toISOString()
    const pairs = Object.entries({ time: `${time.slice(0, 19)}Z`, ...fields })
    return pairs.map(([key, value]) => `${key}=${/^[\w./-]+$/.test(value) ? value : quoted(value)}`).join(' ')
  }
}

const isOn = (cluster: ClusterRecord, type: LogType) => cluster.enabledLogTypes.includes(type)
const quoted = (text: string) => JSON.stringify(text)

/** Some of the flags that the API server is started with. */
const apiFlags = (cluster: ClusterRecord) => [
  `--allow-privileged="true"`,
  `--api-audiences="[https://kubernetes.default.svc]"`,
  `--audit-log-path="-"`,
  `--authorization-mode="[Node,RBAC,Webhook]"`,
  `--service-account-issuer="[${cluster.oidcIssuer}]"`,
  `--service-cluster-ip-range="${cluster.serviceIpv4Cidr}"`,
]

const READING = new Set(['get', 'list', 'watch'])

/** An event of audit.k8s.io/v1: https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/ */
function auditEvent(request: AnsweredRequest, now: number): object {
  const { object, user, code } = request
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: READING.has(request.verb) || !object ? 'Metadata' : 'Request',
    auditID: request.auditId,
    stage: 'ResponseComplete',
    requestURI: request.uri,
    verb: request.verb,
    user: user ?? {},
    sourceIPs: [request.sourceIp],
    userAgent: request.userAgent,
    ...(object && {
      objectRef: {
        resource: object.resource,
        ...(object.namespace && { namespace: object.namespace }),
        ...(object.name && { name: object.name }),
        ...(object.group && { apiGroup: object.group }),
        apiVersion: object.version,
        ...(object.subresource && { subresource: object.subresource }),
      },
    }),
    responseStatus: { metadata: {}, ...(code >= 400 && { status: 'Failure' }), code },
    requestReceivedTimestamp: microTimestamp(request.receivedAt),
    stageTimestamp: microTimestamp(now),
    annotations: user
      ? {
          'authorization.k8s.io/decision': request.refusal === undefined ? 'allow' : 'forbid',
          'authorization.k8s.io/reason': request.refusal ?? '',
          ...request.annotations,
        }
      : {},
  }
}
