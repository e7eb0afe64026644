import type { Image } from '#containers/image.ts'
import type { ContainerSpec, Filesystem, Hardware, Mount } from '#containers/runtime.ts'
import type { ContainerSpecification, Node, Pod } from '../objects.ts'
import { parseMilli, parseQuantity } from '../quantity.ts'
import { parseTime } from '../time.ts'
import { ConfigError, environmentOf, expand } from './environment.ts'
import type { PodContext } from './pod-context.ts'
import { podNetwork } from './pod-network.ts'

const IN_MEMORY: Filesystem = { source: 'tmpfs', type: 'tmpfs', options: 'relatime' }
/** A kind node is a container: what it keeps is on a volume of its engine. */
const KIND_DISK: Filesystem = { source: '/dev/vda1', type: 'ext4', options: 'relatime' }

/** A container as the runtime is to make it, from its pod. Throws ConfigError. */
export function runtimeSpec(
  context: PodContext,
  pod: Pod,
  spec: ContainerSpecification,
  image: Image,
  id: string,
): ContainerSpec {
  checkUser(pod, spec, image)
  const env = environmentOf(context.source(pod), spec)
  const { command, args, workingDir, tty, stdin } = spec
  const processesOf = context.processesOf(pod, spec)
  const hostname = context.hostname(pod)
  const hosts = context.hostsFile(pod, spec)
  const { node } = context.source(pod)
  const sysctls = pod.spec.securityContext?.sysctls
  return {
    id,
    image,
    ...(command && { command: command.map((part) => expand(part, env)) }),
    ...(args && { args: args.map((part) => expand(part, env)) }),
    env,
    ...userOf(pod, spec, image),
    ...(workingDir && { workingDir }),
    hostname,
    address: context.podAddress!,
    hosts: context.hosts(pod),
    lookup: (name) => context.lookup(pod, name),
    records: (name, type, server) => context.records(pod, name, type, server),
    interfaces: () => podNetwork(pod, context.source(pod).node, context.podAddress!),
    ...(node?.spec.podCIDR && { disk: KIND_DISK }),
    ...(node && { hardware: hardwareOf(node) }),
    ...(sysctls && { sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [name, value])) }),
    privileged: spec.securityContext?.privileged ?? false,
    tty: tty ?? false,
    stdin: stdin ?? false,
    mounts: [
      textMount('/etc/resolv.conf', context.resolver(pod)),
      ...(hosts === undefined ? [] : [textMount('/etc/hosts', hosts)]),
      terminationMount(spec),
      ...context.volumes
        .mountsOf(spec, env, pod.spec.securityContext?.fsGroup)
        .map((mount, index) => onFilesystem(mount, pod, spec.volumeMounts?.[index]?.name)),
    ],
    ...(spec.securityContext?.readOnlyRootFilesystem && { readOnlyRoot: true }),
    ...(processesOf && { processesOf }),
    ...runtimeLimits(spec),
    ...context.memoryOf(pod, spec),
  }
}

const hardwareOf = ({ metadata, status }: Node): Hardware => ({
  processors: Math.max(1, Math.floor(parseMilli(status?.capacity?.cpu ?? '2') / 1000)),
  memoryBytes: parseQuantity(status?.capacity?.memory ?? '4Gi'),
  bootedAt: parseTime(metadata.creationTimestamp),
})

/** Secrets, tokens and what else comes from the API server is kept in memory; `subPath`s of it too. */
function onFilesystem(mount: Mount, pod: Pod, name: string | undefined): Mount {
  const volume = pod.spec.volumes?.find((one) => one.name === name)
  const memory = volume?.secret ?? volume?.projected ?? volume?.downwardAPI
  return memory ? { ...mount, filesystem: IN_MEMORY } : mount
}

/** What the runtime holds a container to. */
export function runtimeLimits({
  resources,
}: ContainerSpecification): Pick<ContainerSpec, 'memoryLimitBytes' | 'cpuLimitMilli'> {
  const { memory, cpu } = resources?.limits ?? {}
  return {
    ...(memory && { memoryLimitBytes: parseQuantity(memory) }),
    ...(cpu && { cpuLimitMilli: parseMilli(cpu) }),
  }
}

const textMount = (path: string, text: string): Mount => ({
  path,
  files: new Map([['', { content: Buffer.from(text), mode: 0o644 }]]),
  single: true,
})

/** The file for a container's last words, which anybody may write. */
const terminationMount = ({
  terminationMessagePath = '/dev/termination-log',
}: ContainerSpecification): Mount => ({
  path: terminationMessagePath,
  files: new Map([['', { content: new Uint8Array(), mode: 0o666 }]]),
  single: true,
})

/** Whom a container runs as (https://kubernetes.io/docs/tasks/configure-pod-container/security-context/). */
function userOf(
  pod: Pod,
  spec: ContainerSpecification,
  image: Image,
): Pick<ContainerSpec, 'user' | 'groups'> {
  const { runAsUser, runAsGroup } = { ...pod.spec.securityContext, ...spec.securityContext }
  const { fsGroup, supplementalGroups = [] } = pod.spec.securityContext ?? {}
  const groups = [...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups]
  const own = image.config.config.User ?? ''
  const user = runAsUser === undefined ? own.split(':')[0]! : String(runAsUser)
  const chosen = runAsUser !== undefined || runAsGroup !== undefined
  return {
    ...(chosen && { user: runAsGroup === undefined ? user : `${user}:${runAsGroup}` }),
    ...(groups.length > 0 && { groups }),
  }
}

/** `runAsNonRoot`. Models pkg/kubelet/kuberuntime verifyRunAsNonRoot. */
function checkUser(pod: Pod, spec: ContainerSpecification, image: Image): void {
  const { runAsNonRoot, runAsUser } = { ...pod.spec.securityContext, ...spec.securityContext }
  if (!runAsNonRoot || (runAsUser !== undefined && runAsUser !== 0)) return
  const { name, namespace, uid } = pod.metadata
  const subject = `(pod: "${name}_${namespace}(${uid})", container: ${spec.name})`
  if (runAsUser === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${subject}`)
  const user = (image.config.config.User ?? '').split(':')[0]!
  if (user === '' || user === '0') {
    throw new ConfigError(`container has runAsNonRoot and image will run as root ${subject}`)
  }
  if (!/^\d+$/.test(user)) {
    const why = `container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root`
    throw new ConfigError(`${why} ${subject}`)
  }
}
