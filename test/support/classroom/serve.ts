// A hosted server as a process of its own, with its cloud and terminals: `serve.ts '<ServeOptions as JSON>'`. Its parent is told the address, and takes it along when it ends.
import { join } from 'node:path'
import { loadLabs } from '#labs/load.ts'
import { createServer } from '#server/server.ts'
import { settingsSchema, worldQuotas } from '#server/settings.ts'
import { startCloud } from '../../../src/cloud/supervisor.ts'
import { installTools } from '../../../src/workspace/tools/install.ts'
import type { Served, ServeOptions } from './served.ts'

const { data, port, database, processes, isolation } = JSON.parse(process.argv[2]!) as ServeOptions
const hosting = settingsSchema.parse({
  url: `http://127.0.0.1:${port}`,
  port,
  data,
  isolation,
  log: { level: 'error' },
  ...(database !== undefined && { database }),
})
const cloud = startCloud({
  directory: join(data, 'cloud'),
  processes: processes ?? hosting.cloudProcesses,
  quotas: worldQuotas(hosting),
  log: (message) => console.error(message),
})
const server = await createServer({
  data,
  hosting,
  cloud,
  toolbox: installTools({ machinePath: '' }),
  site: Promise.resolve(data),
  labs: loadLabs(),
})
await server.ready
process.on('disconnect', async () => {
  await server.close({ terminals: 'end' })
  process.exit()
})
process.on('message', async () => {
  process.send!(await (await cloud).processes())
})
process.send!({ url: server.url, link: server.link, cloud: (await cloud).pid! } satisfies Served)
