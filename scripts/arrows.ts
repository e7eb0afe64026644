// Holds the import arrows of ARCHITECTURE.md: `node scripts/arrows.ts`. Prints what breaks them and exits 1.
import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'

/** What each folder of src/ may import besides itself: other folders, or single files of them. */
const MAY: Record<string, string[]> = {
  world: [],
  network: ['world'],
  containers: ['world', 'network'],
  kubernetes: ['world', 'network', 'containers'],
  aws: ['world', 'network'],
  cloud: ['world', 'network', 'containers', 'kubernetes', 'aws'],
  checks: ['world', 'network', 'cloud'],
  workspace: ['world', 'network', 'cloud', 'checks', 'server/api.ts', 'containers/files'],
  labs: ['world', 'network', 'cloud', 'checks', 'workspace'],
  course: ['labs'],
  classroom: [
    'world',
    'network',
    'cloud',
    'checks',
    'labs',
    'workspace',
    'course',
    'database',
    'server/api.ts',
  ],
  database: ['world', 'checks', 'labs', 'course', 'server/api.ts'],
  server: [
    'world',
    'network',
    'cloud',
    'checks',
    'labs',
    'workspace',
    'course',
    'classroom',
    'database',
    'site/compress.ts',
  ],
  // The pages speak to the server over its API only: they see its types and formats, and the price list that lessons tell.
  site: [
    'server/api.ts',
    'workspace/protocol.ts',
    'workspace/limits.ts',
    'checks/finding.ts',
    'labs/schema.ts',
    'labs/fences.ts',
    'labs/lesson-schema.ts',
    'labs/path-schema.ts',
    'aws/pricing/data/prices.ts',
  ],
  cli: [
    'world',
    'network',
    'containers',
    'kubernetes',
    'aws',
    'cloud',
    'checks',
    'labs',
    'workspace',
    'classroom',
    'database',
    'server',
    'site/build.ts',
  ],
}
/** Checkers see their target through public clients and the check engine only. */
const CHECKERS_MAY = ['checks']

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"](#[^'"]+|\.{1,2}\/[^'"]+)['"]/g

const violations: string[] = []
let files = 0
for await (const file of glob(['src/**/*.{ts,tsx,astro,mjs}', 'checkers/**/*.ts'])) {
  files++
  const [root, folder] = file.split('/') as [string, string]
  const allowed = root === 'checkers' ? CHECKERS_MAY : MAY[folder]
  if (!allowed) {
    violations.push(`${file}: src/${folder} is not in the table of scripts/arrows.ts`)
    continue
  }
  for (const [, specifier] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const target = specifier!.startsWith('#')
      ? `src/${specifier!.slice(1)}`
      : normalize(join(dirname(file), specifier!))
    if (!target.startsWith('src/')) {
      if (/^(test|bench|scripts)\//.test(target))
        violations.push(`${file}: imports ${target}, which is no part of the product`)
      continue
    }
    const inner = target.slice('src/'.length)
    const own = root === 'src' && inner.startsWith(`${folder}/`)
    if (!own && !allowed.some((place) => inner === place || inner.startsWith(`${place}/`))) {
      violations.push(
        `${file}: must not import ${target}; ${root}/${folder} may import ${allowed.join(', ') || 'nothing'}`,
      )
    }
  }
}
for (const violation of violations) console.error(violation)
console.log(`arrows: ${files} files, ${violations.length} violations`)
process.exitCode = violations.length > 0 ? 1 : 0
