import { userInfo } from 'node:os'
import { delimiter } from 'node:path'
import type { WorldInfo } from '#cloud/api.ts'
import { machineFolders, type Toolbox } from './tools/install.ts'

/** Where a machine's own programs are if its PATH does not say so. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'

/** The variables that put a program into a world's network, and its docker onto the world's engine. */
export function worldEnvironment(world: WorldInfo): Record<string, string> {
  return {
    HTTPS_PROXY: world.proxyUrl,
    HTTP_PROXY: world.proxyUrl,
    https_proxy: world.proxyUrl,
    http_proxy: world.proxyUrl,
    AWS_CA_BUNDLE: world.caFile,
    SSL_CERT_FILE: world.caFile,
    DOCKER_HOST: world.dockerHost,
    // The classic builder: BuildKit is another protocol and needs a plug-in of its own.
    DOCKER_BUILDKIT: '0',
  }
}

/** The PATH of a learner's shell: the toolbox first, then the machine's folders. */
export function shellPath(toolbox: Toolbox, machinePath = process.env.PATH ?? DEFAULT_PATH): string {
  return [toolbox.bin, ...machineFolders(machinePath)].join(delimiter)
}

export interface ShellEnvironmentOptions {
  world: WorldInfo
  toolbox: Toolbox
  /** The learner's home folder. */
  home: string
  /** The machine's PATH; default: this process's. */
  machinePath?: string
}

/**
 * The whole environment of a learner's shell. It is made from nothing: no variable of the server's own, which may
 * be a secret, reaches it.
 */
export function shellEnvironment(options: ShellEnvironmentOptions): Record<string, string> {
  const user = userName()
  return {
    ...worldEnvironment(options.world),
    PATH: shellPath(options.toolbox, options.machinePath),
    HOME: options.home,
    USER: user,
    LOGNAME: user,
    SHELL: '/bin/bash',
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    LANG: process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8',
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run as a user that has no name.
    return 'learner'
  }
}
