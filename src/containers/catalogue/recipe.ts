import type { TreeNode } from '../files/nodes.ts'
import type { ImageConfig } from '../image.ts'

/** One step of an image's history; without files it changes the configuration only. */
export interface LayerRecipe {
  createdBy: string
  /** Absolute path → node; missing parent folders are made. */
  files?: Record<string, TreeNode>
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
