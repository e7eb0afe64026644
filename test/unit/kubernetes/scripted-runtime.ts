import { PassThrough } from 'node:stream'
import type { Image, ImagePuller, PullError } from '#containers/image.ts'
import {
  type Container,
  type ContainerRuntime,
  type ContainerSpec,
  type ExitStatus,
  type ProcessNamespace,
  StartError,
} from '#containers/runtime.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'

/** What a container's main process does; the process ends when `exit` is called. */
export type Script = (process: {
  spec: ContainerSpec
  print(text: string): void
  exit(code: number): void
  /** Serves HTTP on a port with a status and body that may change. */
  serve(port: number, answer: () => { status: number; body: string }): void
}) => { signal?(name: string): void } | undefined

/** A container runtime whose processes are functions, by image name. It stands in for the images that do not exist. */
export class ScriptedRuntime implements ContainerRuntime, ImagePuller {
  readonly scripts = new Map<string, Script>()
  readonly specs: ContainerSpec[] = []
  /** How often each reference was pulled. */
  readonly pulls = new Map<string, number>()
  readonly failures = new Map<string, PullError>()
  /** What each container of an image uses, by image name. */
  readonly usages = new Map<string, { cpuMilli: number; memoryBytes: number }>()
  readonly #network: VirtualNetwork

  constructor(network: VirtualNetwork) {
    this.#network = network
  }

  async pull(reference: string): Promise<Image & { sizeBytes: number }> {
    this.pulls.set(reference, (this.pulls.get(reference) ?? 0) + 1)
    const failure = this.failures.get(reference)
    if (failure) throw failure
    return {
      id: `sha256:${'a'.repeat(64)}`,
      manifestDigest: `sha256:${'b'.repeat(64)}`,
      config: {
        architecture: 'amd64',
        os: 'linux',
        config: { Labels: { reference } },
        rootfs: { type: 'layers', diff_ids: [] },
      },
      layers: [{ mediaType: 'layer', digest: `sha256:${reference}`, size: 30_000_000 }],
      sizeBytes: 30_000_000,
    }
  }

  sandboxProcesses(): ProcessNamespace {
    return { kind: 'process-namespace' }
  }

  async create(spec: ContainerSpec): Promise<Container> {
    this.specs.push(spec)
    const reference = spec.image.config.config.Labels!.reference!
    const image = reference.replace(/^.*\//, '').replace(/:.*$/, '')
    const script = this.scripts.get(image) ?? forever
    const { usages } = this
    const network = this.#network
    const listeners: { close(): void }[] = []
    return {
      spec,
      async start() {
        if (spec.command?.[0] === '/missing') {
          throw new StartError(
            'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "/missing": stat /missing: no such file or directory',
          )
        }
        const stdout = new PassThrough()
        let exit!: (status: ExitStatus) => void
        const exited = new Promise<ExitStatus>((resolve) => {
          exit = resolve
        })
        const end = (exitCode: number, signal?: string) => {
          for (const listener of listeners) listener.close()
          exit({ exitCode, ...(signal && { signal }) })
        }
        const behaviour = script({
          spec,
          print: (text) => stdout.write(text),
          exit: (code) => end(code),
          serve: (port, answer) => {
            listeners.push(
              network.listen(spec.address, port, (socket) => {
                socket.on('data', () => {
                  const { status, body } = answer()
                  socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
                })
                socket.on('error', () => {})
              }),
            )
          },
        })
        return {
          stdin: new PassThrough(),
          stdout,
          stderr: new PassThrough(),
          exited,
          kill(signal) {
            if (signal === 'SIGKILL') end(137, signal)
            else if (behaviour?.signal) behaviour.signal(signal)
            else end(0, signal)
          },
          resize() {},
        }
      },
      exec: async () => {
        throw new StartError('exec: not scripted')
      },
      files: {
        read: async () => Promise.reject(Object.assign(new Error('ENOENT'), { code: 'ENOENT' })),
        write: async () => {},
        list: async () => [],
        stat: async () => Promise.reject(Object.assign(new Error('ENOENT'), { code: 'ENOENT' })),
      },
      setLimits: () => {},
      usage: () => ({
        cpuTotalMs: 0,
        processes: 1,
        ...(usages.get(image) ?? { cpuMilli: 1, memoryBytes: 1 << 20 }),
      }),
      remove: async () => {},
    }
  }
}

const forever: Script = () => undefined
