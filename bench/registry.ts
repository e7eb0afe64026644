// The registry beside Debian's docker-registry in the same run: push and pull by skopeo over plain HTTP on loopback, by turns; medians.
// node bench/registry.ts [rounds]
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { BlobStore } from '#containers/blobs/store.ts'
import { Registry } from '#containers/registry/registry.ts'
import { WorldFiles } from '#world/files.ts'
import { World } from '#world/world.ts'
import { ociLayout } from '../test/support/oci-layout.ts'

const run = promisify(execFile)
const rounds = Number(process.argv[2] ?? 5)
const folder = await mkdtemp(join(tmpdir(), 'drydock-bench-registry-'))

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Ours: on disk and durable, as in the product. */
const files = await WorldFiles.open(join(folder, 'world'))
const world = new World({ id: 'bench', store: files.store })
const registry = new Registry({
  host: 'bench',
  world,
  blobs: await BlobStore.open(join(folder, 'blobs')),
  policy: { authenticate: () => undefined, authorize() {}, requireRepository() {} },
})
const server = createServer((req, res) => registry.request(req, res)).listen(0, '127.0.0.1')
await once(server, 'listening')
const ours = (server.address() as AddressInfo).port

/** Debian's. */
const peer = await freePort()
await writeFile(
  join(folder, 'config.yml'),
  `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${join(folder, 'peer')}}}\nhttp: {addr: 127.0.0.1:${peer}}\n`,
)
const debian = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' })
while (!(await fetch(`http://127.0.0.1:${peer}/v2/`).catch(() => undefined)))
  await new Promise((resolve) => setTimeout(resolve, 50))

/** Milliseconds that a copy takes. */
async function time(from: string, to: string): Promise<number> {
  const start = performance.now()
  await run('skopeo', ['copy', '-q', '--src-tls-verify=false', '--dest-tls-verify=false', from, to], {
    cwd: folder,
  })
  return performance.now() - start
}

/** CPU time (user and system, ms) that the peer has used. */
async function debianCpu(): Promise<number> {
  const fields = (await readFile(`/proc/${debian.pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')
  // In hundredths of a second (proc_pid_stat(5), utime and stime).
  return (Number(fields[11]) + Number(fields[12])) * 10
}
/** Ours has this process to itself while skopeo works. */
async function ownCpu(): Promise<number> {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const IMAGES = [
  ['100 MB layer', 1, 100 * 1024 * 1024],
  ['200 small layers', 200, 2000],
] as const
const SIDES = [
  ['debian', peer, debianCpu],
  ['ours', ours, ownCpu],
] as const

interface Row {
  ms: number[]
  cpu: number[]
}
const results = new Map<string, Record<'ours' | 'debian', Row>>()
for (let round = 0; round < rounds; round++) {
  for (const [label, layers, bytes] of IMAGES) {
    // Fresh bytes for each side: skopeo remembers where a layer is, and would mount it from there.
    for (const [name, port, cpu] of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
      await ociLayout(join(folder, 'image'), layers, bytes)
      const there = `docker://127.0.0.1:${port}/image-${layers}-${round}:latest`
      for (const [what, from, to] of [
        ['push', 'oci:image:latest', there],
        ['pull', there, 'dir:back'],
      ] as const) {
        const row = results.get(`${what} ${label}`) ?? {
          ours: { ms: [], cpu: [] },
          debian: { ms: [], cpu: [] },
        }
        results.set(`${what} ${label}`, row)
        const before = await cpu()
        row[name].ms.push(await time(from, to))
        row[name].cpu.push((await cpu()) - before)
      }
      for (const left of ['image', 'back']) await rm(join(folder, left), { recursive: true })
    }
  }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!
for (const [label, { ours: own, debian: other }] of results) {
  const [ms, peerMs] = [median(own.ms), median(other.ms)]
  console.log(
    `${label}: ours ${ms.toFixed(0)} ms, docker-registry ${peerMs.toFixed(0)} ms, ratio ${(ms / peerMs).toFixed(2)}; ` +
      `CPU of the server ${median(own.cpu).toFixed(0)} and ${median(other.cpu).toFixed(0)} ms`,
  )
}

debian.kill()
server.closeAllConnections()
server.close()
world.close()
await files.close()
await rm(folder, { recursive: true })
