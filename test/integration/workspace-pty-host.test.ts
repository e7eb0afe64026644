import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WATERMARKS } from '../../src/workspace/limits.ts'
import { PtyHostClient } from '../../src/workspace/pty-host/client.ts'
import { attach, spawnShell, type TestAttachment, watch } from '../support/terminal.ts'

let folder: string
let host: PtyHostClient

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-host-'))
  host = new PtyHostClient({ folder })
})

afterEach(async () => {
  await host.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Attaches to a new shell and waits for its prompt. */
async function shell(id = 'one'): Promise<TestAttachment> {
  await spawnShell(host, id)
  const attachment = await attach(host, id)
  attachment.type('echo rea""dy\r')
  await attachment.expect('ready\r\n')
  await attachment.expect('$ ')
  return attachment
}

async function parentOf(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')[1])
}

async function memory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024
}

describe('a terminal', () => {
  it('runs what is typed', async () => {
    const page = await shell()
    page.type('echo $((6*7))\r')
    expect(await page.expect('$ ')).toContain('42')
  })

  it('gives every shell the file descriptors 0, 1 and 2 only', async () => {
    await shell('a')
    await shell('b')
    const page = await shell('c')
    page.type('readlink /proc/$$/fd/*; echo e""nd\r')
    const targets = (await page.expect('end')).split('\r\n').slice(1, -1)
    expect([...new Set(targets)]).toEqual([expect.stringMatching(/^.dev.pts.\d+$/)])
    page.type('ls /proc/self/fd | tr "\\n" " "; echo e""nd\r')
    // 3 is the folder that ls itself reads.
    expect((await page.expect('end')).split('\r\n').at(-1)).toBe('0 1 2 3 ')
  })

  it('takes the size of the page', async () => {
    const page = await shell()
    page.resize(101, 33)
    page.type('stty size\r')
    await page.expect('33 101')
  })

  it('tells the exit code after the last output', async () => {
    const page = await shell()
    page.type('printf fare""well; exit 3\r')
    expect(await page.message('exit')).toEqual({ type: 'exit', code: 3 })
    expect(page.output).toContain('farewell')
    const again = await attach(host, 'one')
    expect(again.messages[0]).toMatchObject({ type: 'attached', running: false })
    expect(await again.message('exit')).toMatchObject({ code: 3 })
  })

  it('ends background jobs, stopped jobs and detached children with the shell', async () => {
    const page = await shell()
    page.type(
      'sleep 9871 & nohup sleep 9872 >/dev/null 2>&1 & setsid sleep 9873 & trap "" HUP; sleep 9874 & echo st""arted\r',
    )
    await page.expect('started')
    const running = async () => {
      const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
      const lines = await Promise.all(
        names.map((name) => readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')),
      )
      return lines.filter((line) => line.startsWith('sleep\x00987')).length
    }
    await expect.poll(running).toBe(4)
    await host.end('one')
    await expect.poll(running).toBe(0)
    expect(await host.terminals()).toEqual([])
  })
})

describe('a page that comes back', () => {
  it('gets the screen with its colours', async () => {
    const page = await shell()
    page.type('printf "\\033[31mred\\033[0m plain\\n"\r')
    await page.expect('plain\r\n')
    await page.expect('$ ')
    page.socket.destroy()
    const { screen } = await (await attach(host, 'one')).message('attached')
    expect(screen).toContain('\x1b[31mred\x1b[0m plain')
  })

  it('gets the alternate screen, though its beginning is long gone', async () => {
    const page = await shell()
    page.type(
      'printf "\\033[?1049h\\033[?25l"; for i in $(seq 5000); do printf "\\033[1;1H%080d" $i; done; printf "\\033[2;1Hnow h""ere"; read x\r',
    )
    await page.expect('now here')
    expect(page.received).toBeGreaterThan(300_000)
    page.socket.destroy()
    const { screen } = await (await attach(host, 'one')).message('attached')
    expect(screen).toContain('\x1b[?1049h')
    expect(screen).toContain('now here')
  })

  it('goes on at the byte where it was', async () => {
    const page = await shell()
    const received = page.offset + page.received
    page.socket.destroy()
    const between = await attach(host, 'one')
    between.type('echo mis""sed\r')
    await between.expect('missed\r\n$ ')
    const back = await attach(host, 'one', { received })
    expect(back.messages[0]).toMatchObject({ type: 'attached', offset: received })
    expect(back.messages[0]).not.toHaveProperty('screen')
    await back.expect('missed\r\n$ ')
  })

  it('takes the terminal over from the other place', async () => {
    const first = await shell()
    const second = await attach(host, 'one')
    expect(await first.message('error')).toMatchObject({ code: 'taken-over' })
    second.type('echo mi""ne\r')
    await second.expect('mine')
  })

  it('answers no query of old output into the shell', async () => {
    const page = await shell()
    const received = page.offset + page.received
    page.socket.destroy()
    const between = await attach(host, 'one')
    between.type('printf "\\033[c\\033[6n"; cat -v\r')
    await between.expect('\x1b[6n')
    const back = await attach(host, 'one', { received, acknowledges: false })
    await back.expect('\x1b[6n')
    // xterm answers while it parses; the person types.
    back.type('\x1b[?1;2c\x1b[24;80Rtyped\r')
    await back.expect('typed')
    expect(await back.expect('typed\r\n')).not.toContain('1;2c')
    back.acknowledge()
    back.type('\x1b[?1;2c\r')
    await back.expect('^[[?1;2c')
  })
})

describe('somebody who looks on', () => {
  it('sees screen, size and output, and takes nothing away from who works there', async () => {
    const page = await shell()
    page.resize(101, 33)
    page.type('echo be""fore\r')
    await page.expect('before\r\n$ ')
    const onlooker = await watch(host, 'one')
    expect(onlooker.messages[0]).toEqual({ type: 'size', columns: 101, rows: 33 })
    expect((await onlooker.message('attached')).screen).toContain('before')
    onlooker.resize(40, 10)
    page.type('stty size; echo af""ter\r')
    await page.expect('33 101')
    await page.expect('after')
    await onlooker.expect('after')
    page.resize(90, 20)
    await onlooker.until(() => onlooker.messages.some((m) => m.type === 'size' && m.columns === 90))
    page.type('exit\r')
    expect(await onlooker.message('exit')).toMatchObject({ code: 0 })
  })

  it('types where the server lets it, but its screen answers no query', async () => {
    const page = await shell()
    const onlooker = await watch(host, 'one')
    page.type('cat -v\r')
    await onlooker.expect('cat -v')
    onlooker.type('\x1b[?1;2c\x1b[24;80R\x1b]52;c;aGk=\x07typed\r')
    await page.expect('typed')
    expect(await page.expect('typed\r\n')).toBe('\r\n')
  })

  it('slows nobody down when it reads nothing, and is shown the screen when it has caught up', async () => {
    const page = await shell()
    const onlooker = await watch(host, 'one', false)
    page.type('seq -w 300000; echo do""ne\r')
    await page.expect('done\r\n')
    expect(page.received).toBeGreaterThan(2_000_000)
    expect(onlooker.received).toBeLessThan(WATERMARKS.high + 300_000)
    onlooker.acknowledge()
    await onlooker.until(() => onlooker.messages.filter(({ type }) => type === 'attached').length === 2)
    expect(JSON.stringify(onlooker.messages.at(-1))).toContain('300000')
  })
})

describe('flow control', () => {
  it('stops a flood at the high watermark and keeps memory flat while the page stalls', async () => {
    const page = await shell()
    page.socket.destroy()
    const stalled = await attach(host, 'one', { acknowledges: false })
    stalled.type('yes\r')
    await stalled.until(() => stalled.received > WATERMARKS.high - 70_000)
    const hostPid = await parentOf((await host.terminals())[0]!.pid)
    const before = await memory(hostPid)
    const received = stalled.received
    await new Promise((done) => setTimeout(done, 1_000))
    expect(stalled.received).toBeLessThan(WATERMARKS.high + 140_000)
    expect(stalled.received - received).toBeLessThan(210_000)
    expect((await memory(hostPid)) - before).toBeLessThan(2_000_000)
    stalled.acknowledge()
    await stalled.until(() => stalled.received > received + 300_000)
  })

  it('gives a prompt after Ctrl-C in a flood before more than what was under way', async () => {
    const page = await shell()
    page.type('yes\r')
    await page.until(() => page.received > 5_000_000)
    page.output = ''
    const before = page.received
    page.type('\x03')
    await page.expect('^C')
    await page.expect('$ ')
    expect(page.received - before).toBeLessThan(WATERMARKS.high + 140_000)
  })

  it('slows a flood down that nobody looks at', async () => {
    const page = await shell()
    page.type('yes\r')
    await page.until(() => page.received > 100_000)
    const before = page.offset + page.received
    page.socket.destroy()
    await new Promise((done) => setTimeout(done, 1_000))
    const { offset } = await (await attach(host, 'one')).message('attached')
    expect(offset - before).toBeLessThan(1_500_000)
  })

  it('refuses input that no program reads, and says so', async () => {
    const page = await shell()
    page.type('stty raw -echo; echo set; sleep 1000\r')
    await page.expect('set\n')
    for (let sent = 0; sent < 40; sent++) page.type('x'.repeat(8 * 1024))
    expect(await page.message('error')).toMatchObject({ code: 'input-overflow' })
  })

  it('takes a long paste at the pace of the program', async () => {
    const page = await shell()
    page.type('stty raw -echo; echo set; head -c 200000 | md5sum; stty sane\r')
    await page.expect('set\n')
    let sent = 0
    const accepted = () =>
      page.messages.reduce((most, m) => (m.type === 'accepted' ? Math.max(most, m.bytes) : most), 0)
    while (sent < 200_000) {
      await page.until(() => sent - accepted() < 64 * 1024)
      page.type('x'.repeat(8_000))
      sent += 8_000
    }
    await page.expect('  -')
  })
})

describe('a restart of the server', () => {
  it('finds its terminals as they were', async () => {
    const page = await shell()
    page.type('answer=42\r')
    await page.expect('$ ')
    await host.close()
    page.socket.destroy()
    host = new PtyHostClient({ folder })
    expect(await host.terminals()).toMatchObject([{ id: 'one' }])
    const back = await attach(host, 'one')
    back.type('echo is $answer\r')
    await back.expect('is 42')
  })

  it('is told when the host itself dies, and then starts another', async () => {
    let lost = false
    await host.close()
    host = new PtyHostClient({ folder, onLost: () => (lost = true) })
    const page = await shell()
    const hostPid = await parentOf((await host.terminals())[0]!.pid)
    process.kill(hostPid, 'SIGKILL')
    await page.until(() => page.socket.destroyed || undefined).catch(() => {})
    await expect.poll(() => lost).toBe(true)
    expect(await host.terminals()).toEqual([])
    await shell('two')
  })

  it('leaves no process for long once there is neither a terminal nor a server', async () => {
    await host.close()
    host = new PtyHostClient({ folder, idle: 50, orphaned: 100 })
    await shell()
    const [info] = await host.terminals()
    await host.close()
    await expect.poll(() => readFile(`/proc/${info!.pid}/stat`).catch(() => 'gone')).toBe('gone')
    host = new PtyHostClient({ folder })
  })
})
