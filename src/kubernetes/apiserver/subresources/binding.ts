import { bindPod } from '../component-api.ts'
import { invalid, required } from '../errors.ts'
import { readNeeded } from '../http/body.ts'
import type { Call } from '../http/call.ts'
import { writeQuery } from '../http/options.ts'
import { sendJson } from '../http/reply.ts'
import type { SubresourceParts } from '../http/subresources.ts'

/** `pods/binding`, and `bindings` that name the pod themselves. */
export async function bindCall(call: Call, { objects }: SubresourceParts): Promise<void> {
  const { req, res, info } = call
  const body = await readNeeded(req, objects.context.schema)
  const name = info.name || body.metadata?.name
  const node = body.target?.name
  const kind = { group: '', kind: 'Binding' }
  if (!name) throw invalid(kind, '', [required('metadata.name')])
  if (!node) throw invalid(kind, name, [required('target.name')])
  if (!writeQuery(info.query, 'CreateOptions').dryRun) bindPod(objects, info.namespace, name, node)
  await objects.context.world.store.flushed()
  sendJson(req, res, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
}
