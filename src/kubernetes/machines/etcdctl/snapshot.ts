import { resolvePath } from '#containers/files/tree.ts'
import { EtcdError, humanBytes, logLine } from '../etcd/commands.ts'
import { type Client, took } from './client.ts'
import { databaseBytes, storageVersion } from './endpoints.ts'

export async function snapshotSave(client: Client, [path]: string[]): Promise<void> {
  const { process } = client
  if (path === undefined) throw new EtcdError('snapshot save expects one argument', 128)
  if (client.endpoints.length > 1)
    throw new EtcdError(
      `snapshot must be requested to one selected node, not multiple ${JSON.stringify(client.endpoints).replaceAll(',', ' ')}`,
      128,
    )
  const server = await client.any()
  const log = (caller: string, msg: string, fields: Record<string, unknown>) =>
    logLine(process, 'info', caller, msg, fields)
  await log('snapshot/v3_snapshot.go:83', 'created temporary db file', { path: `${path}.part` })
  const bytes = await client.data(server).snapshot(server.version)
  await log('snapshot/v3_snapshot.go:96', 'fetching snapshot', { endpoint: client.endpoints[0] })
  try {
    process.machine.files.writeSync(resolvePath(process.cwd, path), bytes, 0o600)
  } catch {
    throw new EtcdError(`could not open ${path}.part (open ${path}.part: no such file or directory)`, 5)
  }
  await log('snapshot/v3_snapshot.go:111', 'fetched snapshot', {
    endpoint: client.endpoints[0],
    size: humanBytes(databaseBytes(client, server)),
    took: took(client, 0),
    'etcd-version': storageVersion(server),
  })
  await log('snapshot/v3_snapshot.go:121', 'saved', { path })
  await client.print(`Snapshot saved at ${path}\nServer version ${storageVersion(server)}\n`)
}
