import type { Process } from '#containers/processes/process.ts'
import { StatusError } from '../../api.ts'
import type { MachineCluster } from '../cluster.ts'
import { readKubeconfig } from '../kubeconfig.ts'
import type { NodeMachine } from '../machine.ts'
import type { Machines } from '../machines.ts'
import type { Made } from './addons.ts'
import type { Times } from './pki.ts'

/** A failure with kubeadm's text. */
export class KubeadmError extends Error {
  override readonly name = 'KubeadmError'
}

/** What a kubeadm command works with. */
export class Context {
  readonly process: Process
  readonly machines: Machines
  readonly node: NodeMachine
  readonly version: string

  constructor(process: Process, machines: Machines, node: NodeMachine, version: string) {
    this.process = process
    this.machines = machines
    this.node = node
    this.version = version
  }

  get files() {
    return this.process.machine.files
  }

  get times(): Times {
    const { clock } = this.process.machine
    return { now: clock.now(), hostNow: clock.hostNow() }
  }

  say(text: string): Promise<void> {
    return this.process.print(`${text}\n`)
  }

  async readText(path: string): Promise<string> {
    const bytes = await this.files.read(path).catch(() => {
      throw new KubeadmError(`open ${path}: no such file or directory`)
    })
    return Buffer.from(bytes).toString()
  }

  write(path: string, text: string, mode = 0o644): void {
    this.files.makeFolder(path.slice(0, path.lastIndexOf('/')), { recursive: true })
    this.files.writeSync(path, Buffer.from(text), mode)
  }

  /** The cluster of a kubeconfig. Throws KubeadmError when its API server does not answer. */
  async cluster(path = '/etc/kubernetes/admin.conf'): Promise<MachineCluster> {
    if (!this.files.exists(path))
      throw new KubeadmError(`failed to load admin kubeconfig: open ${path}: no such file or directory`)
    const kubeconfig = readKubeconfig(await this.readText(path))
    const found = this.machines.connect(kubeconfig, this.process.machine)
    if ('cluster' in found) return found.cluster
    throw new KubeadmError(
      `could not get the API server: Get "${kubeconfig.server}/api/v1/namespaces/kube-system": ${found.trouble}`,
    )
  }

  /** Waits until something holds; false when it did not in time. */
  async until(holds: () => boolean, limitMs: number, pollMs = 500): Promise<boolean> {
    const { clock } = this.process.machine
    const end = clock.now() + limitMs
    while (!holds()) {
      if (clock.now() >= end) return false
      await this.process.sleep(pollMs)
    }
    return true
  }

  /** Makes objects, or brings them up to date. */
  apply(cluster: MachineCluster, objects: Made[]): void {
    for (const { resource, object } of objects) {
      const { namespace = '', name } = object.metadata
      try {
        const known = cluster.client.get(resource, namespace, name)
        if (!known) cluster.client.as('kubeadm').create(resource, object)
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        throw new KubeadmError(`unable to create ${object.kind}: ${error.message}`)
      }
    }
  }
}
