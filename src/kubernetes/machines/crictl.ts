import { createHash } from 'node:crypto'
import type { Process, Program } from '#containers/processes/process.ts'
import type { ContainerWorker } from '../kubelet/container-worker.ts'
import type { Instance } from '../kubelet/instance.ts'
import { imageIdOf, normalizeImage } from '../kubelet/node-images.ts'
import type { PodWorker } from '../kubelet/pod-worker.ts'
import { RUNTIME_AWAY } from './components/kubelet.ts'
import type { NodeMachine } from './machine.ts'
import type { Machines } from './machines.ts'

/** A container as the runtime lists it. */
interface Container {
  worker: PodWorker
  owner: ContainerWorker
  instance: Instance
  attempt: number
}

interface Call {
  process: Process
  node: NodeMachine
  words: string[]
  flags: Map<string, string>
}

class CrictlError extends Error {
  override readonly name = 'CrictlError'
}

const COMMANDS: Record<string, (call: Call) => Promise<void | number>> = {
  ps,
  pods,
  images,
  img: images,
  image: images,
  logs,
  inspect,
  inspectp,
  stop,
  rm: remove,
  stopp: stopPod,
  rmp: stopPod,
  exec,
  pull,
  rmi,
  info: async ({ process }) =>
    process.print(
      '{\n  "status": {\n    "conditions": [\n      {"type": "RuntimeReady", "status": true},\n      {"type": "NetworkReady", "status": true}\n    ]\n  }\n}\n',
    ),
}
const REFUSED = [
  'attach',
  'checkpoint',
  'create',
  'config',
  'events',
  'imagefsinfo',
  'metricsp',
  'port-forward',
  'run',
  'runp',
  'start',
  'stats',
  'statsp',
  'update',
  'update-runtime-config',
  'runtime-config',
  'completion',
]
const WITH_VALUE = new Set([
  'r',
  'runtime-endpoint',
  'i',
  'image-endpoint',
  't',
  'timeout',
  'name',
  'state',
  's',
  'pod',
  'p',
  'o',
  'output',
  'label',
  'image',
  'tail',
  'since',
  'namespace',
  'id',
  'n',
  'last',
  'template',
])

/** `crictl`: the container runtime of a machine, past its kubelet. */
export const crictl =
  (machines: Machines, version: string): Program =>
  async (process) => {
    const { words, flags } = parse(process.argv.slice(1))
    const node = machines.of(process.machine)
    const [verb, ...rest] = words
    if (!verb || flags.has('help') || flags.has('h')) {
      await process.print(
        `NAME:\n   crictl - client for CRI\n\nUSAGE:\n   crictl [global options] command [command options] [arguments...]\n\nCOMMANDS:\n   ${[...Object.keys(COMMANDS), 'version'].sort().join(', ')}\n`,
      )
      return 0
    }
    if (flags.has('version') && !verb) return print(process, `crictl version ${version}\n`)
    const fatal = async (text: string) => {
      await process.complain(`FATA[0000] ${text} \n`)
      return 1
    }
    if (!node?.runtimeUp)
      return fatal(RUNTIME_AWAY.replace(/^validate/, 'validate service connection: validate'))
    if (verb === 'version')
      return print(
        process,
        'Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  v2.2.0\nRuntimeApiVersion:  v1\n',
      )
    const command = COMMANDS[verb]
    if (!command)
      return fatal(
        REFUSED.includes(verb) ? `drydock: crictl ${verb} is not simulated` : `command '${verb}' not found`,
      )
    try {
      return (await command({ process, node, words: rest, flags })) ?? 0
    } catch (error) {
      if (!(error instanceof CrictlError)) throw error
      return fatal(error.message)
    }
  }

async function print(process: Process, text: string): Promise<number> {
  await process.print(text)
  return 0
}

function parse(args: string[]) {
  const words: string[] = []
  const flags = new Map<string, string>()
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    // What follows the container of an exec is the command's own.
    if (words[0] === 'exec' && words.length > 1) words.push(word)
    // `-aq` is `-a -q`.
    else if (/^-[aqitfh]{2,}$/.test(word)) for (const letter of word.slice(1)) flags.set(letter, 'true')
    else if (/^--?[a-zA-Z]/.test(word)) {
      const [name, value] = word.replace(/^--?/, '').split('=', 2) as [string, string | undefined]
      const takes = WITH_VALUE.has(name) && !(words[0] === 'exec' && (name === 'i' || name === 't'))
      flags.set(name, value ?? (takes ? (args[++index] ?? '') : 'true'))
    } else words.push(word)
  }
  return { words, flags }
}

/** Every container that the runtime still has: running ones, and the last that ended of each. */
function containersOf(node: NodeMachine): Container[] {
  const all = node.workers().flatMap((worker) =>
    worker.containers.flatMap((owner) => {
      const attempt = owner.restarts
      return [
        ...(owner.instance && !owner.instance.removed
          ? [{ worker, owner, instance: owner.instance, attempt }]
          : []),
        ...(owner.previous && !owner.previous.removed
          ? [{ worker, owner, instance: owner.previous, attempt: Math.max(0, attempt - 1) }]
          : []),
      ]
    }),
  )
  return all.sort((a, b) => b.instance.startedAt - a.instance.startedAt)
}

/** The sandbox of a pod has an id of its own. */
const sandboxId = ({ uid, createdAt }: PodWorker) =>
  createHash('sha256').update(`sandbox ${uid} ${createdAt}`).digest('hex')

function find(node: NodeMachine, id: string): Container {
  const found = containersOf(node).filter(({ instance }) => instance.id.startsWith(id))
  if (id && found.length === 1) return found[0]!
  if (found.length > 1) throw new CrictlError(`container "${id}" is ambiguous`)
  throw new CrictlError(
    `rpc error: code = NotFound desc = an error occurred when try to find container "${id}": not found`,
  )
}

function findPod(node: NodeMachine, id: string): PodWorker {
  const found = node.workers().find((worker) => id && sandboxId(worker).startsWith(id))
  if (found) return found
  throw new CrictlError(
    `rpc error: code = NotFound desc = an error occurred when try to find sandbox "${id}": not found`,
  )
}

const ago = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 1) return 'Less than a second ago'
  if (seconds < 60) return seconds === 1 ? '1 second ago' : `${seconds} seconds ago`
  const minutes = Math.floor(seconds / 60)
  if (minutes === 1) return 'About a minute ago'
  if (minutes < 60) return `${minutes} minutes ago`
  const hours = Math.floor(minutes / 60)
  return hours === 1
    ? 'About an hour ago'
    : hours < 48
      ? `${hours} hours ago`
      : `${Math.floor(hours / 24)} days ago`
}

/** Columns as wide as their content and three more, as crictl writes them; the last is cut off from trailing blanks no more than there. */
function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return `${rows.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]! + 5))).join('')).join('\n')}\n`
}

const stateOf = ({ instance }: Container) =>
  instance.running ? 'Running' : instance.ending ? 'Exited' : 'Created'

async function ps({ process, node, flags }: Call): Promise<void> {
  const now = process.machine.clock.now()
  const state = (flags.get('state') ?? flags.get('s'))?.toLowerCase()
  const name = flags.get('name')
  const pod = flags.get('pod') ?? flags.get('p')
  const all = flags.has('a') || flags.has('all') || state !== undefined
  const shown = containersOf(node).filter(
    (container) =>
      (all || container.instance.running) &&
      (!state || stateOf(container).toLowerCase() === state) &&
      (!name || new RegExp(name).test(container.owner.name)) &&
      (!pod || sandboxId(container.worker).startsWith(pod)),
  )
  if (flags.has('q') || flags.has('quiet'))
    return process.print(shown.map(({ instance }) => `${instance.id}\n`).join(''))
  const rows = shown.map((container) => {
    const { worker, owner, instance, attempt } = container
    const [namespace, podName] = worker.key.split('/') as [string, string]
    const image = owner.imageId?.replace(/^.*sha256:/, '').slice(0, 13) ?? ''
    return [
      instance.id.slice(0, 13),
      image,
      ago(now - instance.startedAt),
      stateOf(container),
      owner.name,
      String(attempt),
      sandboxId(worker).slice(0, 13),
      podName,
      namespace,
    ]
  })
  await process.print(
    table([
      ['CONTAINER', 'IMAGE', 'CREATED', 'STATE', 'NAME', 'ATTEMPT', 'POD ID', 'POD', 'NAMESPACE'],
      ...rows,
    ]),
  )
}

async function pods({ process, node, flags }: Call): Promise<void> {
  const now = process.machine.clock.now()
  const name = flags.get('name')
  const namespace = flags.get('namespace')
  const shown = node
    .workers()
    .sort((a, b) => b.createdAt - a.createdAt)
    .filter(
      ({ key }) =>
        (!name || new RegExp(name).test(key.split('/')[1]!)) &&
        (!namespace || key.startsWith(`${namespace}/`)),
    )
  if (flags.has('q') || flags.has('quiet'))
    return process.print(shown.map((worker) => `${sandboxId(worker)}\n`).join(''))
  const rows = shown.map((worker) => {
    const [space, podName] = worker.key.split('/') as [string, string]
    return [
      sandboxId(worker).slice(0, 13),
      ago(now - worker.createdAt),
      'Ready',
      podName,
      space,
      '0',
      '(default)',
    ]
  })
  await process.print(
    table([['POD ID', 'CREATED', 'STATE', 'NAME', 'NAMESPACE', 'ATTEMPT', 'RUNTIME'], ...rows]),
  )
}

const size = (bytes: number) =>
  bytes >= 1e6 ? `${(bytes / 1e6).toPrecision(3)}MB` : `${(bytes / 1e3).toPrecision(3)}kB`

async function images({ process, node, words, flags }: Call): Promise<void> {
  const list = node.machines.images
    .list(node.name)
    .map((image) => ({
      ...image,
      name: image.reference.replace(/:[^/]*$/, ''),
      tag: /:([^/:]+)$/.exec(image.reference)?.[1] ?? '<none>',
    }))
    .filter(({ name }) => !words[0] || words[0] === 'ls' || name.includes(words[0]))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const id = (text: string) => text.replace(/^sha256:/, '')
  if (flags.has('q') || flags.has('quiet'))
    return process.print(list.map(({ image }) => `sha256:${id(image.id)}\n`).join(''))
  await process.print(
    table([
      ['IMAGE', 'TAG', 'IMAGE ID', 'SIZE'],
      ...list.map(({ name, tag, image, sizeBytes }) => [
        name,
        tag,
        id(image.id).slice(0, 13),
        size(sizeBytes),
      ]),
    ]),
  )
}

async function logs({ process, node, words, flags }: Call): Promise<void> {
  const { instance } = find(node, words[0] ?? '')
  const follow = flags.has('f') || flags.has('follow')
  const tail = flags.get('tail')
  const stream = instance.log.read({
    follow,
    ...(tail && { tailLines: Number(tail) }),
    ...(flags.has('timestamps') && { timestamps: true }),
  })
  process.signal.addEventListener('abort', () => stream.destroy(), { once: true })
  for await (const chunk of stream) await process.print(chunk as Buffer)
}

async function inspect({ process, node, words }: Call): Promise<void> {
  const { worker, owner, instance, attempt } = find(node, words[0] ?? '')
  const [namespace, name] = worker.key.split('/') as [string, string]
  const nano = (ms: number | undefined) =>
    ms === undefined ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString().replace('Z', '000000Z')
  const state = instance.running ? 'CONTAINER_RUNNING' : 'CONTAINER_EXITED'
  const { args, command, env = [] } = owner.spec
  const status = {
    id: instance.id,
    metadata: { attempt, name: owner.name },
    state,
    createdAt: nano(instance.startedAt),
    startedAt: nano(instance.startedAt),
    finishedAt: nano(instance.ending?.finishedAt),
    exitCode: instance.ending?.exitCode ?? 0,
    image: { image: owner.spec.image },
    imageRef: owner.imageId ?? '',
    reason: instance.ending?.reason ?? '',
    message: instance.ending?.message ?? '',
    labels: {
      'io.kubernetes.container.name': owner.name,
      'io.kubernetes.pod.name': name,
      'io.kubernetes.pod.namespace': namespace,
      'io.kubernetes.pod.uid': worker.uid,
    },
    mounts: (owner.spec.volumeMounts ?? []).map(({ mountPath, readOnly }) => ({
      containerPath: mountPath,
      readonly: readOnly ?? false,
    })),
    logPath: `/var/log/pods/${namespace}_${name}_${worker.uid}/${owner.name}/${attempt}.log`,
  }
  const info = {
    sandboxID: sandboxId(worker),
    runtimeType: 'io.containerd.runc.v2',
    config: { metadata: { name: owner.name }, command, args, envs: env },
  }
  await process.print(`${JSON.stringify({ status, info }, null, 2)}\n`)
}

async function inspectp({ process, node, words }: Call): Promise<void> {
  const worker = findPod(node, words[0] ?? '')
  const [namespace, name] = worker.key.split('/') as [string, string]
  const status = {
    id: sandboxId(worker),
    metadata: { attempt: 0, name, namespace, uid: worker.uid },
    state: 'SANDBOX_READY',
    createdAt: new Date(worker.createdAt).toISOString(),
    network: { additionalIps: [], ip: worker.podAddress ?? '' },
  }
  await process.print(`${JSON.stringify({ status }, null, 2)}\n`)
}

/** Ends a container: SIGTERM, then SIGKILL when its time is up. */
async function end(process: Process, { instance }: Container, seconds: number): Promise<void> {
  const child = instance.process
  if (!instance.running || !child) return
  if (seconds > 0) child.kill(instance.container.spec.image.config.config.StopSignal ?? 'SIGTERM')
  const timer = process.machine.clock.setTimer(seconds * 1000, () => child.kill('SIGKILL'))
  await process.waitFor(child.exited)
  timer.cancel()
}

async function stop({ process, node, words, flags }: Call): Promise<void> {
  if (words.length === 0) throw new CrictlError('ID cannot be empty')
  for (const id of words) {
    await end(process, find(node, id), Number(flags.get('timeout') ?? flags.get('t') ?? 0))
    await process.print(`${id}\n`)
  }
}

async function remove({ process, node, words, flags }: Call): Promise<void> {
  const targets =
    flags.has('a') || flags.has('all') ? containersOf(node).map(({ instance }) => instance.id) : words
  for (const id of targets) {
    const container = find(node, id)
    if (container.instance.running && !flags.has('f') && !flags.has('force')) {
      if (flags.has('a') || flags.has('all')) continue
      throw new CrictlError(
        `removing container "${id}" failed: container "${id}" is running, please stop it first`,
      )
    }
    await end(process, container, 0)
    container.instance.removed = true
    await process.print(`${id}\n`)
  }
}

async function stopPod({ process, node, words, flags }: Call): Promise<void> {
  const targets = flags.has('a') || flags.has('all') ? node.workers().map(sandboxId) : words
  for (const id of targets) {
    const worker = findPod(node, id)
    for (const container of containersOf(node).filter((candidate) => candidate.worker === worker))
      await end(process, container, 0)
    await process.print(`Stopped sandbox ${id}\n`)
  }
}

async function exec({ process, node, words, flags }: Call): Promise<number> {
  const [id = '', ...command] = words
  const { instance } = find(node, id)
  if (!instance.running)
    throw new CrictlError(
      `execing command in container: rpc error: code = Unknown desc = container is in CONTAINER_EXITED state`,
    )
  const tty = flags.has('t') || flags.has('tty')
  const child = await instance.container.exec({ command, tty }).catch((error: Error) => {
    throw new CrictlError(
      `execing command in container: rpc error: code = Unknown desc = failed to exec in container: failed to start exec: ${error.message}`,
    )
  })
  child.stdout.on('data', (chunk: Buffer) => void process.stdout.write(chunk))
  child.stderr.on('data', (chunk: Buffer) => void process.stderr.write(chunk))
  const input = async () => {
    for (;;) {
      const bytes = await process.read()
      if (!bytes) break
      child.stdin.write(bytes)
    }
    child.stdin.end()
  }
  if (tty || flags.has('i')) void input().catch(() => {})
  else child.stdin.end()
  process.signal.addEventListener('abort', () => child.kill('SIGHUP'), { once: true })
  const { exitCode } = await process.waitFor(child.exited)
  await new Promise((resolve) => setImmediate(resolve))
  return exitCode
}

async function pull({ process, node, words }: Call): Promise<void> {
  const [name = ''] = words
  let reference: string
  try {
    reference = normalizeImage(name)
  } catch (error) {
    throw new CrictlError(
      `pulling image: rpc error: code = InvalidArgument desc = failed to parse image reference ${JSON.stringify(name)}: ${(error as Error).message}`,
    )
  }
  const { image, error, doneAt } = await process.waitFor(node.machines.images.pull(node.name, reference, []))
  await process.sleep(Math.max(0, doneAt - process.machine.clock.now()))
  if (!image) throw new CrictlError(`pulling image: ${error}`)
  await process.print(`Image is up to date for ${imageIdOf(image)}\n`)
}

async function rmi({ process, node, words }: Call): Promise<void> {
  const list = node.machines.images.list(node.name)
  for (const word of words) {
    const found = list.find(
      ({ reference, image }) =>
        reference === word ||
        reference === normalizeImage(word) ||
        image.id.replace('sha256:', '').startsWith(word),
    )
    if (!found) throw new CrictlError(`no such image ${word}`)
    node.machines.options.world.store.delete(`${node.machines.images.prefix(node.name)}${found.reference}`)
    await process.print(`Deleted: ${found.reference}\n`)
  }
}
