import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { Builder } from './build/builder.ts'
import type { Containers } from './containers.ts'
import type { Distribution } from './distribution.ts'
import type { Events } from './events.ts'
import type { Execs } from './execs.ts'
import type { ImageStore } from './image-store.ts'

/** What the routes of the engine work with. */
export interface EngineParts {
  world: World
  blobs: BlobStore
  images: ImageStore
  containers: Containers
  distribution: Distribution
  builder: Builder
  events: Events
  execs: Execs
}
