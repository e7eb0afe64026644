// Our server with a cloud in which nothing happens. `node serve.ts DATA [PORT]` prints its link.

import { createServer } from '../../src/server/server.ts'
import { installTools } from '../../src/workspace/tools/install.ts'
import { TEST_LAB } from './server.ts'
import { StillCloud } from './still-cloud.ts'

const server = await createServer({
  data: process.argv[2]!,
  port: Number(process.argv[3] ?? 0),
  cloud: Promise.resolve(new StillCloud()),
  toolbox: installTools(),
  site: Promise.resolve(process.argv[2]!),
  labs: Promise.resolve([TEST_LAB]),
})
await server.ready
console.log(server.link)
process.on('disconnect', async () => {
  await server.close({ terminals: 'end' })
  process.exit()
})
