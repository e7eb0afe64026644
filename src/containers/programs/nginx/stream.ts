import type { Duplex } from 'node:stream'
import type { Process } from '../../processes/process.ts'
import { portOf } from './certificates.ts'
import { type Directive, find, findAll } from './config.ts'

/**
 * Listens as the servers of the `stream` block say: what connects is led on to another server, by turns in a group.
 * https://nginx.org/en/docs/stream/ngx_stream_core_module.html
 */
export function listenStreams(process: Process, config: readonly Directive[]): { close(): void }[] {
  const stream = find(config, 'stream')?.block ?? []
  return findAll(stream, 'server').flatMap(({ block = [] }) => {
    const target = find(block, 'proxy_pass')?.args[0]
    const listen = find(block, 'listen')
    if (!target || !listen || listen.args.includes('udp')) return []
    const { machine } = process
    const group = findAll(stream, 'upstream').find(({ args }) => args[0] === target)
    const targets = group ? findAll(group.block, 'server').map(({ args }) => args[0]!) : [target]
    let turn = 0
    return machine.network.listen(machine.address, portOf(listen.args[0]!), (client) => {
      for (let tried = 0; tried < targets.length; tried++) {
        const far = open(process, targets[turn++ % targets.length]!)
        if (far) return join(client, far)
      }
      client.destroy()
    })
  })
}

function open({ machine }: Process, target: string): Duplex | undefined {
  const [name = '', port = ''] = target.split(':')
  const address = machine.resolveName(name)
  try {
    return address ? machine.connect(address, Number(port)) : undefined
  } catch {
    return undefined
  }
}

function join(near: Duplex, far: Duplex): void {
  near.pipe(far).pipe(near)
  near.once('error', () => far.destroy())
  far.once('error', () => near.destroy())
}
