import type { Process, Program } from '#containers/processes/process.ts'
import { RUNTIME_AWAY } from '../components/kubelet.ts'
import type { Machines } from '../machines.ts'
import { exec, pull, remove, rmi, stop, stopPod } from './act.ts'
import { inspect, inspectp, logs } from './inspect.ts'
import { images, pods, ps } from './list.ts'
import { type Call, CrictlError } from './runtime.ts'

const COMMANDS: Record<string, (call: Call) => Promise<void | number>> = {
  ps,
  pods,
  images,
  img: images,
  image: images,
  logs,
  inspect,
  inspectp,
  stop,
  rm: remove,
  stopp: stopPod,
  rmp: stopPod,
  exec,
  pull,
  rmi,
  info: async ({ process }) =>
    process.print(
      '{\n  "status": {\n    "conditions": [\n      {"type": "RuntimeReady", "status": true},\n      {"type": "NetworkReady", "status": true}\n    ]\n  }\n}\n',
    ),
}

const REFUSED = [
  'attach',
  'checkpoint',
  'create',
  'config',
  'events',
  'imagefsinfo',
  'metricsp',
  'port-forward',
  'run',
  'runp',
  'start',
  'stats',
  'statsp',
  'update',
  'update-runtime-config',
  'runtime-config',
  'completion',
]

const WITH_VALUE = new Set([
  'r',
  'runtime-endpoint',
  'i',
  'image-endpoint',
  't',
  'timeout',
  'name',
  'state',
  's',
  'pod',
  'p',
  'o',
  'output',
  'label',
  'image',
  'tail',
  'since',
  'namespace',
  'id',
  'n',
  'last',
  'template',
])

/** `crictl`: the container runtime of a machine, past its kubelet. */
export const crictl =
  (machines: Machines, version: string): Program =>
  async (process) => {
    const { words, flags } = parse(process.argv.slice(1))
    const node = machines.of(process.machine)
    const [verb, ...rest] = words
    if (!verb || flags.has('help') || flags.has('h')) {
      await process.print(
        `NAME:\n   crictl - client for CRI\n\nUSAGE:\n   crictl [global options] command [command options] [arguments...]\n\nCOMMANDS:\n   ${[...Object.keys(COMMANDS), 'version'].sort().join(', ')}\n`,
      )
      return 0
    }
    if (flags.has('version') && !verb) return print(process, `crictl version ${version}\n`)
    const fatal = async (text: string) => {
      await process.complain(`FATA[0000] ${text} \n`)
      return 1
    }
    if (!node?.runtimeUp)
      return fatal(RUNTIME_AWAY.replace(/^validate/, 'validate service connection: validate'))
    if (verb === 'version')
      return print(
        process,
        'Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  v2.2.0\nRuntimeApiVersion:  v1\n',
      )
    const command = COMMANDS[verb]
    if (!command)
      return fatal(
        REFUSED.includes(verb) ? `drydock: crictl ${verb} is not simulated` : `command '${verb}' not found`,
      )
    try {
      return (await command({ process, node, words: rest, flags })) ?? 0
    } catch (error) {
      if (!(error instanceof CrictlError)) throw error
      return fatal(error.message)
    }
  }

async function print(process: Process, text: string): Promise<number> {
  await process.print(text)
  return 0
}

export function parse(args: string[]) {
  const words: string[] = []
  const flags = new Map<string, string>()
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    // What follows the container of an exec is the command's own.
    if (words[0] === 'exec' && words.length > 1) words.push(word)
    // `-aq` is `-a -q`.
    else if (/^-[aqitfh]{2,}$/.test(word)) for (const letter of word.slice(1)) flags.set(letter, 'true')
    else if (/^--?[a-zA-Z]/.test(word)) {
      const [name, value] = word.replace(/^--?/, '').split('=', 2) as [string, string | undefined]
      const takes = WITH_VALUE.has(name) && !(words[0] === 'exec' && (name === 'i' || name === 't'))
      flags.set(name, value ?? (takes ? (args[++index] ?? '') : 'true'))
    } else words.push(word)
  }
  return { words, flags }
}
