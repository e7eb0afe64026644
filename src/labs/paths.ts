import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseYaml } from './load.ts'
import { type LearningPathFile, pathSchema } from './path-schema.ts'

/** The learning paths of this checkout. */
const PATHS_FOLDER = fileURLToPath(new URL('../../content/paths', import.meta.url))

export interface LearningPath extends LearningPathFile {
  id: string
}

/** All learning paths in their order. Throws LabError for what is wrong in one. */
export async function loadPaths(folder = PATHS_FOLDER): Promise<LearningPath[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'))
  const paths = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name)
      return { id: name.replace(/\.yaml$/, ''), ...parseYaml(file, await readFile(file, 'utf8'), pathSchema) }
    }),
  )
  return paths.sort((a, b) => a.order - b.order)
}

/** The lessons and labs of a path, each once. */
export function contentsOf({ parts }: Pick<LearningPath, 'parts'>): { lessons: string[]; labs: string[] } {
  const items = parts.flatMap((part) => part.items)
  return {
    lessons: [...new Set(items.flatMap((item) => ('lesson' in item ? [item.lesson] : [])))],
    labs: [...new Set(items.flatMap((item) => ('lab' in item ? [item.lab] : [])))],
  }
}
