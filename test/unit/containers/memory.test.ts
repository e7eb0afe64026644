import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SimulatedSpec } from '#containers/processes/runtime.ts'
import type { MemoryPool } from '#containers/runtime.ts'
import { Clock } from '#world/clock.ts'
import { openLab } from './lab.ts'

const MIB = 1024 ** 2
const OOM_KILLED = { exitCode: 137, signal: 'SIGKILL', oomKilled: true }

let lab: Awaited<ReturnType<typeof openLab>>
beforeAll(async () => {
  lab = await openLab({ world: { clock: new Clock({ speed: 50 }) } })
})
afterAll(() => lab.close())

async function start(script: string, spec: Partial<SimulatedSpec> = {}, image = 'busybox') {
  const shell = image === 'busybox' ? 'sh' : 'bash'
  const container = await lab.container(image, { command: [shell, '-c', script], ...spec })
  return { container, process: await container.start() }
}

/** What a script writes, and how it ends. */
async function run(script: string, spec: Partial<SimulatedSpec> = {}, image?: string) {
  const { process } = await start(script, spec, image)
  let [stdout, stderr] = ['', '']
  process.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  process.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return { status: await process.exited, stdout, stderr }
}

describe('a container with a memory limit', () => {
  it.each([
    'exec tail /dev/zero',
    'exec dd if=/dev/zero of=/dev/null bs=200M count=1',
    `x=$(head -c 40M /dev/zero | tr '\\0' x); echo done`,
    'x=xxxxxxxxxxxxxxxx; while true; do x=$x$x; done',
    'exec dd if=/dev/zero of=/dev/shm/f bs=1M count=60',
  ])('kills %s', async (script) => {
    const { status, stdout } = await run(script, { memoryLimitBytes: 32 * MIB })
    expect(status).toEqual(OOM_KILLED)
    expect(stdout).toBe('')
  })

  it('kills the child that holds most, and its shell goes on', async () => {
    const { status, stdout, stderr } = await run('head -c 200M /dev/zero | tail; echo $?', {
      memoryLimitBytes: 100 * MIB,
    })
    expect(stdout).toBe('137\n')
    expect(stderr).toBe('Killed\n')
    expect(status).toMatchObject({ exitCode: 0 })
  })

  it('lets what streams through in peace', async () => {
    const script =
      'head -c 300M /dev/zero | wc -c; seq 300000 | tail -n 2; yes | head -n 3; head -c 50M /dev/zero | sha256sum'
    const { stdout } = await run(script, { memoryLimitBytes: 16 * MIB })
    expect(stdout.split('\n').slice(0, 6)).toEqual(['314572800', '299999', '300000', 'y', 'y', 'y'])
    expect(stdout.split('\n')[6]).toMatch(/^[0-9a-f]{64} {2}-$/)
  })
})

it('kills the least protected process of a machine whose memory is used up', async () => {
  const killed: string[] = []
  const memoryPool: MemoryPool = {
    capacityBytes: 512 * MIB,
    killed: ({ argv }) => killed.push(argv.join(' ')),
  }
  const important = await start('exec dd bs=300M', { memoryPool, oomScoreAdjust: -997, stdin: true })
  expect((await run('exec tail /dev/zero', { memoryPool, oomScoreAdjust: 1000 })).status).toEqual(OOM_KILLED)
  expect(killed).toEqual(['tail /dev/zero'])
  expect(important.container.usage().memoryBytes).toBeGreaterThan(300 * MIB)
  important.process.kill('SIGKILL')
})

describe('dd', () => {
  it('says what it copied, in the words of its system', async () => {
    const busybox = await run('dd if=/dev/zero of=/tmp/f bs=1M count=200 && wc -c < /tmp/f')
    expect(busybox.stdout).toBe('209715200\n')
    expect(busybox.stderr).toMatch(
      /^200\+0 records in\n200\+0 records out\n209715200 bytes \(200\.0MB\) copied, [\d.]+ seconds, [\d.]+[KMG]B\/s\n$/,
    )
    const coreutils = await run('dd if=/dev/zero of=/tmp/f bs=1M count=10', {}, 'debian')
    expect(coreutils.stderr).toMatch(
      /^10\+0 records in\n10\+0 records out\n10485760 bytes \(10 MB, 10 MiB\) copied, (?:[\d.e-]+ s, [\d.]+ [kMG]B|0 s, Infinity B)\/s\n$/,
    )
  })

  it('fills shared memory up to 64 MiB', async () => {
    const { stderr, stdout } = await run('dd if=/dev/zero of=/dev/shm/f bs=1M count=100; echo $?', {
      memoryLimitBytes: 200 * MIB,
    })
    expect(stderr).toContain(
      "dd: error writing '/dev/shm/f': No space left on device\n65+0 records in\n64+0 records out\n",
    )
    expect(stdout).toBe('1\n')
  })
})

describe('a program without end', () => {
  it.each([
    'cat /dev/zero > /dev/null',
    'yes > /dev/null',
    'yes > /tmp/f',
    'cat /dev/urandom > /tmp/f',
    'yes | sort',
    'seq 1 10000000000 > /dev/null',
    'tail /dev/zero',
  ])('leaves the machine alone: %s', async (script) => {
    const before = process.memoryUsage().rss
    const { process: hog } = await start(script)
    // Others get their turns beside it, of the event loop and as programs.
    const other = await run('for word in a b c d e f g h; do echo $word; done | sort -r | head -n 1')
    expect(other).toMatchObject({ status: { exitCode: 0 }, stdout: 'h\n' })
    await Promise.race([hog.exited, new Promise((resolve) => setTimeout(resolve, 500))])
    hog.kill('SIGKILL')
    await hog.exited
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * MIB)
  })

  it('fills its disk and says so', async () => {
    const { stderr, status } = await run('cat /dev/urandom > /tmp/f')
    expect(stderr).toBe('cat: write error: No space left on device\n')
    expect(status.exitCode).toBe(1)
  })
})

it('bash drops null bytes of a substitution, and says so', async () => {
  const { stdout, stderr } = await run('x=$(printf "a\\0b"); echo $x', {}, 'debian')
  expect(stdout).toBe('ab\n')
  expect(stderr).toBe('bash: line 1: warning: command substitution: ignored null byte in input\n')
})
