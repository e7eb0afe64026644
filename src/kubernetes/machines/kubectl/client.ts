import type { Process } from '#containers/processes/process.ts'
import { portOf, RequestError, sendRequest } from '#containers/programs/http-request.ts'
import type { Kubeconfig } from '../kubeconfig.ts'

// biome-ignore lint/suspicious/noExplicitAny: the API's answers are read field by field.
export type Json = any

/** A command that failed: the last line that it prints. */
export class KubectlError extends Error {
  override readonly name = 'KubectlError'
}

/** A resource that the API server serves, by its names. */
export interface Resource {
  group: string
  version: string
  plural: string
  kind: string
  namespaced: boolean
  names: string[]
}

/** The API server of a kubeconfig. */
export class Client {
  readonly server: string
  readonly #process: Process
  readonly #config: Kubeconfig
  #resources: Resource[] | undefined

  constructor(process: Process, config: Kubeconfig) {
    this.#process = process
    this.#config = config
    this.server = config.server
  }

  async text(
    method: string,
    path: string,
    options: { body?: string; type?: string; accept?: string } = {},
  ): Promise<string> {
    const url = new URL(path, this.server)
    const { user, authority } = this.#config
    const headers: Record<string, string> = {
      accept: options.accept ?? 'application/json',
      'user-agent': 'kubectl',
    }
    if (user.token) headers.authorization = `Bearer ${user.token}`
    if (options.body !== undefined) headers['content-type'] = options.type ?? 'application/json'
    try {
      const { answer } = await sendRequest(this.#process, {
        url,
        method,
        headers,
        ...(options.body !== undefined && { body: Buffer.from(options.body) }),
        timeoutMs: 30_000,
        tls: { authorities: authority, certificate: user.certificate, key: user.key },
      })
      const chunks: Buffer[] = []
      for await (const chunk of answer) chunks.push(chunk as Buffer)
      const text = Buffer.concat(chunks).toString()
      if (answer.statusCode! < 400) return text
      const status = text.startsWith('{') ? JSON.parse(text) : { message: text.trim() }
      if (answer.statusCode === 401)
        throw new KubectlError('error: You must be logged in to the server (Unauthorized)')
      throw new KubectlError(
        `Error from server${status.reason ? ` (${status.reason})` : ''}: ${status.message}`,
      )
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      if (error.reason === 'refused')
        throw new KubectlError(
          `The connection to the server ${url.host} was refused - did you specify the right host or port?`,
        )
      const address = this.#process.machine.resolveName(url.hostname) ?? url.hostname
      const why =
        error.reason === 'resolve'
          ? `dial tcp: ${this.#process.machine.noSuchHost(url.hostname)}`
          : error.reason === 'certificate' || error.reason === 'tls'
            ? 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
            : error.reason === 'closed'
              ? 'EOF'
              : `dial tcp ${address}:${portOf(url)}: i/o timeout`
      throw new KubectlError(`Unable to connect to the server: ${why}`)
    }
  }

  async json(method: string, path: string, options: Parameters<Client['text']>[2] = {}): Promise<Json> {
    return JSON.parse(await this.text(method, path, options))
  }

  async resource(name: string): Promise<Resource> {
    this.#resources ??= await this.#discover()
    const [plain, ...group] = name.toLowerCase().split('.')
    const found = this.#resources.find(
      (resource) =>
        resource.names.includes(plain!) && (group.length === 0 || resource.group === group.join('.')),
    )
    if (!found)
      throw new KubectlError(`error: the server doesn't have a resource type ${JSON.stringify(name)}`)
    return found
  }

  async kind(apiVersion: string, kind: string): Promise<Resource> {
    this.#resources ??= await this.#discover()
    const slash = apiVersion.indexOf('/')
    const [group, version] =
      slash === -1 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)]
    const found = this.#resources.find(
      (resource) => resource.kind === kind && resource.group === group && resource.version === version,
    )
    if (!found)
      throw new KubectlError(
        `error: resource mapping not found for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`,
      )
    return found
  }

  async #discover(): Promise<Resource[]> {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
    const lists = await Promise.all(['/api', '/apis'].map((path) => this.json('GET', path, { accept })))
    return lists.flatMap(({ items }) =>
      items.flatMap(({ metadata, versions }: Json) =>
        (versions ?? []).flatMap(({ version, resources }: Json) =>
          (resources ?? []).map(
            ({ resource, responseKind, scope, singularResource, shortNames = [] }: Json) => ({
              group: metadata.name ?? '',
              version,
              plural: resource,
              kind: responseKind.kind,
              namespaced: scope === 'Namespaced',
              names: [resource, singularResource, ...shortNames],
            }),
          ),
        ),
      ),
    )
  }
}

export const pathOf = (
  { group, version, plural, namespaced }: Resource,
  namespace: string | undefined,
  name?: string,
): string => {
  const base = group ? `/apis/${group}/${version}` : `/api/${version}`
  return `${base}${namespaced && namespace ? `/namespaces/${namespace}` : ''}/${plural}${name ? `/${name}` : ''}`
}
