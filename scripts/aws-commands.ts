// Counts the distinct commands of the real AWS CLI that the tests and the labs' solutions run, from their text:
// `node scripts/aws-commands.ts [--list]`. A command is an operation with the set of its options; values do not count.
import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { serviceModel } from '#aws/wire/model.ts'
import { cliName } from '#cloud/console/command.ts'
import { awsServices } from '#cloud/services.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const unread = () => {
  throw new Error('no images are read to list operations')
}

/** `eks create-cluster`: what the CLI calls the operations that the simulation serves, and its commands of several calls. */
async function knownCommands(): Promise<Set<string>> {
  const known = new Set([
    'eks update-kubeconfig',
    'ecr get-login-password',
    'logs tail',
    'cloudformation deploy',
  ])
  for (const service of awsServices({
    catalog: unread,
    publicCatalog: unread,
    checkUpstream: unread,
  } as unknown as Parameters<typeof awsServices>[0]))
    for (const name of (await serviceModel(service)).operations.keys())
      known.add(`${service.name} ${cliName(name)}`)
  return known
}

/** The services that have an operation, by its name. */
function byOperation(known: Set<string>): Map<string, string[]> {
  const services = new Map<string, string[]>()
  for (const command of known) {
    const [service, operation] = command.split(' ') as [string, string]
    services.set(operation, [...(services.get(operation) ?? []), service])
  }
  return services
}

/** Every command in a text: as a shell writes it, or as a list of quoted words, with its service before it or in a helper's name. */
function* commands(file: string, text: string): Generator<{ command: string; options: string[] }> {
  const joined = text.replace(/\\+\n\s*/g, ' ')
  for (const match of joined.matchAll(/(?<![\w/-])[a-z][a-z0-9]*(?:-[a-z0-9]+)+(?![\w-])/g)) {
    const services = operations.get(match[0])
    if (!services) continue
    const before =
      /([a-z][a-z0-9-]*)[\s'",(]*(?:wait)?[\s'",(]*$/.exec(joined.slice(0, match.index))?.[1] ?? ''
    // A helper may bring the service: then it is the only one that has the operation, or the one that the file is about.
    const service =
      services.find((one) => one === before) ??
      (services.length === 1 ? services[0] : services.find((one) => file.includes(one)))
    if (!service) continue
    const quoted = /['"]/.test(joined[match.index - 1] ?? '')
    const rest = joined.slice(match.index + match[0].length)
    // Up to what ends a command: in a list of words its bracket, in a shell a pipe, a list, or the line.
    const own = rest.slice(0, rest.search(quoted ? /[\])]/ : /[|;&\n`]|\)(?!['"])/))
    const options = [...own.matchAll(/(?<=[\s'"`])--[a-z][a-z0-9-]*/g)].map(([option]) => option)
    yield { command: `${service} ${match[0]}`, options: [...new Set(options)].sort() }
  }
}

const operations = byOperation(await knownCommands())
const found = new Map<string, Set<string>>()
for await (const file of glob(
  ['test/integration/*.ts', 'test/integration/aws-examples/*.txt', 'test/e2e/*.ts', 'labs/*/solutions/*.sh'],
  {
    cwd: root,
  },
))
  for (const { command, options } of commands(file, await readFile(`${root}/${file}`, 'utf8')))
    found.set(command, (found.get(command) ?? new Set()).add(options.join(' ')))

if (process.argv.includes('--list'))
  for (const [operation, variants] of [...found].sort())
    for (const options of variants) console.log(`aws ${operation} ${options}`.trim())
const lines = [...found.values()].reduce((sum, variants) => sum + variants.size, 0)
console.log(`${found.size} operations, ${lines} distinct commands (operation and options)`)
