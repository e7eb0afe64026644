import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type KubectlCluster, kubectlCluster } from '../kubernetes-server.ts'

/** A cluster of two ready nodes, and files in the folder where its terminal sessions run. */
export async function desk(files: Record<string, string>): Promise<KubectlCluster> {
  const cluster = await kubectlCluster()
  for (const [name, text] of Object.entries(files)) {
    const path = join(cluster.folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
  return cluster
}
