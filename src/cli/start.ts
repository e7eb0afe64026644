import { Command } from 'commander'
import { DEFAULT_DATA, port } from './options.ts'

export function startCommand(): Command {
  return new Command('start')
    .description('Starts the learning platform on this machine.')
    .option('--port <port>', 'port of the page', port, 4321)
    .option('--host <address>', 'loopback address to listen on', '127.0.0.1')
    .option('--data <dir>', 'where progress, workspaces and clouds are kept', DEFAULT_DATA)
    .option('--overlay <dir>', 'a company’s overlay: labs, lessons, rules, name and logo')
    .action(async (options) => (await import('./run/start.ts')).start(options))
}
