import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type TaskRecord, tasks } from '#aws/ecs/index.ts'
import { encodeMessage, PAYLOAD, type SessionRecord, sessions } from '#aws/ssm/index.ts'
import { SessionChannels, type StartInContainer } from '#cloud/session-channels.ts'
import type { ProcessHandle } from '#containers/runtime.ts'
import type { HttpHost } from '#network/hosts.ts'
import { World } from '#world/world.ts'

const ACCOUNT = '111122223333'
const HOST = 'ssmmessages.us-east-1.amazonaws.com'
const handshake = encodeMessage('input_stream_data', 0, {
  payloadType: PAYLOAD.handshakeResponse,
  payload: Buffer.from('{}'),
})

let world: World
let server: Server
let channels: SessionChannels
let start: StartInContainer
let killed: string[]

const process = (): ProcessHandle => ({
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  exited: new Promise(() => {}),
  kill: (signal) => void killed.push(signal),
  resize: () => {},
})

beforeEach(async () => {
  killed = []
  world = new World({ id: 'test' })
  const scope = { world, accountId: ACCOUNT, region: 'us-east-1' }
  tasks.put(scope, { cluster: 'demo', id: 'a' } as TaskRecord)
  const container = { cluster: 'demo', task: 'a', name: 'web' }
  sessions.put(scope, { id: 's', container, command: 'sh', token: 'secret' } as SessionRecord)
  channels = new SessionChannels(world, [ACCOUNT], (...what) => start(...what))
  const host = channels.resolve(HOST, 443) as HttpHost
  server = createServer(host.request).on('upgrade', host.upgrade!)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  channels.close()
  server.close()
  world.close()
})

async function open(): Promise<WebSocket> {
  const { port } = server.address() as AddressInfo
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/data-channel/s?role=publish_subscribe`)
  await once(socket, 'open')
  socket.send(JSON.stringify({ TokenValue: 'secret' }))
  await once(socket, 'message')
  return socket
}

it('starts one process, however often a client shakes hands, and ends it with the client', async () => {
  let count = 0
  const started = Promise.withResolvers<void>()
  start = async () => {
    count++
    await started.promise
    return process()
  }
  const socket = await open()
  let answers = 0
  socket.on('message', () => answers++)
  socket.send(handshake)
  socket.send(handshake)
  // Two acknowledgements, and once that the handshake is complete.
  await expect.poll(() => answers).toBe(3)
  socket.close()
  await expect
    .poll(() => sessions.list({ world, accountId: ACCOUNT, region: 'us-east-1' })[0]?.ended)
    .toBeDefined()
  started.resolve()
  await expect.poll(() => killed).toEqual(['SIGHUP'])
  expect(count).toBe(1)
})

it('closes the channel, and nothing else, when a process fails in an unforeseen way', async () => {
  start = () => Promise.reject(new TypeError('unforeseen'))
  const socket = await open()
  socket.send(handshake)
  await once(socket, 'close')
  expect(sessions.list({ world, accountId: ACCOUNT, region: 'us-east-1' })[0]?.ended).toBeDefined()
})
