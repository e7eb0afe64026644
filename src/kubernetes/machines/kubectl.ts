import { parseAllDocuments, stringify } from 'yaml'
import { readAll } from '#containers/processes/pipe.ts'
import type { Process, Program } from '#containers/processes/process.ts'
import { portOf, RequestError, sendRequest } from '#containers/programs/http-request.ts'
import { type Kubeconfig, readKubeconfig } from './kubeconfig.ts'

// biome-ignore lint/suspicious/noExplicitAny: the API's answers are read field by field.
type Json = any

class KubectlError extends Error {
  override readonly name = 'KubectlError'
}

interface Resource {
  group: string
  version: string
  plural: string
  kind: string
  namespaced: boolean
  names: string[]
}

interface Call {
  client: Client
  process: Process
  words: string[]
  flags: Map<string, string>
  files: string[]
}

const COMMANDS: Record<string, (call: Call) => Promise<void>> = {
  get,
  apply: (call) => send(call, 'apply'),
  create: (call) => send(call, 'create'),
  replace: (call) => send(call, 'replace'),
  delete: remove,
  logs,
  scale,
  cordon: (call) => schedulable(call, false),
  uncordon: (call) => schedulable(call, true),
  taint,
  label: (call) => mark(call, 'labels'),
  annotate: (call) => mark(call, 'annotations'),
  'cluster-info': async ({ process, client }) => {
    await client.json('GET', '/version')
    await process.print(
      `Kubernetes control plane is running at ${client.server}\nCoreDNS is running at ${client.server}/api/v1/namespaces/kube-system/services/kube-dns:dns/proxy\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n`,
    )
  },
}
const BARE = new Set([
  'A',
  'all-namespaces',
  'all',
  'f-',
  'follow',
  'previous',
  'p',
  'client',
  'overwrite',
  'no-headers',
  'show-labels',
  'ignore-not-found',
  'now',
  'force',
  'server-side',
  'w',
  'watch',
])

/** A small `kubectl` for the shells of machines, by the API alone: what it lacks it names. */
export const kubectl =
  (version: string): Program =>
  async (process) => {
    const { words, flags, files } = parse(process.argv.slice(1))
    const [verb, ...rest] = words
    if (!verb) {
      await process.print(
        `kubectl controls the Kubernetes cluster manager.\n\nCommands of this edition: ${[...Object.keys(COMMANDS), 'version'].sort().join(', ')}\n`,
      )
      return 0
    }
    try {
      const client = new Client(process, await configOf(process, flags))
      if (verb === 'version') {
        await process.print(`Client Version: ${version}\nKustomize Version: v5.7.1\n`)
        if (!flags.has('client'))
          await process.print(`Server Version: ${(await client.json('GET', '/version')).gitVersion}\n`)
        return 0
      }
      const command = COMMANDS[verb]
      if (!command)
        throw new KubectlError(
          `error: drydock: kubectl ${verb} is not simulated in a node's shell; use kubectl of the lab's own shell`,
        )
      await command({ client, process, words: rest, flags, files })
      return 0
    } catch (error) {
      if (!(error instanceof KubectlError)) throw error
      await process.complain(`${error.message}\n`)
      return 1
    }
  }

async function configOf(process: Process, flags: Map<string, string>): Promise<Kubeconfig> {
  const given = flags.get('kubeconfig') ?? process.env.get('KUBECONFIG')
  const path = given ?? `${process.machine.user.home}/.kube/config`
  const bytes = await process.machine.files.read(path).catch(() => undefined)
  if (!bytes && flags.has('kubeconfig'))
    throw new KubectlError(`error: stat ${path}: no such file or directory`)
  if (!bytes) return { server: 'http://localhost:8080', authority: '', user: {} }
  try {
    const config = readKubeconfig(Buffer.from(bytes).toString())
    const { certificateFile } = config.user
    if (!certificateFile) return config
    const pem = Buffer.from(await process.machine.files.read(certificateFile)).toString()
    return { ...config, user: { certificate: pem, key: pem } }
  } catch (error) {
    throw new KubectlError(
      `error: error loading config file ${JSON.stringify(path)}: ${(error as Error).message}`,
    )
  }
}

/** The API server of a kubeconfig. */
class Client {
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
          ? `dial tcp: lookup ${url.hostname}: no such host`
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

const pathOf = (
  { group, version, plural, namespaced }: Resource,
  namespace: string | undefined,
  name?: string,
): string => {
  const base = group ? `/apis/${group}/${version}` : `/api/${version}`
  return `${base}${namespaced && namespace ? `/namespaces/${namespace}` : ''}/${plural}${name ? `/${name}` : ''}`
}

const namespaceOf = (flags: Map<string, string>) => flags.get('n') ?? flags.get('namespace') ?? 'default'

/** What a command is about: `pods a b`, `deploy/web`, `nodes`. */
async function targets({
  client,
  words,
}: Pick<Call, 'client' | 'words'>): Promise<{ resource: Resource; name: string | undefined }[]> {
  const [first, ...names] = words
  if (!first) throw new KubectlError('error: You must specify the type of resource to get.')
  if (first.includes('/'))
    return Promise.all(
      words
        .filter((word) => word.includes('/'))
        .map(async (word) => ({
          resource: await client.resource(word.split('/')[0]!),
          name: word.split('/')[1],
        })),
    )
  const lists = await Promise.all(first.split(',').map((name) => client.resource(name)))
  if (names.length === 0) return lists.map((resource) => ({ resource, name: undefined }))
  return names.map((name) => ({ resource: lists[0]!, name }))
}

async function get({ client, process, words, flags }: Call): Promise<void> {
  const all = flags.has('A') || flags.has('all-namespaces')
  const output = flags.get('o') ?? flags.get('output') ?? ''
  if (flags.has('w') || flags.has('watch'))
    throw new KubectlError("error: drydock: kubectl get --watch is not simulated in a node's shell")
  const namespace = all ? undefined : namespaceOf(flags)
  const selector = flags.get('l') ?? flags.get('selector')
  const query = selector ? `?labelSelector=${encodeURIComponent(selector)}` : ''
  for (const { resource, name } of await targets({
    client,
    words:
      words[0] === 'all' ? ['pods,services,daemonsets,deployments,replicasets,statefulsets,jobs'] : words,
  })) {
    const path = `${pathOf(resource, namespace, name)}${query}`
    if (output === '' || output === 'wide') {
      const table = await client.json('GET', path, {
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
      })
      await printTable(process, table, {
        wide: output === 'wide',
        all: all && resource.namespaced,
        headers: !flags.has('no-headers'),
        name,
        namespace,
      })
      continue
    }
    const object = await client.json('GET', path)
    if (output === 'json') await process.print(`${JSON.stringify(object, null, 4)}\n`)
    else if (output === 'yaml') await process.print(stringify(object, { indentSeq: false, lineWidth: 0 }))
    else if (output === 'name') {
      const type = resource.group ? `${resource.names[1]}.${resource.group}` : resource.names[1]
      await process.print(
        (object.items ?? [object]).map((item: Json) => `${type}/${item.metadata.name}\n`).join(''),
      )
    } else throw new KubectlError(`error: drydock: -o ${output} is not simulated in a node's shell`)
  }
}

async function printTable(
  process: Process,
  table: Json,
  options: {
    wide: boolean
    all: boolean
    headers: boolean
    name: string | undefined
    namespace: string | undefined
  },
): Promise<void> {
  const rows: Json[] = table.rows ?? []
  if (rows.length === 0) {
    await process.complain(
      options.namespace ? `No resources found in ${options.namespace} namespace.\n` : 'No resources found\n',
    )
    return
  }
  const columns = table.columnDefinitions
    .map((column: Json, index: number) => ({ ...column, index }))
    .filter(({ priority }: Json) => options.wide || priority === 0)
  const cells = rows.map((row) => [
    ...(options.all ? [row.object.metadata.namespace] : []),
    ...columns.map(({ index }: Json) => String(row.cells[index] ?? '')),
  ])
  const head = [
    ...(options.all ? ['NAMESPACE'] : []),
    ...columns.map(({ name }: Json) => String(name).toUpperCase()),
  ]
  const lines = options.headers ? [head, ...cells] : cells
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  await process.print(
    `${lines.map((line) => line.map((cell, column) => (column === line.length - 1 ? cell : cell.padEnd(widths[column]! + 3))).join('')).join('\n')}\n`,
  )
}

async function documents({ process, files }: Call): Promise<Json[]> {
  if (files.length === 0) throw new KubectlError('error: must specify one of -f and -k')
  const texts = await Promise.all(
    files.map(async (file) => {
      if (file === '-') return (await process.waitFor(readAll(process.stdin))).toString()
      const bytes = await process.machine.files
        .read(file.startsWith('/') ? file : `${process.cwd}/${file}`)
        .catch(() => {
          throw new KubectlError(`error: the path ${JSON.stringify(file)} does not exist`)
        })
      return Buffer.from(bytes).toString()
    }),
  )
  return texts
    .flatMap((text) => parseAllDocuments(text).map((document) => document.toJS()))
    .flatMap((object: Json) => (object?.kind === 'List' ? object.items : object ? [object] : []))
}

const typeOf = ({ group, names }: Resource) => (group ? `${names[1]}.${group}` : names[1])

async function send(call: Call, how: 'apply' | 'create' | 'replace'): Promise<void> {
  const { client, process, flags } = call
  for (const object of await documents(call)) {
    const resource = await client.kind(object.apiVersion, object.kind)
    const namespace = object.metadata?.namespace ?? namespaceOf(flags)
    const { name } = object.metadata ?? {}
    const body = JSON.stringify(object)
    if (how === 'create') await client.text('POST', pathOf(resource, namespace), { body })
    else if (how === 'replace') await client.text('PUT', pathOf(resource, namespace, name), { body })
    else
      await client.text('PATCH', `${pathOf(resource, namespace, name)}?fieldManager=kubectl&force=true`, {
        body,
        type: 'application/apply-patch+yaml',
      })
    await process.print(
      `${typeOf(resource)}/${name} ${how === 'create' ? 'created' : how === 'replace' ? 'replaced' : 'serverside-applied'}\n`,
    )
  }
}

async function remove(call: Call): Promise<void> {
  const { client, process, flags, files } = call
  const list =
    files.length > 0
      ? await Promise.all(
          (await documents(call)).map(async (object) => ({
            resource: await client.kind(object.apiVersion, object.kind),
            name: object.metadata.name as string,
            namespace: object.metadata.namespace,
          })),
        )
      : (await targets(call)).map((target) => ({ ...target, namespace: undefined }))
  for (const { resource, name, namespace } of list) {
    if (!name) throw new KubectlError('error: resource(s) were provided, but no name was specified')
    const grace = flags.get('grace-period') ?? (flags.has('now') ? '1' : undefined)
    await client.text(
      'DELETE',
      `${pathOf(resource, namespace ?? namespaceOf(flags), name)}${grace ? `?gracePeriodSeconds=${grace}` : ''}`,
    )
    await process.print(
      `${typeOf(resource)} "${name}" deleted${resource.namespaced ? ` from ${namespace ?? namespaceOf(flags)} namespace` : ''}\n`,
    )
  }
}

async function logs({ client, process, words, flags }: Call): Promise<void> {
  const [pod = '', container = flags.get('c') ?? flags.get('container')] = words
  if (flags.has('f') || flags.has('follow'))
    throw new KubectlError("error: drydock: kubectl logs --follow is not simulated in a node's shell")
  const query = new URLSearchParams()
  if (container) query.set('container', container)
  if (flags.has('p') || flags.has('previous')) query.set('previous', 'true')
  if (flags.has('tail')) query.set('tailLines', flags.get('tail')!)
  await process.print(
    await client.text(
      'GET',
      `/api/v1/namespaces/${namespaceOf(flags)}/pods/${pod.replace(/^pods?\//, '')}/log?${query}`,
    ),
  )
}

async function patch(call: Call, resource: Resource, name: string, body: object): Promise<Json> {
  return call.client.json('PATCH', pathOf(resource, namespaceOf(call.flags), name), {
    body: JSON.stringify(body),
    type: 'application/merge-patch+json',
  })
}

async function scale(call: Call): Promise<void> {
  const replicas = Number(call.flags.get('replicas'))
  if (!call.flags.has('replicas') || !Number.isInteger(replicas))
    throw new KubectlError(
      'error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0',
    )
  for (const { resource, name } of await targets(call)) {
    await patch(call, resource, name!, { spec: { replicas } })
    await call.process.print(`${typeOf(resource)}/${name} scaled\n`)
  }
}

async function schedulable(call: Call, wanted: boolean): Promise<void> {
  const resource = await call.client.resource('nodes')
  for (const word of call.words) {
    const name = word.replace(/^nodes?\//, '')
    await patch(call, resource, name, { spec: { unschedulable: wanted ? null : true } })
    await call.process.print(`node/${name} ${wanted ? 'uncordoned' : 'cordoned'}\n`)
  }
}

async function taint(call: Call): Promise<void> {
  const { client, process, words, flags } = call
  const resource = await client.resource('nodes')
  const changes = words.filter((word) => /:|-$/.test(word))
  const all = flags.has('all')
  const names: string[] = all
    ? (await client.json('GET', pathOf(resource, undefined))).items.map((item: Json) => item.metadata.name)
    : words.slice(1).filter((word) => !changes.includes(word))
  for (const name of names) {
    const node = await client.json('GET', pathOf(resource, undefined, name))
    let taints: Json[] = node.spec.taints ?? []
    let removed = false
    for (const change of changes) {
      const [, key, value, effect, minus] = /^([^=:]+?)(?:=([^:]*))?(?::(\w+))?(-)?$/.exec(change) ?? []
      const same = (item: Json) => item.key === key && (!effect || item.effect === effect)
      if (minus && !taints.some(same))
        throw new KubectlError(`error: taint ${JSON.stringify(change.slice(0, -1))} not found`)
      taints = taints.filter((item) => !same(item))
      if (minus) removed = true
      else taints.push({ key, ...(value && { value }), effect })
    }
    await patch(call, resource, name, { spec: { taints } })
    await process.print(`node/${name} ${removed ? 'untainted' : 'tainted'}\n`)
  }
}

async function mark(call: Call, field: 'labels' | 'annotations'): Promise<void> {
  const changes = call.words.filter(
    (word, index) => index > 0 && (/=/.test(word) || (/-$/.test(word) && index > 1)),
  )
  const values = Object.fromEntries(
    changes.map((word) =>
      word.includes('=')
        ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]
        : [word.slice(0, -1), null],
    ),
  )
  for (const { resource, name } of await targets({
    client: call.client,
    words: call.words.filter((word) => !changes.includes(word)),
  })) {
    await patch(call, resource, name!, { metadata: { [field]: values } })
    await call.process.print(`${typeOf(resource)}/${name} ${field === 'labels' ? 'labeled' : 'annotated'}\n`)
  }
}

function parse(args: string[]) {
  const words: string[] = []
  const flags = new Map<string, string>()
  const files: string[] = []
  const logs = args.find((word) => !word.startsWith('-')) === 'logs'
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    const match = /^--?([A-Za-z][^=]*)(?:=([\s\S]*))?$/.exec(word)
    if (!match) {
      words.push(word)
      continue
    }
    let [, name = '', value] = match as unknown as [string, string, string | undefined]
    // `-nkube-system`, `-oyaml`
    if (!word.startsWith('--') && name.length > 1 && value === undefined && 'noflc'.includes(name[0]!))
      [name, value] = [name[0]!, name.slice(1)]
    if (value === undefined && !BARE.has(name) && !(logs && name === 'f')) value = args[++index] ?? ''
    if ((name === 'f' && !logs) || name === 'filename') files.push(value!)
    else flags.set(name, value ?? 'true')
  }
  return { words, flags, files }
}
