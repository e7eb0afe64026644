import type { FileTree } from '../../files/tree.ts'
import type { ImageConfig, RegistryCredentials } from '../../image.ts'
import type { Platform } from '../../images/fetch.ts'
import type { MessageStream } from '../api.ts'
import type { ImageRecord } from '../image-store.ts'

/** What `POST /build` asks for. */
export interface BuildOptions {
  dockerfile: string
  tags: string[]
  buildArgs: Record<string, string | null>
  labels: Record<string, string>
  target: string
  /** `linux/arm64`, of the stages that name none; empty: that of their base. */
  platform: string
  noCache: boolean
  pull: boolean
  quiet: boolean
  /** Whether containers of steps stay unmentioned: `--rm=false`. */
  keepContainers?: boolean
  /** Aborted when the client goes away. */
  cancelled?: AbortSignal
  /** Credentials for pulling base images, by registry domain. */
  credentials: (domain: string) => RegistryCredentials | undefined
}

/** Runs a command of a `RUN` step on a tree; gives its exit code. Output comes as it is written. */
export type StepRunner = (step: {
  argv: string[]
  config: ImageConfig
  env: Record<string, string>
  tree: FileTree
  containerId: string
  output: (text: string) => void
  cancelled: AbortSignal | undefined
}) => Promise<number>

/** Build arguments that need no ARG (https://docs.docker.com/reference/dockerfile/#predefined-args). */
export const PREDEFINED = new Set(
  'HTTP_PROXY http_proxy HTTPS_PROXY https_proxy FTP_PROXY ftp_proxy NO_PROXY no_proxy ALL_PROXY all_proxy'.split(
    ' ',
  ),
)
export interface Stage {
  name: string | undefined
  /** As FROM or the build asks for it. */
  platform: Platform | undefined
  base: ImageRecord | undefined
  image: ImageRecord | undefined
}

/** One run of the classic builder. */
export interface Build {
  options: BuildOptions
  context: FileTree
  stages: Stage[]
  globalArgs: Map<string, string>
  args: Map<string, string>
  /** Arguments that some ARG has asked for. */
  consumed: Set<string>
  current: ImageRecord | undefined
  cmdSet: boolean
  cacheBroken: boolean
  out: (text: string) => void
  progress: MessageStream
}
