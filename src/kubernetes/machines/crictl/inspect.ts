import { imageIdOf } from '../../kubelet/node-images.ts'
import { type Call, find, findPod, sandboxId } from './runtime.ts'

/** `crictl logs`. */
export async function logs({ process, node, words, flags }: Call): Promise<void> {
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

/** `crictl inspect`. */
export async function inspect({ process, node, words }: Call): Promise<void> {
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
    imageRef: owner.image ? imageIdOf(owner.image) : '',
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

/** `crictl inspectp`. */
export async function inspectp({ process, node, words }: Call): Promise<void> {
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
