/** Tells Docker Hub's stand-in that a pull comes from a machine with an address of its own: a node of a cluster. */
export const OWN_ADDRESS = { 'x-own-address': 'true' } as const
