/** The release of kind that this edition follows. */
export const VERSION = 'v0.31.0-drydock'
/** The node image that it makes clusters of by default. */
export const DEFAULT_IMAGE = 'kindest/node:v1.35.0'
