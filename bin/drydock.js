#!/usr/bin/env node
// Starts the TypeScript entry under the Node.js that the project carries, whatever the machine's own version is.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(entry)
} else {
  const node = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url))
  const { status, signal, error } = spawnSync(node, [entry, ...process.argv.slice(2)], { stdio: 'inherit' })
  if (error) {
    console.error(`drydock: cannot start ${node}: ${error.message}. Run "npm ci" in the checkout first.`)
    process.exit(1)
  }
  if (signal) process.kill(process.pid, signal)
  process.exit(status ?? 1)
}
