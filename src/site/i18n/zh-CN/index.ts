import type * as english from '../en/index.ts'
import type * as chinese from './index.ts'

/** Every text of the interface, in Simplified Chinese. */
export * from './classroom.ts'
export * from './console.ts'
export * from './course.ts'
export * from './files.ts'
export * from './lab.ts'
export * from './menu.ts'
export * from './pages.ts'
export * from './preview.ts'
export * from './privacy.ts'
export * from './progress.ts'
export * from './search.ts'
export * from './sign-in.ts'
export * from './terminal.ts'
export * from './tour.ts'
export * from './world.ts'

/** Does not compile when a section is missing; in each section, when a text is. */
type Complete<Table extends typeof english> = Table
export type _ = Complete<typeof chinese>
