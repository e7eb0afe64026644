import Aside from './Aside.astro'
import Table from './Table.astro'

/**
 * What lessons and lab steps may use without importing it: `<Aside type="note|caution|myth" title="…">`.
 * Plain tables scroll sideways on narrow screens.
 */
export const contentComponents = { Aside, table: Table }
