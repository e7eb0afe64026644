import Aside from './Aside.astro'
import Command from './Command.astro'
import StepHeading from './StepHeading.astro'
import Table from './Table.astro'

/**
 * What lessons and lab steps may use without importing it: `<Aside type="note|caution|myth" title="…">`.
 * Plain tables scroll sideways on narrow screens.
 */
export const contentComponents = { Aside, pre: Command, table: Table }

/** The same inside a lab's step. */
export const stepComponents = { ...contentComponents, h2: StepHeading }
