import { join } from 'node:path'
import { build } from 'astro'

// `node build-process.ts FOLDER` builds the pages into FOLDER/site. Apart from `build.ts`, so that Astro's memory
// and its global settings end with this process.
const folder = process.argv[2]
if (!folder) throw new Error('Say into which folder to build.')
await build({ outDir: join(folder, 'site'), cacheDir: join(folder, 'cache'), logLevel: 'error' })
