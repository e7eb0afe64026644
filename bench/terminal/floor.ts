// The bare limit: a WebSocket, a pty, nothing else. `node floor.ts naive|flow` prints its port.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { spawn } from 'node-pty'
import { WebSocketServer } from 'ws'

const flow = process.argv[2] === 'flow'
const HIGH = 400_000
const LOW = 100_000

const server = createServer()
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (ws) => {
  const pty = spawn('bash', ['--norc', '--noprofile'], {
    cols: 80,
    rows: 24,
    cwd: '/tmp',
    env: { PATH: process.env.PATH!, TERM: 'xterm-256color', PS1: '$ ' },
    encoding: null,
  }) as ReturnType<typeof spawn> & { write(data: Buffer): void; kill(): void }
  let sent = 0
  let acknowledged = 0
  pty.onData((data) => {
    ws.send(data)
    sent += data.length
    if (flow && sent - acknowledged > HIGH) pty.pause()
  })
  ws.on('message', (data: Buffer, isBinary) => {
    if (isBinary) return pty.write(data)
    acknowledged = JSON.parse(data.toString()).offset
    if (flow && sent - acknowledged < LOW) pty.resume()
  })
  ws.on('close', () => pty.kill())
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
