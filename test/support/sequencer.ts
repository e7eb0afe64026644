import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes long and mostly waits, such as a whole lab in a browser, comes first: at the end, one alone would hold up the run. */
const FIRST = ['/test/e2e/', '/test/integration/', '/test/unit/']

/** Tests in a browser first, units last; in each of them as Vitest has them, longest or largest first. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification) => FIRST.findIndex((folder) => moduleId.includes(folder))
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}
