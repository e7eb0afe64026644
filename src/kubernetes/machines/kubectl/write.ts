import { type Call, documents, namespaceOf, targets, typeOf } from './call.ts'
import { KubectlError, pathOf } from './client.ts'

/** `kubectl apply`, `create` and `replace` of files. */
export async function send(call: Call, how: 'apply' | 'create' | 'replace'): Promise<void> {
  const { client, process, flags } = call
  for (const object of await documents(call)) {
    const resource = await client.kind(object.apiVersion, object.kind)
    const namespace = object.metadata?.namespace ?? namespaceOf(flags)
    const { name } = object.metadata ?? {}
    const body = JSON.stringify(object)
    if (how === 'create') await client.text('POST', pathOf(resource, namespace), { body })
    else if (how === 'replace') await client.text('PUT', pathOf(resource, namespace, name), { body })
    else
      await client.text('PATCH', `${pathOf(resource, namespace, name)}?fieldManager=kubectl&force=true`, {
        body,
        type: 'application/apply-patch+yaml',
      })
    await process.print(
      `${typeOf(resource)}/${name} ${how === 'create' ? 'created' : how === 'replace' ? 'replaced' : 'serverside-applied'}\n`,
    )
  }
}

/** `kubectl delete`. */
export async function remove(call: Call): Promise<void> {
  const { client, process, flags, files } = call
  const list =
    files.length > 0
      ? await Promise.all(
          (await documents(call)).map(async (object) => ({
            resource: await client.kind(object.apiVersion, object.kind),
            name: object.metadata.name as string,
            namespace: object.metadata.namespace,
          })),
        )
      : (await targets(call)).map((target) => ({ ...target, namespace: undefined }))
  for (const { resource, name, namespace } of list) {
    if (!name) throw new KubectlError('error: resource(s) were provided, but no name was specified')
    const grace = flags.get('grace-period') ?? (flags.has('now') ? '1' : undefined)
    await client.text(
      'DELETE',
      `${pathOf(resource, namespace ?? namespaceOf(flags), name)}${grace ? `?gracePeriodSeconds=${grace}` : ''}`,
    )
    await process.print(
      `${typeOf(resource)} "${name}" deleted${resource.namespaced ? ` from ${namespace ?? namespaceOf(flags)} namespace` : ''}\n`,
    )
  }
}
