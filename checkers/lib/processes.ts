import { Duplex, PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { connect, type PeerCertificate } from 'node:tls'
import { Exec, PortForward, type V1Pod, type V1Status } from '@kubernetes/client-node'
import type { Cluster } from './cluster.ts'

// What processes in pods say of themselves, asked as `kubectl exec` and `kubectl port-forward` ask.

/** What a command prints in a pod's first container, both its streams, and whether it ended with 0; `output` is empty when it cannot be run there. */
export async function ran(
  cluster: Cluster,
  pod: V1Pod,
  command: string[],
): Promise<{ output: string; succeeded: boolean }> {
  const { name, namespace } = pod.metadata!
  const output = new PassThrough()
  const printed = text(output)
  const { promise: ended, resolve: end } = Promise.withResolvers<V1Status | undefined>()
  try {
    const socket = await new Exec(cluster.config).exec(
      namespace!,
      name!,
      pod.spec!.containers[0]!.name,
      command,
      output,
      output,
      null,
      false,
      end,
    )
    socket.onclose = () => end(undefined)
  } catch {
    // Refused: the container is gone or cannot start the command.
    end(undefined)
  }
  const status = await ended
  output.end()
  return { output: (await printed).trimEnd(), succeeded: status?.status === 'Success' }
}

/** What a command prints in a pod's first container; undefined when it cannot be run there or ends otherwise than with 0. */
export async function printed(cluster: Cluster, pod: V1Pod, command: string[]): Promise<string | undefined> {
  const { output, succeeded } = await ran(cluster, pod, command)
  return succeeded ? output : undefined
}

/** The certificate that a pod shows on a port; undefined when no TLS server answers there. */
export async function shownCertificate(
  cluster: Cluster,
  pod: V1Pod,
  port: number,
): Promise<PeerCertificate | undefined> {
  const { name, namespace } = pod.metadata!
  const [toPod, fromPod] = [new PassThrough(), new PassThrough()]
  const refused = new PassThrough()
  const socket = await new PortForward(cluster.config).portForward(
    namespace!,
    name!,
    [port],
    fromPod,
    refused,
    toPod,
  )
  // Whether it is to be trusted is another question.
  const client = connect({
    socket: Duplex.from({ readable: fromPod, writable: toPod }),
    rejectUnauthorized: false,
  })
  try {
    return await new Promise((resolve) => {
      client.on('secureConnect', () => resolve(client.getPeerCertificate()))
      client.on('error', () => resolve(undefined))
      refused.on('data', () => resolve(undefined))
      if ('onclose' in socket) socket.onclose = () => resolve(undefined)
    })
  } finally {
    client.destroy()
    if ('close' in socket) socket.close()
  }
}
