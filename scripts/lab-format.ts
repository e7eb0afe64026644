import { readFile, writeFile } from 'node:fs/promises'
import { withReference } from '#labs/format-docs.ts'

// Writes the reference of the lab format into labs/README.md.

const readme = new URL('../labs/README.md', import.meta.url)
await writeFile(readme, withReference(await readFile(readme, 'utf8')))
