import { constants } from 'node:os'
import { CommandError, EngineClient } from './client.ts'
import type { Command } from './command.ts'
import { CONTAINER_COMMANDS } from './container-commands.ts'
import { FILE_COMMANDS } from './file-commands.ts'
import { UsageError } from './flags.ts'
import { template } from './format.ts'
import { IMAGE_COMMANDS } from './image-commands.ts'
import { LIFE_COMMANDS } from './life-commands.ts'
import { LOGIN_COMMANDS } from './login-commands.ts'
import { MANIFEST_COMMANDS } from './manifest-commands.ts'
import { NETWORK_COMMANDS } from './network-commands.ts'
import { SEARCH_COMMANDS } from './search-command.ts'
import { VOLUME_COMMANDS } from './volume-commands.ts'

// A small `docker` for machines without one: the commands that the labs use, on the Engine API at DOCKER_HOST.

const COMMANDS: Record<string, Command> = {
  ...LOGIN_COMMANDS,
  ...IMAGE_COMMANDS,
  ...CONTAINER_COMMANDS,
  ...FILE_COMMANDS,
  ...LIFE_COMMANDS,
  ...MANIFEST_COMMANDS,
  ...NETWORK_COMMANDS,
  ...SEARCH_COMMANDS,
  ...VOLUME_COMMANDS,
}
const VERSION = '28.2.2'
const GROUPS = new Set([
  'image',
  'container',
  'network',
  'volume',
  'system',
  'builder',
  'context',
  'manifest',
  'buildx',
  'compose',
  'swarm',
])
/** Groups of which this one has all. */
const WHOLE_GROUPS = new Set(['image', 'manifest', 'network'])
/** Commands that the real CLI has and this one has not. */
const OTHERS = new Set(
  'stack service node secret config plugin trust builder buildx compose swarm system context'.split(' '),
)

async function version(client: EngineClient, words: string[]): Promise<number> {
  const info = {
    Version: VERSION,
    ApiVersion: '1.50',
    DefaultAPIVersion: '1.50',
    GoVersion: 'go1.24.3',
    GitCommit: 'drydock',
    Os: process.platform,
    Arch: process.arch === 'x64' ? 'amd64' : process.arch,
    Context: 'default',
  }
  const server = await client.json('GET', '/version').catch((error) => error)
  const format =
    words[0] === '--format' || words[0] === '-f' ? words[1] : /^--format=(.*)$/.exec(words[0] ?? '')?.[1]
  if (format)
    process.stdout.write(
      `${template(format, { Client: info, Server: server instanceof Error ? null : server })}\n`,
    )
  else {
    process.stdout.write(
      `Client:\n Version:           ${info.Version} (drydock's own docker command)\n API version:       ${info.ApiVersion}\n OS/Arch:           ${info.Os}/${info.Arch}\n Context:           default\n`,
    )
    if (!(server instanceof Error)) {
      process.stdout.write(
        `\nServer: ${server.Platform.Name}\n Engine:\n  Version:          ${server.Version}\n  API version:      ${server.ApiVersion} (minimum version ${server.MinAPIVersion})\n  Go version:       ${server.GoVersion}\n  Git commit:       ${server.GitCommit}\n  OS/Arch:          ${server.Os}/${server.Arch}\n`,
      )
    }
  }
  if (server instanceof Error) throw server
  return 0
}

async function info(client: EngineClient): Promise<number> {
  process.stdout.write(
    `Client:\n Version:    ${VERSION} (drydock's own docker command)\n Context:    default\n Debug Mode: false\n\nServer:\n`,
  )
  const value = await client.json('GET', '/info')
  process.stdout.write(
    ` Containers: ${value.Containers}\n  Running: ${value.ContainersRunning}\n  Paused: ${value.ContainersPaused}\n  Stopped: ${value.ContainersStopped}\n Images: ${value.Images}\n Server Version: ${value.ServerVersion}\n Storage Driver: ${value.Driver}\n Kernel Version: ${value.KernelVersion}\n Operating System: ${value.OperatingSystem}\n OSType: ${value.OSType}\n Architecture: ${value.Architecture}\n CPUs: ${value.NCPU}\n Total Memory: ${Math.round(value.MemTotal / 1024 ** 2) / 1024}GiB\n Name: ${value.Name}\n Docker Root Dir: ${value.DockerRootDir}\n`,
  )
  return 0
}

const HELP = `Usage:  docker [OPTIONS] COMMAND

drydock's own small docker command, used because this machine has none. It does what the labs need:
  attach, build, commit, context, cp, create, diff, events, exec, export, history, images, import, info, inspect, kill,
  load, login, logout, logs, manifest, network, pause, port, ps, pull, push, rename, restart, rm, rmi, run, save, search, start, stats,
  stop, system, tag, top, unpause, update, version, volume, wait
`

/** Runs one command line; gives the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const words = [...argv]
  let host: string | undefined
  while (/^-/.test(words[0] ?? '')) {
    const word = words.shift()!
    if (word === '--version' || word === '-v') {
      process.stdout.write(`Docker version ${VERSION}, build drydock\n`)
      return 0
    }
    if (word === '-H' || word === '--host') host = words.shift()
    else if (word.startsWith('--host=')) host = word.slice(7)
    else if (word === '--help' || word === '-h') words.unshift('help')
    else
      throw new CommandError(
        `unknown flag: ${word}\n\nUsage:  docker [OPTIONS] COMMAND\n\nRun 'docker --help' for more information`,
        125,
      )
    if (words[0] === 'help') break
  }
  const name = words.shift()
  if (!name || name === 'help') {
    process.stdout.write(HELP)
    return 0
  }
  const full = GROUPS.has(name) && words[0] ? `${name} ${words.shift()}` : name
  const client = new EngineClient(host)
  if (full === 'version') return version(client, words)
  if (full === 'info' || full === 'system info') return info(client)
  const command = COMMANDS[full]
  if (command) return (await command(client, words)) ?? 0
  if (WHOLE_GROUPS.has(name) && full !== name) {
    throw new CommandError(
      `docker: unknown command: docker ${full}\n\nUsage:  docker ${name} COMMAND\n\nRun 'docker ${name} --help' for more information`,
    )
  }
  if (OTHERS.has(name) || GROUPS.has(name)) {
    throw new CommandError(
      `docker ${full}: drydock's own docker command does not have this. It is used because no docker client was found on PATH; install one (Debian: apt install docker-cli, macOS: brew install docker) and drydock will use it.`,
    )
  }
  throw new CommandError(
    `docker: unknown command: docker ${name}\n\nRun 'docker --help' for more information`,
  )
}

if (import.meta.main) {
  // A reader that has seen enough (`docker images | head -1`) ends the command, as the signal ends the real one.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(128 + constants.signals.SIGPIPE)
  })
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = error instanceof CommandError ? error.exitCode : 125
  }
}
