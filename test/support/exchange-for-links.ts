import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/**
 * Exchanges, as fast as it can, a file of a folder for a link to `<outside>/x`, and a folder `dir` with an `x` in it for a link to
 * `outside`. What is the folder's own holds `own`.
 */
export async function exchangeForLinks(folder: string, outside: string): Promise<{ end(): Promise<void> }> {
  const attack = spawn(
    process.execPath,
    [
      '-e',
      `const fs = require('node:fs')
       fs.mkdirSync('dir'); fs.writeFileSync('dir/x', 'own'); fs.symlinkSync(${JSON.stringify(outside)}, 'dir.link')
       fs.writeFileSync('file.own', 'own'); fs.symlinkSync(${JSON.stringify(join(outside, 'x'))}, 'file.link')
       fs.renameSync('file.own', 'file')
       process.stdout.write('ready')
       for (;;) {
         fs.renameSync('file', 'file.own'); fs.renameSync('file.link', 'file')
         fs.renameSync('file', 'file.link'); fs.renameSync('file.own', 'file')
         fs.renameSync('dir', 'dir.own'); fs.renameSync('dir.link', 'dir')
         fs.renameSync('dir', 'dir.link'); fs.renameSync('dir.own', 'dir')
       }`,
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(attack.stdout, 'data')
  return {
    async end() {
      attack.kill('SIGKILL')
      await once(attack, 'exit')
    },
  }
}
