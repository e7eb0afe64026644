import type { Program } from '#containers/processes/process.ts'
import type { Machines } from '../machines.ts'
import { Systemd } from './systemd.ts'

/** What a container that is told to halt by systemd's signal ends with. */
const HALTED = 130

/** `/sbin/init` of a machine: its service manager, until the container is stopped. */
export const init =
  (machines: Machines): Program =>
  async (process) => {
    const node = machines.up(process.machine)
    void process.exited.then(() => machines.down(node))
    const halt = new Promise<void>((resolve) => {
      for (const signal of ['SIGRTMIN+3', 'SIGTERM', 'SIGINT']) process.on(signal, resolve)
    })
    await node.readFiles()
    await node.loadImages()
    const systemd = new Systemd(process)
    await process.print(
      [
        'systemd 252.39-1~deb12u1 running in system mode',
        'Detected virtualization docker.',
        'Detected architecture x86-64.',
        '',
        'Welcome to Debian GNU/Linux 12 (bookworm)!',
        '',
        `Hostname set to <${node.name}>.`,
        '[  OK  ] Reached target basic.target - Basic System.',
        '',
      ].join('\r\n'),
    )
    node.boot(systemd)
    await process.print('[  OK  ] Reached target multi-user.target - Multi-User System.\r\n')
    await process.waitFor(halt)
    await systemd.shutdown()
    return HALTED
  }
