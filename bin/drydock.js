#!/usr/bin/env -S node --
// Starts the TypeScript entry under the Node.js that the project carries, whatever the machine's own version is.
// The `--` keeps Node.js from taking our `--env-file` for its own.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(entry)
} else {
  const node = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url))
  const child = spawn(node, ['--', entry, ...process.argv.slice(2)], { stdio: 'inherit' })
  // Whoever ends this process means the one that does the work.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`drydock: cannot start ${node}: ${error.message}. Run "npm ci" in the checkout first.`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
}
