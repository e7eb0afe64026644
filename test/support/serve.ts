// Our server with a cloud in which nothing happens. `node serve.ts DATA [PORT] [pages]` prints its link; with pages, it has the site's and its labs.

import { loadLabs } from '../../src/labs/load.ts'
import { createServer } from '../../src/server/server.ts'
import { buildSite } from '../../src/site/build.ts'
import { installTools } from '../../src/workspace/tools/install.ts'
import { TEST_LAB } from './server.ts'
import { StillCloud } from './still-cloud.ts'

const pages = process.argv[4] === 'pages'
const server = await createServer({
  data: process.argv[2]!,
  port: Number(process.argv[3] ?? 0),
  cloud: Promise.resolve(new StillCloud()),
  toolbox: installTools(),
  site: pages ? buildSite() : Promise.resolve(process.argv[2]!),
  labs: pages ? loadLabs() : Promise.resolve([TEST_LAB]),
})
await server.ready
console.log(server.link)
process.on('disconnect', async () => {
  await server.close({ terminals: 'end' })
  process.exit()
})
