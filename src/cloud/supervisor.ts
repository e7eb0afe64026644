import type { CloudStatus, OwnedCloud } from './api.ts'
import { connectCloud } from './client.ts'
import { cloudSocket } from './runtime-directory.ts'
import type { CloudSettings } from './serving.ts'
import { SupervisedProcess } from './supervised-process.ts'

export interface StartCloudOptions extends CloudSettings {
  /** How many processes the worlds are spread over. Default: one. */
  processes?: number
  log?(message: string): void
}

/** Starts a cloud for a data folder and restarts it whenever it dies. Resolves when it is ready; rejects when the first start fails. */
export async function startCloud({ log = () => {}, ...settings }: StartCloudOptions): Promise<OwnedCloud> {
  const client = connectCloud(await cloudSocket(settings.directory))
  const listeners = new Set<(status: CloudStatus) => void>()
  const supervised = await SupervisedProcess.start({
    settings,
    name: 'the cloud process',
    log,
    onStatus: (status) => {
      for (const listener of listeners) listener(status)
    },
  })
  return {
    ...client,
    get pid() {
      return supervised.pid
    },
    onStatus(listener) {
      listeners.add(listener)
      return { close: () => listeners.delete(listener) }
    },
    async stop() {
      client.close()
      await supervised.stop()
    },
  }
}
