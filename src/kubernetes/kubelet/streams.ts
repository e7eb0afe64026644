import { type Duplex, PassThrough, type Readable, Writable } from 'node:stream'
import { type ProcessHandle, StartError } from '#containers/runtime.ts'
import { ConnectError, type VirtualNetwork } from '#network/virtual-network.ts'
import { type ClusterApi, type KubeletApi, type LogOptions, StatusError } from '../api.ts'
import type { Pod } from '../objects.ts'
import { isFinished } from '../pods.ts'
import type { ContainerWorker } from './container-worker.ts'
import type { Instance } from './instance.ts'
import type { PodWorker } from './pod-worker.ts'

const badRequest = (message: string) => new StatusError(400, 'BadRequest', message)
const internal = (message: string) => new StatusError(500, 'InternalError', message)

/** What the API server asks of kubelets: logs, exec, attach, port-forward. */
/** What containerd says of an exec that did not start. */
export const execFailure = (id: string, { message }: Error): string =>
  `failed to exec in container: failed to start exec ${JSON.stringify(id)}: ${message}`

export function kubeletStreams(options: {
  api: ClusterApi
  network: VirtualNetwork
  workerOf(pod: Pod): PodWorker | undefined
  /** The address of the pod's node, and in Go's words why its kubelet cannot be asked; undefined when it can. */
  unreachable(pod: Pod): { address: string; why: string } | undefined
  /** Names an exec. */
  newId(): string
}): Omit<KubeletApi, 'serve'> {
  const { api, network, workerOf, unreachable, newId } = options

  /** Throws what the API server says when it cannot reach the kubelet, for logs or a stream. */
  function dial(pod: Pod, logsOf?: string): void {
    const found = pod.spec.nodeName ? unreachable(pod) : undefined
    if (!found) return
    const { address, why } = found
    const { namespace, name } = pod.metadata
    const url = `https://${address}:10250/containerLogs/${namespace}/${name}/${logsOf}`
    throw new StatusError(500, '', logsOf ? `Get "${url}": ${why}` : `error dialing backend: ${why}`)
  }

  function podNamed(namespace: string, name: string): Pod {
    const pod = api.get<Pod>('pods', namespace, name)
    if (!pod) throw new StatusError(404, 'NotFound', `pods "${name}" not found`, { kind: 'pods', name })
    return pod
  }

  /** The container that is asked for, or the only one. */
  function containerNamed(pod: Pod, name: string | undefined): string {
    const own = pod.spec.containers.map((container) => container.name)
    const init = (pod.spec.initContainers ?? []).map((container) => container.name)
    const ephemeral = (pod.spec.ephemeralContainers ?? []).map((container) => container.name)
    if (name) {
      if ([...own, ...init, ...ephemeral].includes(name)) return name
      throw badRequest(`container ${name} is not valid for pod ${pod.metadata.name}`)
    }
    if (own.length === 1 && init.length === 0 && ephemeral.length === 0) return own[0]!
    const choices = `choose one of: [${own.join(' ')}]`
    const others = init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : ''
    const debug = ephemeral.length > 0 ? ` or one of the ephemeral containers: [${ephemeral.join(' ')}]` : ''
    throw badRequest(
      `a container name must be specified for pod ${pod.metadata.name}, ${choices}${others}${debug}`,
    )
  }

  function find(namespace: string, podName: string, container: string | undefined) {
    const pod = podNamed(namespace, podName)
    const name = containerNamed(pod, container)
    const worker = workerOf(pod)?.containers.find((candidate) => candidate.name === name)
    return { pod, name, worker }
  }

  function running(pod: Pod, name: string, worker: ContainerWorker | undefined, verb: string): Instance {
    if (isFinished(pod)) {
      throw new StatusError(
        500,
        'InternalError',
        `cannot ${verb} a container in a completed pod; current phase is ${pod.status.phase}`,
      )
    }
    if (!pod.spec.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
    if (!worker?.running) throw internal(`unable to upgrade connection: container not found ("${name}")`)
    return worker.instance!
  }

  return {
    usage(namespace, podName) {
      const pod = api.get<Pod>('pods', namespace, podName)
      const containers = (pod && workerOf(pod)?.containers) ?? []
      return containers
        .filter(({ running }) => running)
        .map(({ name, instance }) => ({
          name,
          ...instance!.container.usage(),
          startedAt: instance!.startedAt,
        }))
    },

    async logs(namespace, podName, options) {
      const { pod, name, worker } = find(namespace, podName, options.container)
      // The API server answers nothing for a pod without a node.
      if (!pod.spec.nodeName) return emptyLog()
      dial(pod, name)
      return logOf(pod, name, worker, options)
    },

    async exec(namespace, podName, { container, command, tty }) {
      const { pod, name, worker } = find(namespace, podName, container)
      dial(pod)
      const instance = running(pod, name, worker, 'exec into')
      try {
        return await instance.container.exec({ command, tty })
      } catch (error) {
        if (!(error instanceof StartError)) throw error
        throw internal(
          `Internal error occurred: error executing command in container: ${execFailure(newId(), error)}`,
        )
      }
    },

    async attach(namespace, podName, { container, stdin }) {
      const { pod, name, worker } = find(namespace, podName, container)
      dial(pod)
      return attachTo(running(pod, name, worker, 'attach to'), stdin)
    },

    async portForward(namespace, podName, port): Promise<Duplex> {
      const pod = podNamed(namespace, podName)
      dial(pod)
      if (pod.status.phase !== 'Running') {
        throw internal(
          `unable to forward port because pod is not running. Current status=${pod.status.phase}`,
        )
      }
      try {
        const address = pod.status.podIP!
        return network.connect({ address, port }, { address: '127.0.0.1', port: 0 })
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error
        throw internal(
          `failed to connect to localhost:${port} inside namespace "${pod.metadata.uid}", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused`,
        )
      }
    },
  }
}

function emptyLog(): Readable {
  const log = new PassThrough()
  log.end()
  return log
}

/** Models kubelet validateContainerLogStatus. */
export function logOf(
  pod: Pod,
  name: string,
  worker: ContainerWorker | undefined,
  options: LogOptions,
): Readable {
  const podName = pod.metadata.name
  const statuses = [
    ...(pod.status.initContainerStatuses ?? []),
    ...(pod.status.containerStatuses ?? []),
    ...(pod.status.ephemeralContainerStatuses ?? []),
  ]
  const waiting = statuses.find((status) => status.name === name)?.state?.waiting
  if (options.previous) {
    if (worker?.previous) return worker.previous.log.read(options)
    // In back-off the latest instance is the previous one too.
    if (waiting && worker?.instance?.ending) return worker.instance.log.read(options)
    throw badRequest(`previous terminated container "${name}" in pod "${podName}" not found`)
  }
  if (worker?.instance) return worker.instance.log.read(options)
  if (waiting?.reason === 'ErrImagePull' || waiting?.reason === 'ImagePullBackOff') {
    throw badRequest(
      `container "${name}" in pod "${podName}" is waiting to start: trying and failing to pull image`,
    )
  }
  if (isFinished(pod)) return emptyLog()
  const why = waiting?.reason ?? 'ContainerCreating'
  throw badRequest(`container "${name}" in pod "${podName}" is waiting to start: ${why}`)
}

/** The main process as a handle that may be let go of without ending it. */
function attachTo(instance: Instance, stdin: boolean): ProcessHandle {
  const process = instance.process!
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const tap = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => {
    ;(stream === 'stdout' ? stdout : stderr).write(chunk)
  }
  instance.taps.add(tap)
  const end = () => {
    instance.taps.delete(tap)
    stdout.end()
    stderr.end()
  }
  const exited = process.exited.then((status) => {
    end()
    return status
  })
  const input = new Writable({
    write: (chunk, _, done) => {
      if (stdin) process.stdin.write(chunk)
      done()
    },
  })
  // Detaching ends the attachment, not the process.
  const kill = () => end()
  return {
    stdin: input,
    stdout,
    stderr,
    exited,
    kill,
    resize: (columns, rows) => process.resize(columns, rows),
  }
}
