import { finished } from 'node:stream/promises'
import { type EngineClient, readAll, readMessages } from '#containers/cli/client.ts'
import type { NodeConfig } from './config.ts'
import { KindError } from './log.ts'

export const CLUSTER_LABEL = 'io.x-k8s.kind.cluster'
export const ROLE_LABEL = 'io.x-k8s.kind.role'
/** The Docker network of kind's nodes. */
export const NETWORK = 'kind'

/** A node: a container of the Docker Engine. */
export interface KindNode {
  name: string
  id: string
  cluster: string
  role: 'control-plane' | 'worker' | 'external-load-balancer'
  state: string
}

interface Listed {
  Id: string
  Names: string[]
  Labels: Record<string, string>
  State: string
}

/** The nodes of a cluster, or of all clusters, by name. */
export async function listNodes(engine: EngineClient, cluster?: string): Promise<KindNode[]> {
  const label = cluster === undefined ? CLUSTER_LABEL : `${CLUSTER_LABEL}=${cluster}`
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }))
  const all: Listed[] = await engine.json('GET', `/containers/json?all=1&filters=${filters}`)
  return all
    .map(({ Id, Names, Labels, State }) => ({
      name: Names[0]!.replace(/^\//, ''),
      id: Id,
      cluster: Labels[CLUSTER_LABEL]!,
      role: Labels[ROLE_LABEL] as KindNode['role'],
      state: State,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Pulls an image unless it is there. */
export async function ensureImage(engine: EngineClient, image: string): Promise<void> {
  const present = await engine.json('GET', `/images/${image}/json`).catch(() => undefined)
  if (present) return
  const [name, tag = 'latest'] = image.replace(/@sha256:.*$/, '').split(/:(?=[^/]*$)/) as [
    string,
    string | undefined,
  ]
  const answer = await engine.send('POST', `/images/create?fromImage=${encodeURIComponent(name)}&tag=${tag}`)
  for await (const message of readMessages(answer))
    if (message.error) throw new KindError(`failed to pull image "${image}": ${message.error}`)
}

/** The names of a cluster's nodes, as kind gives them. */
export function namesOf(cluster: string, nodes: NodeConfig[]): string[] {
  const counts = new Map<string, number>()
  return nodes.map(({ role }) => {
    const count = (counts.get(role) ?? 0) + 1
    counts.set(role, count)
    return `${cluster}-${role}${count === 1 ? '' : count}`
  })
}

/** Makes the network of kind's nodes unless it is there. */
export async function ensureNetwork(engine: EngineClient): Promise<void> {
  await engine
    .json('POST', '/networks/create', { body: { Name: NETWORK, CheckDuplicate: true } })
    .catch(() => {
      // It is there already.
    })
}

/** Makes and starts a node's container, and waits until its system is up. */
export async function createNode(
  engine: EngineClient,
  options: { cluster: string; name: string; image: string; node: NodeConfig; apiPort?: number },
): Promise<void> {
  const { cluster, name, image, node } = options
  const { role } = node
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const {
    containerPort,
    hostPort,
    listenAddress = '0.0.0.0',
    protocol = 'TCP',
  } of node.extraPortMappings)
    bindings[`${containerPort}/${protocol.toLowerCase()}`] = [
      { HostIp: listenAddress, HostPort: String(hostPort ?? '') },
    ]
  if (role === 'control-plane')
    bindings['6443/tcp'] = [{ HostIp: '127.0.0.1', HostPort: String(options.apiPort ?? '') }]
  const { Id: id } = await engine.json('POST', `/containers/create?name=${encodeURIComponent(name)}`, {
    body: {
      Image: image,
      Hostname: name,
      Tty: true,
      Env: [
        'KIND_EXPERIMENTAL_CONTAINERD_SNAPSHOTTER',
        ...(role === 'control-plane' ? ['KUBECONFIG=/etc/kubernetes/admin.conf'] : []),
      ],
      Labels: { [CLUSTER_LABEL]: cluster, [ROLE_LABEL]: role },
      ExposedPorts: Object.fromEntries(Object.keys(bindings).map((port) => [port, {}])),
      HostConfig: {
        Privileged: true,
        NetworkMode: NETWORK,
        PortBindings: bindings,
        RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 1 },
        SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
        CgroupnsMode: 'private',
      },
      NetworkingConfig: { EndpointsConfig: { [NETWORK]: {} } },
    },
  })
  await engine.send('POST', `/containers/${id}/start`)
  const log = await engine.send('GET', `/containers/${id}/logs?follow=1&stdout=1&stderr=1`)
  let text = ''
  for await (const chunk of log) {
    text += chunk
    if (text.includes('Reached target multi-user.target')) break
  }
  log.destroy()
  if (!text.includes('multi-user.target'))
    throw new KindError(
      `failed to create cluster: could not find a log line that matches "Reached target .*Multi-User System.*|detected cgroup v1"`,
    )
}

/** What came of a command in a node. */
export interface Outcome {
  exitCode: number
  stdout: string
  stderr: string
}

/** Runs a command in a node. */
export async function run(
  engine: EngineClient,
  node: string,
  command: string[],
  input?: string,
): Promise<Outcome> {
  const { Id: id } = await engine.json('POST', `/containers/${node}/exec`, {
    body: { AttachStdin: input !== undefined, AttachStdout: true, AttachStderr: true, Cmd: command },
  })
  const socket = await engine.hijack(`/exec/${id}/start`, { Detach: false, Tty: false })
  if (input !== undefined) socket.end(input)
  const { stdout, stderr } = split(await readAll(socket))
  await finished(socket).catch(() => {})
  const { ExitCode: exitCode } = await engine.json('GET', `/exec/${id}/json`)
  return { exitCode, stdout, stderr }
}

/** As `run`; throws KindError when it fails. */
export async function must(
  engine: EngineClient,
  node: string,
  command: string[],
  input?: string,
): Promise<string> {
  const { exitCode, stdout, stderr } = await run(engine, node, command, input)
  if (exitCode === 0) return stdout
  const text = `${stdout}${stderr}`.trim()
  throw new KindError(
    `command "docker exec --privileged ${node} ${command.join(' ')}" failed with error: exit status ${exitCode}\n\nCommand Output: ${text}`,
  )
}

/** Writes a file in a node. */
export const writeNodeFile = (
  engine: EngineClient,
  node: string,
  path: string,
  text: string,
): Promise<string> =>
  must(engine, node, ['sh', '-c', `mkdir -p ${path.slice(0, path.lastIndexOf('/'))} && cat > ${path}`], text)

function split(bytes: Buffer): { stdout: string; stderr: string } {
  const parts: { 1: Buffer[]; 2: Buffer[] } = { 1: [], 2: [] }
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4)
    parts[bytes[at] === 2 ? 2 : 1].push(bytes.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return { stdout: Buffer.concat(parts[1]).toString(), stderr: Buffer.concat(parts[2]).toString() }
}
