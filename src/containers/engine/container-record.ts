import type { Descriptor } from '../image.ts'

/** A container of the engine, in the world's store under `docker/containers/<id>`. Times: ms on the world's clock. */
export interface ContainerRecord {
  id: string
  /** Without the leading slash. */
  name: string
  createdAt: number
  imageId: string
  /** As it was asked for. */
  imageName: string
  config: ContainerConfig
  hostConfig: HostConfig
  /** On the bridge network; taken when it starts. */
  address: string
  network: string
  status: 'created' | 'running' | 'exited' | 'paused'
  exitCode: number
  error: string
  startedAt?: number
  finishedAt?: number
  restartCount: number
  /** Host ports as published. */
  ports: { containerPort: number; hostIp: string; hostPort: number }[]
  /** What it has written over its image, saved when it stops. */
  changes: Descriptor[]
}

/** The part of the API's container configuration that is acted on; the rest is kept for `inspect`. */
export interface ContainerConfig {
  Hostname?: string
  User?: string
  Tty?: boolean
  OpenStdin?: boolean
  StdinOnce?: boolean
  AttachStdin?: boolean
  AttachStdout?: boolean
  AttachStderr?: boolean
  Env?: string[] | null
  Cmd?: string[] | null
  Entrypoint?: string[] | null
  Image: string
  WorkingDir?: string
  Labels?: Record<string, string> | null
  StopSignal?: string
  ExposedPorts?: Record<string, object>
  [name: string]: unknown
}

export interface HostConfig {
  PortBindings?: Record<string, { HostIp?: string; HostPort?: string }[] | null> | null
  PublishAllPorts?: boolean
  Binds?: string[] | null
  Mounts?: { Type: string; Source?: string; Target: string; ReadOnly?: boolean }[]
  AutoRemove?: boolean
  NetworkMode?: string
  RestartPolicy?: { Name?: string; MaximumRetryCount?: number }
  Memory?: number
  [name: string]: unknown
}
