import type { IncomingMessage } from 'node:http'
import type { HttpHost } from '#network/hosts.ts'
import type { ClusterApi, KubeletApi } from '../api.ts'
import type { ClusterOptions, UserInfo } from '../provider.ts'
import { ADMISSION } from './admission/plugins.ts'
import { policyTypeChecking } from './admission/policies/type-checking.ts'
import { quotaUsage } from './admission/quota-usage.ts'
import { clusterRoleAggregation } from './auth/aggregation.ts'
import { ANONYMOUS, Authentication } from './auth/authentication.ts'
import { Authorization } from './auth/authorization.ts'
import { ServiceAccountTokens, type TokenRequest } from './auth/service-account-tokens.ts'
import { bootstrap, kubernetesServiceController } from './bootstrap/bootstrap.ts'
import { listenInside } from './bootstrap/inside.ts'
import { ComponentApi } from './component-api.ts'
import { definitionCleanup, definitionNames } from './custom/controllers.ts'
import { eventExpiry } from './events/expiry.ts'
import { EventNames } from './events/names.ts'
import { EventRecorder } from './events/recorder.ts'
import { EventSeries } from './events/series.ts'
import { Metrics } from './http/metrics.ts'
import { NonResources } from './http/nonresource.ts'
import { ApiHost } from './http/server.ts'
import { Streams } from './http/streams.ts'
import { Subresources } from './http/subresources.ts'
import { Verbs } from './http/verbs.ts'
import { ALL, identityLeases } from './identity-leases.ts'
import { ipAddresses } from './ip-addresses.ts'
import { KubeletHolder } from './kubelet-holder.ts'
import { loadSchema, type Schema } from './schema/schema.ts'
import { Objects } from './storage/objects.ts'
import { STRATEGIES } from './strategies/table.ts'

/** The API server of one cluster, over the world's store. */
export class ApiServer {
  readonly host: HttpHost
  readonly client: ClusterApi
  /** OpenAPI v3 documents as they are served. */
  readonly openApi: NonResources['openApi']
  readonly #objects: Objects
  readonly #kubelet = new KubeletHolder()
  readonly #tokens: ServiceAccountTokens
  readonly #authentication: Authentication
  readonly #series: EventSeries
  readonly #stop = new AbortController()
  readonly #folder: string
  readonly #cluster: ClusterOptions
  #schema: Schema | undefined
  #endpoints: { enqueue(key: string): void; stop(): void } | undefined
  #running: { stop(): void }[] = []

  /** `generated` is the folder that `buildOpenApi` wrote. */
  constructor(cluster: ClusterOptions, generated: string) {
    this.#folder = generated
    this.#cluster = cluster
    const schema = () => {
      if (!this.#schema) throw new Error('the API server was used for a write before it was started')
      return this.#schema
    }
    const objects: Objects = new Objects({
      cluster,
      schema,
      strategies: STRATEGIES,
      admission: ADMISSION,
      authorization: () => authorization,
    })
    const tokens = new ServiceAccountTokens(cluster, objects)
    const authentication = new Authentication(cluster, tokens)
    const authorization = new Authorization(cluster, objects)
    const parts = { objects, authentication, authorization, tokens, kubelet: this.#kubelet }
    this.#objects = objects
    this.#tokens = tokens
    this.#authentication = authentication
    const names = new EventNames(cluster.world)
    this.#series = new EventSeries(objects, names)
    this.client = new ComponentApi(objects, {
      recorder: new EventRecorder(objects, names),
      series: this.#series,
    })
    const nonResources = new NonResources(
      cluster.gitVersion,
      generated,
      objects.kinds,
      tokens,
      () => cluster.storageTrouble?.() === undefined,
    )
    this.openApi = (path) => nonResources.openApi(path)
    this.host = new ApiHost({
      objects,
      authentication,
      authorization,
      nonResources,
      verbs: new Verbs(objects, new Subresources(parts), this.#stop.signal),
      streams: new Streams(objects, this.#kubelet),
      metrics: new Metrics(objects, cluster.gitVersion),
    })
  }

  async start(): Promise<void> {
    this.#schema = await loadSchema(this.#folder)
    bootstrap(this.#objects)
    const { controllers } = this.#objects.context.world
    this.#endpoints = controllers.start(kubernetesServiceController(this.#objects))
    const own = [
      clusterRoleAggregation,
      eventExpiry,
      definitionNames,
      definitionCleanup,
      quotaUsage,
      ipAddresses,
      policyTypeChecking,
    ]
    this.#running = [
      this.#endpoints,
      ...own.map((controller) => controllers.start(controller(this.#objects))),
    ]
    const leases = controllers.start(identityLeases(this.#objects))
    leases.enqueue(ALL)
    const series = controllers.start(this.#series.controller)
    this.#series.wake = (key) => series.enqueue(key)
    this.#running.push(leases, series)
    this.#running.push(await listenInside(this.#cluster, this.host))
  }

  /** Ends the watches and the server's own controllers. */
  stop(): void {
    this.#stop.abort()
    for (const controller of this.#running) controller.stop()
    this.#running = []
  }

  /** Another API server of the cluster has begun or ended: the `kubernetes` Service follows. */
  apiServersChanged(): void {
    this.#endpoints?.enqueue('kubernetes')
  }

  /** Requests for logs, exec, attach and port-forward go to these kubelets from now on. */
  registerKubelet(kubelet: KubeletApi): void {
    this.#kubelet.set(kubelet)
  }

  /** A service-account token as `TokenRequest` gives one, signed when it is first asked for. */
  issueToken(request: TokenRequest): () => string {
    return this.#tokens.issueUnsigned(request)
  }

  /** Who makes a request, for a kubelet that asks by TokenReview and knows the cluster's authority; undefined: nobody that is known. */
  async authenticate(req: IncomingMessage): Promise<UserInfo | undefined> {
    const user = await this.#authentication.authenticate(req).catch(() => ANONYMOUS)
    return user === ANONYMOUS ? undefined : user
  }

  /** The service account of a token, and for whom the token is. */
  authenticateAccount(token: string): { user: UserInfo; audiences: string[] } | undefined {
    return this.#tokens.authenticate(token)
  }
}
