import type { Process } from '#containers/processes/process.ts'
import { imageIdOf, normalizeImage } from '../../kubelet/node-images.ts'
import { execFailure } from '../../kubelet/streams.ts'
import { type Call, type Container, CrictlError, containersOf, find, findPod, sandboxId } from './runtime.ts'

/** Ends a container: SIGTERM, then SIGKILL when its time is up. */
async function end(process: Process, { instance }: Container, seconds: number): Promise<void> {
  const child = instance.process
  if (!instance.running || !child) return
  if (seconds > 0) child.kill(instance.container.spec.image.config.config.StopSignal ?? 'SIGTERM')
  const timer = process.machine.clock.setTimer(seconds * 1000, () => child.kill('SIGKILL'))
  await process.waitFor(child.exited)
  timer.cancel()
}

/** `crictl stop`. */
export async function stop({ process, node, words, flags }: Call): Promise<void> {
  if (words.length === 0) throw new CrictlError('ID cannot be empty')
  for (const id of words) {
    await end(process, find(node, id), Number(flags.get('timeout') ?? flags.get('t') ?? 0))
    await process.print(`${id}\n`)
  }
}

/** `crictl rm`. */
export async function remove({ process, node, words, flags }: Call): Promise<void> {
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

/** `crictl stopp`. */
export async function stopPod({ process, node, words, flags }: Call): Promise<void> {
  const targets = flags.has('a') || flags.has('all') ? node.workers().map(sandboxId) : words
  for (const id of targets) {
    const worker = findPod(node, id)
    for (const container of containersOf(node).filter((candidate) => candidate.worker === worker))
      await end(process, container, 0)
    await process.print(`Stopped sandbox ${id}\n`)
  }
}

/** `crictl exec`. */
export async function exec({ process, node, words, flags }: Call): Promise<number> {
  const [id = '', ...command] = words
  const { instance } = find(node, id)
  if (!instance.running)
    throw new CrictlError(
      `execing command in container: rpc error: code = Unknown desc = container is in CONTAINER_EXITED state`,
    )
  const tty = flags.has('t') || flags.has('tty')
  const child = await instance.container.exec({ command, tty }).catch((error: Error) => {
    throw new CrictlError(
      `execing command in container: rpc error: code = Unknown desc = ${execFailure(node.machines.options.world.ids.hex(64), error)}`,
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

/** `crictl pull`. */
export async function pull({ process, node, words }: Call): Promise<void> {
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

/** `crictl rmi`. */
export async function rmi({ process, node, words }: Call): Promise<void> {
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
