import { createHash } from 'node:crypto'
import type { Process } from '#containers/processes/process.ts'
import type { ContainerWorker } from '../../kubelet/container-worker.ts'
import type { Instance } from '../../kubelet/instance.ts'
import type { PodWorker } from '../../kubelet/pod-worker.ts'
import type { NodeMachine } from '../machine.ts'

/** A container as the runtime lists it. */
export interface Container {
  worker: PodWorker
  owner: ContainerWorker
  instance: Instance
  attempt: number
}

/** A command that is to be run. */
export interface Call {
  process: Process
  node: NodeMachine
  words: string[]
  flags: Map<string, string>
}

/** A command that failed, in the words behind `FATA`. */
export class CrictlError extends Error {
  override readonly name = 'CrictlError'
}

/** Every container that the runtime still has: running ones, and the last that ended of each. */
export function containersOf(node: NodeMachine): Container[] {
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
export const sandboxId = ({ uid, createdAt }: PodWorker) =>
  createHash('sha256').update(`sandbox ${uid} ${createdAt}`).digest('hex')

export function find(node: NodeMachine, id: string): Container {
  const found = containersOf(node).filter(({ instance }) => instance.id.startsWith(id))
  if (id && found.length === 1) return found[0]!
  if (found.length > 1) throw new CrictlError(`container "${id}" is ambiguous`)
  throw new CrictlError(
    `rpc error: code = NotFound desc = an error occurred when try to find container "${id}": not found`,
  )
}

export function findPod(node: NodeMachine, id: string): PodWorker {
  const found = node.workers().find((worker) => id && sandboxId(worker).startsWith(id))
  if (found) return found
  throw new CrictlError(
    `rpc error: code = NotFound desc = an error occurred when try to find sandbox "${id}": not found`,
  )
}

export const stateOf = ({ instance }: Container) =>
  instance.running ? 'Running' : instance.ending ? 'Exited' : 'Created'
