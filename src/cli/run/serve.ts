import { join } from 'node:path'
import { startCloud } from '#cloud/supervisor.ts'
import { createServer } from '#server/server.ts'
import { readSettings, settingVariables } from '#server/settings.ts'
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
      console.log(`${path.join('.')} (${variable})\n    ${description}`)
    }
    return
  }
  const hosting = await readSettings(config, process.env)
  const data = hosting.data ?? DEFAULT_DATA
  const { progress, done } = showProgress()
  const site = buildSite({ onProgress: progress })
  const toolbox = prepare(progress)
  const cloud = toolbox.then(() =>
    startCloud({ directory: join(data, 'cloud'), log: (message) => console.error(message) }),
  )
  const server = await createServer({ data, hosting, cloud, toolbox, site })
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
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  await server.close()
}
