// Memory of the cloud process while skopeo pushes and pulls one layer of 2 GiB (or of so many MiB): the limit is 50 MiB above idle.
// node bench/registry-memory.ts [MiB]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCloud } from '#cloud/supervisor.ts'
import { LabShell } from '../test/support/lab-shell.ts'
import { memoryRise } from '../test/support/memory.ts'
import { ociLayout } from '../test/support/oci-layout.ts'

const mib = Number(process.argv[2] ?? 2048)
const directory = await mkdtemp(join(tmpdir(), 'drydock-bench-memory-'))
const cloud = await startCloud({ directory })
const world = await cloud.createWorld({ provisioning: 'instant' })
const shell = await LabShell.open(world)
const ecr = `${world.accountId}.dkr.ecr.${world.region}.amazonaws.com`
const ok = (script: string) =>
  shell.ok(script, { ECR: ecr, REGISTRY_AUTH_FILE: join(shell.home, 'auth.json') })

await ok(
  'aws ecr create-repository --repository-name large; aws ecr get-login-password | skopeo login --username AWS --password-stdin $ECR',
)
await ociLayout(join(shell.home, 'small'), 20, 1024 * 1024)
await ok('skopeo copy -q oci:small:latest docker://$ECR/large:small')
await ociLayout(join(shell.home, 'large'), 1, mib * 1024 * 1024)
const push = await memoryRise(cloud.pid!, () => ok('skopeo copy -q oci:large:latest docker://$ECR/large:v1'))
const pull = await memoryRise(cloud.pid!, () => ok('skopeo copy -q docker://$ECR/large:v1 dir:back'))
console.log(
  `${mib} MiB layer: ${push.toFixed(0)} MiB above idle while pushing, ${pull.toFixed(0)} MiB while pulling (limit 50)`,
)

await shell.close()
await cloud.stop()
await rm(directory, { recursive: true })
