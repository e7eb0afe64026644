import { createServer } from 'node:net'

// Run by ./network.ts inside a sandbox's network: listens on the port that it is given, hands the socket to its parent, and ends.
const server = createServer().listen(Number(process.argv[2]), '127.0.0.1', () => {
  process.send!('listening', server, () => process.exit())
})
