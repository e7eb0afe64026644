import { Pending } from '#world/controller.ts'
import type { Obj } from '../json.ts'
import type { Objects } from '../storage/objects.ts'
import type { Call } from './call.ts'
import { flagIn } from './options.ts'

/** The options of a connection by its subresource. Source: k8s.io/api/core/v1 PodExecOptions and its kin. */
const OPTIONS: Record<string, (call: Call) => Obj> = {
  exec: (call) => ({
    kind: 'PodExecOptions',
    ...streamsOf(call),
    command: call.info.query.getAll('command'),
  }),
  attach: (call) => ({ kind: 'PodAttachOptions', ...streamsOf(call) }),
  portforward: ({ info }) => ({
    kind: 'PodPortForwardOptions',
    ...(info.query.has('ports') && { ports: info.query.getAll('ports').map(Number) }),
  }),
  proxy: ({ kind, info }) => {
    const path = info.path.split('/proxy')[1]
    return { kind: `${kind.kind}ProxyOptions`, ...(path && { path }) }
  },
}

function streamsOf({ info: { query } }: Call): Obj {
  const flags = ['stdin', 'stdout', 'stderr', 'tty'].filter((name) => flagIn(query, name))
  const container = query.get('container')
  return { ...Object.fromEntries(flags.map((name) => [name, true])), ...(container && { container }) }
}

/** Shows a connection to webhooks and policies, and waits for what they say. Throws StatusError. */
export async function admitConnection(call: Call, objects: Objects): Promise<void> {
  const { info, stored, subresource, user, answers } = call
  const connection = { apiVersion: 'v1', ...OPTIONS[subresource!.name]!(call) }
  for (;;) {
    try {
      return objects.admitConnection(stored, info.namespace, info.name, connection, {
        user,
        answers,
        subresource: subresource!.name,
      })
    } catch (error) {
      if (!(error instanceof Pending)) throw error
      await error.settled
    }
  }
}
