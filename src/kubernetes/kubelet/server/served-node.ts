import type { Readable } from 'node:stream'
import type { ContainerFs } from '#containers/processes/container-fs.ts'
import type { ProcessHandle } from '#containers/runtime.ts'
import type { LogOptions } from '../../api.ts'
import type { Pod } from '../../objects.ts'
import type { NodeImage } from '../node-images.ts'
import type { NodeRecord } from '../node-record.ts'
import type { PodWorker } from '../pod-worker.ts'

/** A node as the server of its kubelet shows it. */
export interface ServedNode {
  record: NodeRecord
  /** `v1.35.2` */
  version: string
  /** ms since the epoch. */
  now: number
  /** Its pods as they were given to it, those that have ended too. */
  pods: Pod[]
  /** What runs of a pod. */
  workerOf(pod: Pod): PodWorker | undefined
  images: NodeImage[]
  /** Its own file system. */
  files: ContainerFs
  /** What its configuration says beside the defaults. */
  configuration: Record<string, unknown>
  logs(pod: Pod, options: LogOptions): Promise<Readable>
  exec(pod: Pod, container: string, command: string[]): Promise<ProcessHandle>
}
