import type { OwnedCloud } from '../../src/cloud/api.ts'

/** Kills the cloud process with SIGKILL; resolves when its successor is up. */
export async function killCloud(cloud: OwnedCloud): Promise<void> {
  const up = new Promise<void>((resolve) => {
    const watch = cloud.onStatus((status) => {
      if (status !== 'up') return
      watch.close()
      resolve()
    })
  })
  process.kill(cloud.pid!, 'SIGKILL')
  await up
}
