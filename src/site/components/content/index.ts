import Aside from './Aside.astro'
import Command from './Command.astro'
import Costs from './Costs.astro'
import Diff from './Diff.astro'
import Explain from './Explain.astro'
import Guide from './Guide.astro'
import Link from './Link.astro'
import Matrix from './Matrix.astro'
import Name from './Name.astro'
import Picture from './Picture.astro'
import Predict from './Predict.astro'
import StepHeading from './StepHeading.astro'
import Tab from './Tab.astro'
import Table from './Table.astro'
import TableHeader from './TableHeader.astro'
import Tabs from './Tabs.astro'
import Term from './Term.astro'

/**
 * What lessons and lab steps may use without importing it: `<Aside type="note|caution|myth" title="…">`; each component says what
 * it takes.  * Plain tables scroll sideways on narrow screens.
 */
export const contentComponents = {
  Aside,
  Costs,
  Diff,
  Explain,
  Guide,
  Matrix,
  Picture,
  Predict,
  Tab,
  Tabs,
  Term,
  a: Link,
  pre: Command,
  table: Table,
  th: TableHeader,
}

/** The same inside a lab's step. */
export const stepComponents = { ...contentComponents, Name, h2: StepHeading }
