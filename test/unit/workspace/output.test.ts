import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { Batcher } from '../../../src/workspace/pty-host/batcher.ts'
import { connectLink, sendData, sendMessage } from '../../../src/workspace/pty-host/link.ts'
import { ModeTracker } from '../../../src/workspace/pty-host/modes.ts'
import { withoutReports } from '../../../src/workspace/pty-host/reports.ts'
import { OutputRing, RING_SIZE } from '../../../src/workspace/pty-host/ring.ts'
import { renderScreen } from '../../../src/workspace/pty-host/screen.ts'

describe('the ring', () => {
  it('keeps the latest output by its place, and hands on all that falls out in order', () => {
    const all = randomBytes(1_500_000)
    const dropped: Buffer[] = []
    const ring = new OutputRing((piece) => dropped.push(Buffer.from(piece)))
    for (let at = 0, size = 1; at < all.length; at += size, size = 1 + ((size * 7919) % 9_001)) {
      ring.write(all.subarray(at, at + size))
    }
    expect(ring.end).toBe(all.length)
    expect(ring.end - ring.start).toBeLessThanOrEqual(RING_SIZE)
    expect(ring.end - ring.start).toBeGreaterThan(RING_SIZE - 64 * 1024)
    expect(Buffer.concat(dropped).equals(all.subarray(0, ring.start))).toBe(true)
    expect(ring.slice(ring.start).equals(all.subarray(ring.start))).toBe(true)
    expect(ring.slice(ring.end - 100, ring.end - 50).equals(all.subarray(-100, -50))).toBe(true)
    expect(ring.slice(0).length).toBe(ring.end - ring.start)
    expect(ring.slice(ring.end)).toHaveLength(0)
  })
})

describe('modes of output that is gone', () => {
  const modesOf = (...pieces: string[]) => {
    const modes = new ModeTracker()
    for (const piece of pieces) modes.follow(Buffer.from(piece))
    return modes.prefix()
  }

  it('are known, the latest of each', () => {
    expect(modesOf('a\x1b[?1049h\x1b[?25lb\x1b[?25h')).toBe('\x1b[?1049h\x1b[?25h')
    expect(modesOf('\x1b[?1000;1006h')).toBe('\x1b[?1000h\x1b[?1006h')
  })

  it('are known when a sequence is cut', () => {
    expect(modesOf('x\x1b', '[?10', '49', 'h')).toBe('\x1b[?1049h')
    expect(modesOf('\x1b[31mred', '\x1b[?1049h')).toBe('\x1b[?1049h')
  })

  it('are forgotten at a reset, and never grow without end', () => {
    expect(modesOf('\x1b[?1049h\x1bc')).toBe('')
    expect(
      modesOf(Array.from({ length: 1000 }, (_, n) => `\x1b[?${n}h`).join('')).split('\x1b').length,
    ).toBeLessThan(100)
  })
})

describe('a terminal’s own answers', () => {
  it.each([
    '\x1b[?1;2c',
    '\x1b[>0;276;0c',
    '\x1b[0n',
    '\x1b[24;80R',
    '\x1b[?2026;2$y',
    '\x1b[8;24;80t',
    '\x1b]11;rgb:0000/0000/0000\x1b\\',
    '\x1b]52;c;c2VjcmV0\x07',
    '\x1bP1$r0m\x1b\\',
  ])('%j is left out', (report) => {
    expect(withoutReports(Buffer.from(`a${report}b`)).toString()).toBe('ab')
  })

  it.each([
    '\x1b[A',
    '\x1bOP',
    '\x1b[1;5C',
    '\x1b[200~text\x1b[201~',
    '\x1b[<0;10;10M',
    '\x1b',
    'é漢',
    '\x1b[3~',
  ])('the key %j stays', (key) => {
    expect(withoutReports(Buffer.from(key)).toString()).toBe(key)
  })
})

describe('output', () => {
  it('is sent at once when it is small, and together when much follows', () => {
    vi.useFakeTimers()
    try {
      const sent: number[] = []
      const batcher = new Batcher((data) => sent.push(data.length) > 0)
      batcher.push(Buffer.alloc(10))
      expect(sent).toEqual([10])
      for (let n = 0; n < 3; n++) batcher.push(Buffer.alloc(4095))
      expect(sent).toEqual([10])
      vi.advanceTimersByTime(4)
      expect(sent).toEqual([10, 3 * 4095])
      for (let n = 0; n < 40; n++) batcher.push(Buffer.alloc(4095))
      expect(sent.length).toBeGreaterThan(3)
      expect(Math.max(...sent)).toBeLessThan(64 * 1024)
      batcher.flush()
      expect(sent.reduce((sum, size) => sum + size)).toBe(10 + 43 * 4095)
    } finally {
      vi.useRealTimers()
    }
  })

  it.each([true, false])('is what was pushed, in its order, if it goes at once: %s', (gone) => {
    const all = randomBytes(2_000_000)
    const sent: Buffer[] = []
    const batcher = new Batcher((data) => {
      sent.push(gone ? Buffer.from(data) : data)
      return gone
    })
    for (let at = 0, size = 1; at < all.length; at += size, size = 1 + ((size * 7919) % 90_001))
      batcher.push(all.subarray(at, at + size))
    batcher.flush()
    expect(Buffer.concat(sent).equals(all)).toBe(true)
  })
})

describe('a connection to the pty-host', () => {
  it('keeps bytes that are still needed, and goes on when they are not', async () => {
    const all = randomBytes(3_000_000)
    const folder = await mkdtemp(join(tmpdir(), 'drydock-link-'))
    const server = createServer((socket) => {
      for (let at = 0; at < all.length; at += 60_000) sendData(socket, all.subarray(at, at + 60_000))
      sendMessage(socket, { type: 'end' })
    })
    await once(server.listen(join(folder, 'socket')), 'listening')
    const { socket, read } = await connectLink(join(folder, 'socket'))
    try {
      const held: Buffer[] = []
      const arrived: Buffer[] = []
      const ended = Promise.withResolvers<unknown>()
      let reads = 0
      read({
        data: (piece) => held.push(piece),
        message: ended.resolve,
        taken: () => {
          reads++
          setImmediate(setImmediate, () => {
            arrived.push(...held.splice(0).map((piece) => Buffer.from(piece)))
            socket.resume()
          })
          return false
        },
      })
      expect(await ended.promise).toEqual({ type: 'end' })
      expect(reads).toBeGreaterThan(10)
      expect(Buffer.concat([...arrived, ...held]).equals(all)).toBe(true)
    } finally {
      socket.destroy()
      server.close()
      await rm(folder, { recursive: true })
    }
  })
})

describe('a restored screen', () => {
  const size = { columns: 20, rows: 5 }

  it('has text, colours and cursor', async () => {
    const screen = await renderScreen([Buffer.from('one\r\n\x1b[1;32mtwo\x1b[0m\x1b[5;10Hx')], size, size)
    expect(screen).toContain('\x1b[32;1mtwo')
    const again = await renderScreen([Buffer.from(screen)], size, size)
    expect(again).toBe(screen)
  })

  it('has no query', async () => {
    const screen = await renderScreen(
      [Buffer.from('a\x1b[c\x1b[6n\x1b]11;?\x07\x1b]52;c;?\x07b')],
      size,
      size,
    )
    expect(screen).toBe('ab')
  })

  it('follows the sizes that the terminal had', async () => {
    const wide = { columns: 40, rows: 5 }
    const screen = await renderScreen([Buffer.from('x'.repeat(30)), size, Buffer.from('\r\nend')], wide, size)
    expect(screen.replaceAll('\r\n', '')).toContain('x'.repeat(20))
  })
})
