import { Command } from 'commander'
import { DEFAULT_DATA } from './options.ts'

const placed = (command: Command) =>
  command
    .option('--config <file>', 'settings of a hosted server, as of `drydock serve`')
    .option('--data <dir>', `the data folder (default: ${DEFAULT_DATA})`)

export function backupCommand(): Command {
  return placed(new Command('backup'))
    .description(
      'Writes people, progress, clouds and home folders into one file, while the server runs or not.',
    )
    .argument('<file>', 'the file to write, for example drydock.tar.gz')
    .action(async (file, options) => (await import('./run/backup.ts')).runBackup(file, options))
}

export function restoreCommand(): Command {
  return placed(new Command('restore'))
    .description(
      'Puts a backup into an empty data folder and database, SQLite or PostgreSQL, whichever it was made of.',
    )
    .argument('<file>', 'a file that `drydock backup` wrote')
    .action(async (file, options) => (await import('./run/backup.ts')).runRestore(file, options))
}
