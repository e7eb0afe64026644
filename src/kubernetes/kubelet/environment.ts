import type { ClusterApi } from '../api.ts'
import type { ConfigMap, ContainerSpecification, Node, Pod, Secret, Service } from '../objects.ts'
import { parseMilli, parseQuantity } from '../quantity.ts'

/** A container cannot be made from its specification; the text is the kubelet's. Shown as CreateContainerConfigError. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** What a container's environment is made from. */
export interface EnvironmentSource {
  api: ClusterApi
  pod: Pod
  node: Node | undefined
  podAddress: string
}

/**
 * A container's variables: `envFrom`, `env`, and those of services that have not been given; `$(NAME)` is replaced. Upstream's order is
 * that of a Go map, with the services at the end. Throws ConfigError.
 */
export function environmentOf(
  source: EnvironmentSource,
  container: ContainerSpecification,
): Record<string, string> {
  const services = serviceVariables(source)
  const env: Record<string, string> = {}
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const data = configMapRef
      ? configMapData(source, configMapRef.name!, configMapRef.optional)
      : secretRef
        ? secretData(source, secretRef.name!, secretRef.optional)
        : {}
    for (const [key, value] of Object.entries(data ?? {})) env[`${prefix}${key}`] = value
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const found = valueFrom
      ? variableOf(source, container, valueFrom)
      : expand(value ?? '', { ...services, ...env })
    if (found !== undefined) env[name] = found
  }
  for (const [name, value] of Object.entries(services)) env[name] ??= value
  return env
}

/** Replaces `$(NAME)` by a known variable; `$$` stands for `$`. Models third_party/forked/golang/expansion. */
export const expand = (text: string, env: Record<string, string>): string =>
  text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name) => (whole === '$$' ? '$' : (env[name] ?? whole)))

function configMapData({ api, pod }: EnvironmentSource, name: string, optional = false) {
  const map = api.get<ConfigMap>('configmaps', pod.metadata.namespace!, name)
  if (!map && !optional) throw new ConfigError(`configmap "${name}" not found`)
  return map?.data
}

function secretData({ api, pod }: EnvironmentSource, name: string, optional = false) {
  const secret = api.get<Secret>('secrets', pod.metadata.namespace!, name)
  if (!secret && !optional) throw new ConfigError(`secret "${name}" not found`)
  const data = Object.entries(secret?.data ?? {})
  return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
}

type ValueSource = NonNullable<NonNullable<ContainerSpecification['env']>[number]['valueFrom']>

function variableOf(source: EnvironmentSource, container: ContainerSpecification, from: ValueSource) {
  const { namespace } = source.pod.metadata
  if (from.fieldRef) return fieldOf(source, from.fieldRef.fieldPath)
  if (from.resourceFieldRef) {
    const { containerName, resource, divisor } = from.resourceFieldRef
    const named = containerName && source.pod.spec.containers.find(({ name }) => name === containerName)
    return resourceOf(source.node, named || container, resource, divisor)
  }
  if (from.configMapKeyRef) {
    const { name, key, optional } = from.configMapKeyRef
    const value = configMapData(source, name!, optional)?.[key]
    if (value !== undefined || optional) return value
    throw new ConfigError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`)
  }
  if (from.secretKeyRef) {
    const { name, key, optional } = from.secretKeyRef
    const value = secretData(source, name!, optional)[key]
    if (value !== undefined || optional) return value
    throw new ConfigError(`couldn't find key ${key} in Secret ${namespace}/${name}`)
  }
}

const FIELDS: Record<string, (source: EnvironmentSource) => string | undefined> = {
  'metadata.name': ({ pod }) => pod.metadata.name,
  'metadata.namespace': ({ pod }) => pod.metadata.namespace,
  'metadata.uid': ({ pod }) => pod.metadata.uid,
  'spec.nodeName': ({ pod }) => pod.spec.nodeName,
  'spec.serviceAccountName': ({ pod }) => pod.spec.serviceAccountName,
  'status.hostIP': ({ node }) => addressOf(node),
  'status.hostIPs': ({ node }) => addressOf(node),
  'status.podIP': ({ podAddress }) => podAddress,
  'status.podIPs': ({ podAddress }) => podAddress,
  'metadata.labels': ({ pod }) => pairs(pod.metadata.labels),
  'metadata.annotations': ({ pod }) => pairs(pod.metadata.annotations),
}

const addressOf = (node: Node | undefined): string | undefined =>
  node?.status.addresses?.find(({ type }) => type === 'InternalIP')?.address

const pairs = (map: Record<string, string> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')

/** A field of the downward API. Throws ConfigError on one that it does not have. */
export function fieldOf(source: EnvironmentSource, path: string): string {
  const subscript = /^metadata\.(labels|annotations)\['([^']*)'\]$/.exec(path)
  if (subscript) {
    return source.pod.metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2]!] ?? ''
  }
  const field = FIELDS[path]
  if (!field) throw new ConfigError(`unsupported fieldPath: ${path}`)
  return field(source) ?? ''
}

/** `limits.cpu` and its kind; without a limit it is what the node has to give. */
export function resourceOf(
  node: Node | undefined,
  container: ContainerSpecification,
  resource: string,
  divisor: string | undefined,
): string {
  const [kind, name] = resource.split(/\.(.*)/s) as ['limits' | 'requests', string]
  const quantity =
    container.resources?.[kind]?.[name] ??
    (kind === 'limits' ? node?.status.allocatable?.[name] : undefined) ??
    '0'
  const unit = divisor && divisor !== '0' ? divisor : '1'
  if (name === 'cpu') return String(Math.ceil(parseMilli(quantity) / parseMilli(unit)))
  return String(Math.ceil(parseQuantity(quantity) / parseQuantity(unit)))
}

/** `WEB_SERVICE_HOST` and its kind for the Services of the namespace, and for `kubernetes` always. */
function serviceVariables({ api, pod }: EnvironmentSource): Record<string, string> {
  const env: Record<string, string> = {}
  const apiServer = api.get<Service>('services', 'default', 'kubernetes')
  const own =
    pod.spec.enableServiceLinks === false ? [] : api.list<Service>('services', pod.metadata.namespace)
  const services = [
    ...(apiServer ? [apiServer] : []),
    ...own.filter(({ metadata }) => metadata.name !== 'kubernetes'),
  ]
  for (const { metadata, spec } of services) {
    const address = spec.clusterIP
    const [first] = spec.ports ?? []
    if (!address || address === 'None' || !first) continue
    const prefix = metadata.name.toUpperCase().replaceAll('-', '_')
    env[`${prefix}_SERVICE_HOST`] = address
    env[`${prefix}_SERVICE_PORT`] = String(first.port)
    for (const { name, port } of spec.ports ?? []) {
      if (name) env[`${prefix}_SERVICE_PORT_${name.toUpperCase().replaceAll('-', '_')}`] = String(port)
    }
    env[`${prefix}_PORT`] = `${(first.protocol ?? 'TCP').toLowerCase()}://${address}:${first.port}`
    for (const { protocol = 'TCP', port } of spec.ports ?? []) {
      const link = `${prefix}_PORT_${port}_${protocol}`
      env[link] = `${protocol.toLowerCase()}://${address}:${port}`
      env[`${link}_PROTO`] = protocol.toLowerCase()
      env[`${link}_PORT`] = String(port)
      env[`${link}_ADDR`] = address
    }
  }
  return env
}
