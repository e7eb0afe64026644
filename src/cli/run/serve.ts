import { join } from 'node:path'
import { startCloud } from '#cloud/supervisor.ts'
import { loadLabs } from '#labs/load.ts'
import { openOverlay } from '#labs/overlay/open.ts'
import { createLogger } from '#server/logger.ts'
import { createServer } from '#server/server.ts'
import { readSettings, settingVariables, worldQuotas } from '#server/settings.ts'
import { buildSite } from '../../site/build.ts'
import { DEFAULT_DATA } from '../options.ts'
import { prepare } from '../prepare.ts'
import { showProgress } from '../progress.ts'

interface Options {
  config?: string
  printSettings?: boolean
}

/** Serves many people until the process is told to end. */
export async function serve({ config, printSettings }: Options): Promise<void> {
  if (printSettings) {
    for (const { path, variable, description } of settingVariables()) {
      console.log(`${path.join('.')} (${variable ?? 'in the file only'})\n    ${description}`)
    }
    return
  }
  const hosting = await readSettings(config, process.env)
  const data = hosting.data ?? DEFAULT_DATA
  const log = createLogger(hosting.log)
  const { progress, done } = showProgress()
  const overlay = hosting.overlay === undefined ? undefined : await openOverlay(hosting.overlay)
  const site = buildSite({ onProgress: progress, ...(overlay && { overlay }) })
  const toolbox = prepare(progress)
  const cloud = toolbox.then(() =>
    startCloud({
      directory: join(data, 'cloud'),
      processes: hosting.cloudProcesses,
      sleepAfterMs: hosting.sleepAfterMinutes * 60_000,
      quotas: worldQuotas(hosting),
      log: (message) => log.warn({ process: 'cloud' }, message),
    }),
  )
  const server = await createServer({
    data,
    hosting,
    cloud,
    toolbox,
    site,
    log,
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
  console.log(`Drydock serves ${server.url}`)
  if (server.link !== server.url) {
    console.log(`There is no administrator yet. Whoever opens this link becomes one: ${server.link}`)
  }
  const signal = await new Promise<string>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  log.info({ signal }, 'ending: pages are told, what is under way is finished; once more ends it at once')
  for (const again of ['SIGINT', 'SIGTERM']) process.once(again, () => process.exit(1))
  await server.close()
}
