import type { Process, Program } from '#containers/processes/process.ts'
import { type Kubeconfig, readKubeconfig } from '../kubeconfig.ts'
import type { Call } from './call.ts'
import { mark, scale, schedulable, taint } from './change.ts'
import { Client, KubectlError } from './client.ts'
import { get, logs } from './show.ts'
import { remove, send } from './write.ts'

const COMMANDS: Record<string, (call: Call) => Promise<void>> = {
  get,
  apply: (call) => send(call, 'apply'),
  create: (call) => send(call, 'create'),
  replace: (call) => send(call, 'replace'),
  delete: remove,
  logs,
  scale,
  cordon: (call) => schedulable(call, false),
  uncordon: (call) => schedulable(call, true),
  taint,
  label: (call) => mark(call, 'labels'),
  annotate: (call) => mark(call, 'annotations'),
  'cluster-info': async ({ process, client }) => {
    await client.json('GET', '/version')
    await process.print(
      `Kubernetes control plane is running at ${client.server}\nCoreDNS is running at ${client.server}/api/v1/namespaces/kube-system/services/kube-dns:dns/proxy\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n`,
    )
  },
}

const BARE = new Set([
  'A',
  'all-namespaces',
  'all',
  'f-',
  'follow',
  'previous',
  'p',
  'client',
  'overwrite',
  'no-headers',
  'show-labels',
  'ignore-not-found',
  'now',
  'force',
  'server-side',
  'w',
  'watch',
])

/** A small `kubectl` for the shells of machines, by the API alone: what it lacks it names. */
export const kubectl =
  (version: string): Program =>
  async (process) => {
    const { words, flags, files } = parse(process.argv.slice(1))
    const [verb, ...rest] = words
    if (!verb) {
      await process.print(
        `kubectl controls the Kubernetes cluster manager.\n\nCommands of this edition: ${[...Object.keys(COMMANDS), 'version'].sort().join(', ')}\n`,
      )
      return 0
    }
    try {
      const client = new Client(process, await configOf(process, flags))
      if (verb === 'version') {
        await process.print(`Client Version: ${version}\nKustomize Version: v5.7.1\n`)
        if (!flags.has('client'))
          await process.print(`Server Version: ${(await client.json('GET', '/version')).gitVersion}\n`)
        return 0
      }
      const command = COMMANDS[verb]
      if (!command)
        throw new KubectlError(
          `error: drydock: kubectl ${verb} is not simulated in a node's shell; use kubectl of the lab's own shell`,
        )
      await command({ client, process, words: rest, flags, files })
      return 0
    } catch (error) {
      if (!(error instanceof KubectlError)) throw error
      await process.complain(`${error.message}\n`)
      return 1
    }
  }

async function configOf(process: Process, flags: Map<string, string>): Promise<Kubeconfig> {
  const given = flags.get('kubeconfig') ?? process.env.get('KUBECONFIG')
  const path = given ?? `${process.machine.user.home}/.kube/config`
  const bytes = await process.machine.files.read(path).catch(() => undefined)
  if (!bytes && flags.has('kubeconfig'))
    throw new KubectlError(`error: stat ${path}: no such file or directory`)
  if (!bytes) return { server: 'http://localhost:8080', authority: '', user: {} }
  try {
    const config = readKubeconfig(Buffer.from(bytes).toString())
    const { certificateFile } = config.user
    if (!certificateFile) return config
    const pem = Buffer.from(await process.machine.files.read(certificateFile)).toString()
    return { ...config, user: { certificate: pem, key: pem } }
  } catch (error) {
    throw new KubectlError(
      `error: error loading config file ${JSON.stringify(path)}: ${(error as Error).message}`,
    )
  }
}

function parse(args: string[]) {
  const words: string[] = []
  const flags = new Map<string, string>()
  const files: string[] = []
  const logs = args.find((word) => !word.startsWith('-')) === 'logs'
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    const match = /^--?([A-Za-z][^=]*)(?:=([\s\S]*))?$/.exec(word)
    if (!match) {
      words.push(word)
      continue
    }
    let [, name = '', value] = match as unknown as [string, string, string | undefined]
    // `-nkube-system`, `-oyaml`
    if (!word.startsWith('--') && name.length > 1 && value === undefined && 'noflc'.includes(name[0]!))
      [name, value] = [name[0]!, name.slice(1)]
    if (value === undefined && !BARE.has(name) && !(logs && name === 'f')) value = args[++index] ?? ''
    if ((name === 'f' && !logs) || name === 'filename') files.push(value!)
    else flags.set(name, value ?? 'true')
  }
  return { words, flags, files }
}
