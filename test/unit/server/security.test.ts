import { describe, expect, it } from 'vitest'
import { isLoopback } from '../../../src/server/security/address.ts'
import { AllowList } from '../../../src/server/security/allow-list.ts'
import { contentPolicy } from '../../../src/server/security/content-policy.ts'
import { TICKET_LIFETIME, Tickets } from '../../../src/server/security/tickets.ts'

describe('a ticket', () => {
  it('is good once, for its session and terminal, and for 30 s', () => {
    let now = 0
    const tickets = new Tickets(() => now)
    const ticket = tickets.issue('session', 'terminal')
    expect(Buffer.from(ticket, 'base64url')).toHaveLength(16)
    expect(tickets.redeem(ticket, 'session', 'terminal')).toEqual({ look: undefined })
    expect(tickets.redeem(ticket, 'session', 'terminal')).toBeUndefined()
    now = 5
    const late = tickets.issue('session', 'terminal')
    now += TICKET_LIFETIME
    expect(tickets.redeem(late, 'session', 'terminal')).toBeUndefined()
  })

  it('is spent by a wrong try', () => {
    const tickets = new Tickets()
    const ticket = tickets.issue('session', 'terminal')
    expect(tickets.redeem(ticket, 'other', 'terminal')).toBeUndefined()
    expect(tickets.redeem(ticket, 'session', 'terminal')).toBeUndefined()
  })

  it('goes when a thousand newer ones are out', () => {
    const tickets = new Tickets(() => 0)
    const first = tickets.issue('session', 'terminal')
    for (let n = 0; n < 1_000; n++) tickets.issue('session', 'terminal')
    expect(tickets.redeem(first, 'session', 'terminal')).toBeUndefined()
  })
})

describe('the allow-list', () => {
  it('knows that browsers leave out port 80', () => {
    const allowed = AllowList.loopback(80)
    expect(allowed.refusal('GET', { host: 'localhost' })).toBeUndefined()
    expect(allowed.refusal('POST', { host: 'localhost', origin: 'http://localhost' })).toBeUndefined()
    expect(allowed.refusal('GET', { host: 'localhost:80' })).toBe('host')
  })

  it('lets a page be asked for without an origin, and nothing be done', () => {
    const allowed = AllowList.loopback(4321)
    expect(allowed.refusal('GET', { host: '127.0.0.1:4321' })).toBeUndefined()
    expect(allowed.refusal('DELETE', { host: '127.0.0.1:4321' })).toBe('origin')
    expect(allowed.upgradeRefusal({ host: '127.0.0.1:4321' })).toBe('origin')
    expect(allowed.refusal('GET', {})).toBe('host')
  })
})

describe('loopback', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('is %s', (host) =>
    expect(isLoopback(host)).toBe(true),
  )
  it.each(['0.0.0.0', '::', '10.0.0.1', 'localhost.evil.example', '127.0.0.1.evil.example', ''])(
    'is not %j',
    (host) => expect(isLoopback(host)).toBe(false),
  )
})

describe('the content policy', () => {
  it('allows inline what the page has, each by its hash, and files from here', () => {
    const policy = contentPolicy('<script>a()</script><script src="/b.js"></script><style>p{}</style>')
    expect(policy.match(/'sha256-/g)).toHaveLength(2)
    expect(policy).not.toContain('unsafe')
  })
})
