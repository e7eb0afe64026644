import type { ConsoleService } from '../resource-type.ts'
import { compute } from './compute.ts'
import { containers } from './containers.ts'
import { management } from './management.ts'

/** All that the console shows, in the order of its menu. */
export const CATALOGUE: ConsoleService[] = [...containers, ...compute, ...management]
