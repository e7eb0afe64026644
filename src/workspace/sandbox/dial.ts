import { connect } from 'node:net'

/** The answer to `{ number, port }`; with the socket, or why there is none. */
export interface Dialled {
  number: number
  error?: string
}

// Run by ./network.ts inside a sandbox's network: connects to the ports that its parent names, hands the sockets to it, and ends with it.
process.on('message', ({ number, port }: { number: number; port: number }) => {
  const socket = connect(port, '127.0.0.1')
  socket.once('connect', () => process.send!({ number } satisfies Dialled, socket))
  socket.once('error', ({ message }) => process.send!({ number, error: message } satisfies Dialled))
})
process.on('disconnect', () => process.exit())
