// The registry beside Debian's docker-registry in the same run: push and pull by skopeo over plain HTTP on loopback.
// node bench/registry.ts [rounds]
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
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

await ociLayout(join(folder, 'large'), 1, 100 * 1024 * 1024)
await ociLayout(join(folder, 'many'), 200, 2000)

/** Milliseconds that a copy takes. */
async function time(from: string, to: string): Promise<number> {
  const start = performance.now()
  await run('skopeo', ['copy', '-q', '--src-tls-verify=false', '--dest-tls-verify=false', from, to], {
    cwd: folder,
  })
  return performance.now() - start
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!
const results = new Map<string, Record<'ours' | 'debian', number[]>>()
for (let round = 0; round < rounds; round++) {
  for (const image of ['large', 'many']) {
    for (const [name, port] of [
      ['debian', peer],
      ['ours', ours],
    ] as const) {
      // A repository of its own each round: nothing is there before.
      const there = `docker://127.0.0.1:${port}/${image}-${round}:latest`
      const back = join(folder, 'back')
      const push = await time(`oci:${image}:latest`, there)
      const pull = await time(there, `dir:${back}`)
      await rm(back, { recursive: true })
      for (const [what, ms] of [
        ['push', push],
        ['pull', pull],
      ] as const) {
        const label = `${what} ${image === 'large' ? '100 MB layer' : '200 small layers'}`
        const row = results.get(label) ?? { ours: [], debian: [] }
        row[name].push(ms)
        results.set(label, row)
      }
    }
  }
}
for (const [label, { ours: own, debian: other }] of results) {
  const [a, b] = [median(own), median(other)]
  console.log(
    `${label}: ours ${a.toFixed(0)} ms, docker-registry ${b.toFixed(0)} ms, ratio ${(a / b).toFixed(2)}`,
  )
}

debian.kill()
server.closeAllConnections()
server.close()
world.close()
await files.close()
await rm(folder, { recursive: true })
