import { z } from 'zod'

/** The id of a lab or a step. */
export const labelled = z.string().regex(/^[a-z0-9-]{1,64}$/)
/** An id that we made. */
export const madeId = z.string().regex(/^[\w-]{1,64}$/)
/** The parameters of a route with one id. */
export const identifier = z.object({ id: madeId })
/** A page of this site. */
export const sitePath = z
  .string()
  .max(200)
  .regex(/^\/(?![/\\])[\w/.#-]*$/, 'give the path of a page of this site, e.g. /lessons/eks/nodes/')
