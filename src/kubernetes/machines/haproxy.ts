import type { Process, Program } from '#containers/processes/process.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { Machines } from './machines.ts'

// kind's load balancer: haproxy in TCP mode before several API servers. Source: pkg/cluster/internal/loadbalancer of kubernetes-sigs/kind, read 2026-11.

const DEFAULT_FILE = '/usr/local/etc/haproxy/haproxy.cfg'

interface Backend {
  name: string
  host: string
  port: number
}

/** What the proxy does by its configuration. */
interface Site {
  port: number
  backends: Backend[]
}

/** `haproxy -f FILE`: passes TCP connections to backends that answer, round robin; reads its configuration again at SIGHUP. */
export const haproxy =
  (machines: Machines): Program =>
  async (process) => {
    const args = process.argv.slice(1)
    const at = args.indexOf('-f')
    const file = at === -1 ? DEFAULT_FILE : args[at + 1]!
    const stop = new Promise<'stop'>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR1']) process.on(signal, () => resolve('stop'))
    })
    let open: { close(): void }[] = []
    const close = () => {
      for (const listener of open) listener.close()
      open = []
    }
    void process.exited.then(close)
    for (;;) {
      const hup = new Promise<'hup'>((resolve) => process.on('SIGHUP', () => resolve('hup')))
      const bytes = await process.machine.files.read(file).catch(() => undefined)
      if (!bytes) {
        await process.complain(
          `[ALERT] 000/000000 (1) : Could not open configuration file ${file} : No such file or directory\n`,
        )
        return 1
      }
      close()
      open = readSites(Buffer.from(bytes).toString()).flatMap((site) => serve(process, machines, site))
      if ((await process.waitFor(Promise.race([stop, hup]))) === 'stop') return 0
      await process.complain('[WARNING] 000/000000 (1) : Reexecuting Master process\n')
    }
  }

/** The frontends of a configuration with the servers of their backends. */
function readSites(text: string): Site[] {
  const sections = new Map<string, string[][]>()
  let current: string[][] = []
  for (const line of text.split('\n')) {
    const words = line.replace(/#.*/, '').trim().split(/\s+/)
    if (words[0] === '') continue
    if (/^\S/.test(line)) {
      current = []
      sections.set(words.slice(0, 2).join(' '), current)
    } else current.push(words)
  }
  return [...sections].flatMap(([name, lines]): Site[] => {
    if (!name.startsWith('frontend ')) return []
    const port = Number(lines.find(([word]) => word === 'bind')?.[1]?.replace(/^.*:/, ''))
    const backend = lines.find(([word]) => word === 'default_backend')?.[1]
    const backends = (sections.get(`backend ${backend}`) ?? []).flatMap(
      ([word, server = '', address = '']): Backend[] => {
        const [host = '', to = ''] = address.split(':')
        return word === 'server' ? [{ name: server, host, port: Number(to) }] : []
      },
    )
    return Number.isInteger(port) ? [{ port, backends }] : []
  })
}

function serve(process: Process, machines: Machines, { port, backends }: Site): { close(): void }[] {
  const { machine } = process
  const { network } = machines.options
  let turn = 0
  /** The next backend that is up and, as `option httpchk GET /healthz` finds, healthy. */
  const pick = (): string | undefined => {
    for (let tried = 0; tried < backends.length; tried++) {
      const backend = backends[turn++ % backends.length]!
      const address = machine.resolveName(backend.host) ?? backend.host
      const place = `${address}:${backend.port}`
      if (isHealthy(network, machines, address, backend.port)) return place
    }
    return undefined
  }
  const listener = network.listen(machine.address, port, (socket) => {
    const place = pick()
    if (!place) {
      socket.destroy()
      return
    }
    const [address = '', to = ''] = place.split(':')
    const backend = network.connect(
      { address, port: Number(to) },
      { address: machine.address, port: 40_000 + (turn % 20_000) },
    )
    for (const [from, into] of [
      [socket, backend],
      [backend, socket],
    ] as const) {
      from.pipe(into)
      from.on('error', () => into.destroy())
      from.on('close', () => into.destroy())
    }
  })
  return [listener, machines.balancerUp(`${machine.address}:${port}`, pick)]
}

const isHealthy = (network: VirtualNetwork, machines: Machines, address: string, port: number): boolean =>
  network.listening(address, port) && machines.listeningAt(`${address}:${port}`)?.trouble() === undefined
