import { PtyHost } from './host.ts'

// Started by ./client.ts: `main.ts SOCKET [IDLE ORPHANED]` (ms). Says `ready` on its standard output.
const [path, idle = '60000', orphaned = '1800000'] = process.argv.slice(2)
if (!path) throw new Error('usage: main.ts SOCKET [IDLE ORPHANED]')
process.title = 'drydock-pty-host'

const host = new PtyHost({ idle: Number(idle), orphaned: Number(orphaned), stopped: () => process.exit(0) })
process.on('SIGTERM', () => host.stop())
// The terminal that the server was started from may be closed: the learner's terminals stay.
process.on('SIGHUP', () => {})
process.on('SIGINT', () => {})
// The server that read our standard output may be gone.
process.stdout.on('error', () => {})

await host.listen(path)
process.stdout.write('ready\n')
