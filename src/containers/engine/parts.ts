import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { Builder } from './build/builder.ts'
import type { ContainerFiles } from './container-files.ts'
import type { ContainerStore } from './container-store.ts'
import type { Containers } from './containers.ts'
import type { Distribution } from './distribution.ts'
import type { Events } from './events.ts'
import type { Execs } from './execs.ts'
import type { ImageStore } from './image-store.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Networks } from './networks.ts'
import type { Sessions } from './session.ts'
import type { Volumes } from './volumes.ts'

/** What the routes of the engine work with. */
export interface EngineParts {
  world: World
  blobs: BlobStore
  images: ImageStore
  store: ContainerStore
  containers: Containers
  lifecycle: Lifecycle
  files: ContainerFiles
  sessions: Sessions
  volumes: Volumes
  networks: Networks
  distribution: Distribution
  builder: Builder
  events: Events
  execs: Execs
}
