import { readFileSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { rootCertificates } from 'node:tls'
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks'
import { STSClient } from '@aws-sdk/client-sts'
import type { KubeConfig } from '@kubernetes/client-node'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { AwsClientClass } from './checker.ts'
import { engineAnswer } from './docker-engine.ts'
import { dockerLogin } from './docker-login.ts'
import { type Agents, type HttpAnswer, type HttpOptions, httpRequest } from './http.ts'
import { contextKubeConfig, eksKubeConfig, fileKubeConfig } from './kubernetes-access.ts'
import { Registry } from './registry.ts'
import type { Target } from './target.ts'
import type { WorkspaceFiles } from './workspace-files.ts'
import { worldKubeConfig } from './world-kubeconfig.ts'

/** The target cannot give what the check asks for. */
export class TargetError extends Error {
  override readonly name = 'TargetError'
}

const CONNECT_TIMEOUT_MS = 3_000
const REQUEST_TIMEOUT_MS = 10_000

/** The clients of one target. The only place that knows that targets differ, and only in their configuration. */
export class TargetClients {
  readonly #target: Target
  readonly #files: WorkspaceFiles | undefined
  readonly #agents: Agents
  readonly #aws = new Map<unknown, unknown>()
  readonly #clusters = new Map<string, Promise<KubeConfig>>()

  /** `files` is the learner's home; without it nobody is logged in to a registry and there is no kubeconfig. */
  constructor(target: Target, files?: WorkspaceFiles) {
    this.#target = target
    this.#files = files
    this.#agents = agentsFor(target)
  }

  aws<Client>(client: AwsClientClass<Client>): Client {
    const known = this.#aws.get(client)
    if (known) return known as Client
    const made = new client(this.#awsConfiguration())
    this.#aws.set(client, made)
    return made
  }

  /** The region that the target's AWS clients ask. */
  async region(): Promise<string> {
    return this.aws(STSClient).config.region()
  }

  kubernetes(cluster: string): Promise<KubeConfig> {
    let access = this.#clusters.get(cluster)
    if (!access) {
      access = this.#connect(cluster)
      this.#clusters.set(cluster, access)
    }
    return access
  }

  async selfManaged(context: string): Promise<KubeConfig> {
    if (this.#target.kind === 'kubeconfig') return fileKubeConfig(this.#target.file, this.#target.context)
    const text = await this.#files?.read('.kube/config')
    const config =
      text &&
      (this.#target.kind === 'simulated'
        ? worldKubeConfig(text, context, this.#target.proxyUrl)
        : contextKubeConfig(text, context))
    if (config) return config
    if (this.#target.kind === 'aws') return fileKubeConfig(undefined, context)
    throw new TargetError(
      `this step looks at the cluster of the context ${context}, and ~/.kube/config has no such context.`,
    )
  }

  docker<Answer>(path: string): Promise<Answer | undefined> {
    const host =
      this.#target.kind === 'simulated'
        ? this.#target.dockerHost
        : (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock')
    return engineAnswer<Answer>(host, path)
  }

  registry(host: string): Registry {
    return new Registry(host, this.#agents, () => this.#registryLogin(host))
  }

  http(url: string, options?: HttpOptions): Promise<HttpAnswer> {
    return httpRequest(url, this.#agents, options)
  }

  close(): void {
    this.#agents.http.destroy()
    this.#agents.https.destroy()
  }

  #awsConfiguration(): Record<string, unknown> {
    const requestHandler = new NodeHttpHandler({
      httpAgent: this.#agents.http,
      httpsAgent: this.#agents.https,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
    })
    switch (this.#target.kind) {
      case 'simulated': {
        const { region, credentials } = this.#target
        return { region, credentials, requestHandler, maxAttempts: 2, ignoreConfiguredEndpointUrls: true }
      }
      case 'aws': {
        const { region, profile } = this.#target
        return { ...(region && { region }), ...(profile && { profile }), requestHandler }
      }
      case 'kubeconfig':
        throw new TargetError(
          'this step looks at AWS, and the target is a kubeconfig. Run it with --target aws or --target simulated.',
        )
    }
  }

  async #connect(name: string): Promise<KubeConfig> {
    if (this.#target.kind === 'kubeconfig') return fileKubeConfig(this.#target.file, this.#target.context)
    const { cluster } = await this.aws(EKSClient).send(new DescribeClusterCommand({ name }))
    return eksKubeConfig(cluster!, this.aws(STSClient), this.#target)
  }

  async #registryLogin(host: string): Promise<string | undefined> {
    if (!/\.dkr\.ecr\.[^.]+\.amazonaws\.com(\.cn)?$/.test(host))
      return dockerLogin(await this.#files?.read('.docker/config.json'), host)
    const { authorizationData } = await this.aws(ECRClient).send(new GetAuthorizationTokenCommand({}))
    return authorizationData?.[0]?.authorizationToken
  }
}

function agentsFor(target: Target): Agents {
  if (target.kind !== 'simulated') {
    // A real target is reached as the person's own tools reach it, through their proxy if they have one.
    const options = { keepAlive: true, proxyEnv: process.env }
    const bundle = process.env.AWS_CA_BUNDLE
    const trust = bundle ? { ca: [...rootCertificates, readFileSync(bundle, 'utf8')] } : {}
    return { http: new HttpAgent(options), https: new HttpsAgent({ ...options, ...trust }) }
  }
  const proxyEnv = { HTTP_PROXY: target.proxyUrl, HTTPS_PROXY: target.proxyUrl }
  const ca = readFileSync(target.caFile)
  return {
    http: new HttpAgent({ keepAlive: true, proxyEnv }),
    https: new HttpsAgent({ keepAlive: true, proxyEnv, ca }),
  }
}
