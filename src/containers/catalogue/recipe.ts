import type { TreeNode } from '../files/nodes.ts'
import type { ImageConfig } from '../image.ts'
import type { LayerSize } from './sizes.ts'

export type Files = Record<string, TreeNode>

/** One step of an image's history; without files it changes the configuration only. */
export interface LayerRecipe {
  createdBy: string
  /** Absolute path → node; missing parent folders are made. */
  files?: Files
  /** What the real layer has; default: what its files here have. */
  size?: LayerSize
  /** ISO date, where it is not the image's. */
  created?: string
}

/** How to make an image of the catalogue. */
export interface ImageRecipe {
  /** ISO date of the image and all its files. */
  created: string
  config: ImageConfig['config']
  layers: LayerRecipe[]
}

/** A repository of the catalogue and where it is served. */
export interface CatalogueRepository {
  /** `docker.io/library/nginx` style names: registry host and path. */
  names: { host: string; repository: string }[]
  /** Tags of each image; the first recipe holds the newest. */
  images: { tags: string[]; recipe: () => ImageRecipe }[]
}
