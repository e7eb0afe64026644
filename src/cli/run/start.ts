import { join } from 'node:path'
import { startCloud } from '#cloud/supervisor.ts'
import { loadLabs } from '#labs/load.ts'
import { openOverlay } from '#labs/overlay/open.ts'
import { createServer } from '#server/server.ts'
import { buildSite } from '../../site/build.ts'
import { prepare } from '../prepare.ts'
import { showProgress } from '../progress.ts'

interface Options {
  port: number
  host: string
  data: string
  overlay?: string
}

/** Runs the learning platform until the process is told to end. */
export async function start({ port, host, data, overlay: folder }: Options): Promise<void> {
  const { progress, done } = showProgress()
  const overlay = folder === undefined ? undefined : await openOverlay(folder)
  const site = buildSite({ onProgress: progress, ...(overlay && { overlay }) })
  const toolbox = prepare(progress)
  // The cloud needs what `prepare` derives; the server listens before either is there.
  const cloud = toolbox.then(() =>
    startCloud({
      directory: join(data, 'cloud'),
      hostLoopback: true,
      log: (message) => console.error(message),
    }),
  )
  const server = await createServer({
    data,
    host,
    port,
    cloud,
    toolbox,
    site,
    labs: loadLabs(overlay?.folders),
    ...(overlay && { paths: overlay.paths }),
  })
  try {
    await server.ready
  } catch (error) {
    await server.close()
    throw error
  } finally {
    done()
  }
  console.log(`Drydock is ready: ${server.link}`)
  console.log('Open this link: it signs your browser in. Keep it to yourself.')
  console.log('Ctrl-C ends it; your progress, terminals and clouds are kept.')
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  await server.close()
}
