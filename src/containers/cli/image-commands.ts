import { createInterface } from 'node:readline/promises'
import { Readable } from 'node:stream'
import { parseReference } from '../images/reference.ts'
import { contextTar, findDockerfile } from './build-context.ts'
import { CommandError, type EngineClient, readAll, readMessages } from './client.ts'
import { type Command, out } from './command.ts'
import {
  allCredentials,
  configFile,
  HUB_ADDRESS,
  registryAuthHeader,
  removeCredentials,
  saveCredentials,
} from './config.ts'
import { parseFlags } from './flags.ts'
import { ago, ellipsis, humanSize, shortId, table, template } from './format.ts'

/** Prints progress messages; throws what the stream reports as an error. */
async function printProgress(stream: Readable, quiet = false, print = out): Promise<void> {
  let last = ''
  for await (const message of readMessages(stream)) {
    if (message.error) throw new CommandError(message.error, message.errorDetail?.code ?? 1)
    if (message.stream !== undefined) print(message.stream)
    else if (!quiet && message.status !== undefined && !message.progressDetail?.total) {
      const line = `${message.id ? `${message.id}: ` : ''}${message.status}\n`
      if (line !== last) print(line)
      last = line
    }
  }
}

const need = (args: string[], count: number, usage: string, exact = true): void => {
  if (exact ? args.length === count : args.length >= count) return
  const wanted = `${exact ? '' : 'at least '}${count} argument${count === 1 ? '' : 's'}`
  throw new CommandError(
    `docker: '${usage.split(' ').slice(0, 2).join(' ')}' requires ${wanted}\n\nUsage:  ${usage}\n\nSee '${usage.split(' ').slice(0, 2).join(' ')} --help' for more information`,
  )
}

const login: Command = async (client, words) => {
  const flags = parseFlags(words, {
    username: { short: 'u', kind: 'string' },
    password: { short: 'p', kind: 'string' },
    'password-stdin': { kind: 'boolean' },
  })
  const address = flags.args[0]?.replace(/^https?:\/\//, '').replace(/\/$/, '') ?? HUB_ADDRESS
  let username = flags.text('username')
  let password = flags.text('password')
  if (password !== undefined)
    process.stderr.write('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n')
  if (flags.has('password-stdin')) {
    if (!username) throw new CommandError('Must provide --username with --password-stdin')
    password = (await readAll(process.stdin)).toString().replace(/\r?\n$/, '')
  } else if (username === undefined || password === undefined) {
    if (!process.stdin.isTTY)
      throw new CommandError('Error: Cannot perform an interactive login from a non TTY device')
    const terminal = createInterface({ input: process.stdin, output: process.stdout, terminal: true })
    username ??= await terminal.question('Username: ')
    out('\ni Info → A Personal Access Token (PAT) can be used instead.\n\n')
    password ??= await hiddenQuestion(terminal, 'Password: ')
    terminal.close()
  }
  const credentials = { username: username!, password }
  const answer = await client.json('POST', '/auth', { body: { ...credentials, serveraddress: address } })
  await saveCredentials(address, credentials)
  process.stderr.write(
    `\nWARNING! Your credentials are stored unencrypted in '${configFile()}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`,
  )
  out(`${answer.Status}\n`)
  return 0
}

/** Asks without showing what is typed. */
async function hiddenQuestion(terminal: ReturnType<typeof createInterface>, prompt: string): Promise<string> {
  out(prompt)
  const shown = process.stdout.write
  process.stdout.write = (() => true) as typeof process.stdout.write
  try {
    return await terminal.question('')
  } finally {
    process.stdout.write = shown
    out('\n')
  }
}

const logout: Command = async (_client, words) => {
  const address = words[0]?.replace(/^https?:\/\//, '').replace(/\/$/, '') ?? HUB_ADDRESS
  const removed = await removeCredentials(address)
  out(removed ? `Removing login credentials for ${address}\n` : `Not logged in to ${address}\n`)
  return 0
}

const build: Command = async (client, words) => {
  const flags = parseFlags(words, {
    tag: { short: 't', kind: 'list' },
    file: { short: 'f', kind: 'string' },
    'build-arg': { kind: 'list' },
    label: { kind: 'list' },
    target: { kind: 'string' },
    platform: { kind: 'string' },
    'no-cache': { kind: 'boolean' },
    pull: { kind: 'boolean' },
    quiet: { short: 'q', kind: 'boolean' },
    rm: { kind: 'boolean' },
    'force-rm': { kind: 'boolean' },
    progress: { kind: 'string' },
  })
  need(flags.args, 1, 'docker build [OPTIONS] PATH | URL | -')
  process.stderr.write(
    'DEPRECATED: The legacy builder is deprecated and will be removed in a future release.\n            BuildKit is currently disabled; enable it by removing the DOCKER_BUILDKIT=0\n            environment-variable.\n\n',
  )
  const folder = flags.args[0]!
  if (folder === '-' || /^(?:https?|git):/.test(folder))
    throw new CommandError('drydock: building from standard input or a URL is not simulated; give a folder')
  const dockerfile = await findDockerfile(folder, flags.text('file'))
  const pairs = (list: string[]) =>
    Object.fromEntries(
      list.map((item) =>
        item.includes('=')
          ? [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]
          : [item, process.env[item] ?? null],
      ),
    )
  const query = new URLSearchParams({
    dockerfile,
    buildargs: JSON.stringify(pairs(flags.list('build-arg'))),
    labels: JSON.stringify(pairs(flags.list('label'))),
    rm: '1',
  })
  for (const tag of flags.list('tag')) query.append('t', tag)
  for (const [flag, parameter] of [
    ['no-cache', 'nocache'],
    ['pull', 'pull'],
    ['quiet', 'q'],
  ] as const)
    if (flags.has(flag)) query.set(parameter, '1')
  for (const name of ['target', 'platform']) if (flags.text(name)) query.set(name, flags.text(name)!)
  const auths = Object.fromEntries(
    Object.entries(await allCredentials()).map(([address, credentials]) => [
      address,
      { ...credentials, serveraddress: address },
    ]),
  )
  let size = 0
  async function* counted() {
    for await (const chunk of contextTar(folder, dockerfile)) {
      size += chunk.length
      yield chunk
    }
    if (!flags.has('quiet')) out(`Sending build context to Docker daemon  ${humanSize(size, 4)}\n`)
  }
  const answer = await client.send('POST', `/build?${query}`, {
    headers: {
      'content-type': 'application/x-tar',
      'x-registry-config': Buffer.from(JSON.stringify(auths)).toString('base64url'),
    },
    stream: Readable.from(counted(), { objectMode: false }),
  })
  await printProgress(answer)
  return 0
}

const images: Command = async (client, words) => {
  const flags = parseFlags(words, {
    all: { short: 'a', kind: 'boolean' },
    quiet: { short: 'q', kind: 'boolean' },
    'no-trunc': { kind: 'boolean' },
    digests: { kind: 'boolean' },
    filter: { short: 'f', kind: 'list' },
    format: { kind: 'string' },
  })
  const filters: Record<string, string[]> = {}
  for (const filter of flags.list('filter')) {
    const [name = '', ...value] = filter.split('=')
    filters[name] = [...(filters[name] ?? []), value.join('=')]
  }
  if (flags.args[0]) filters.reference = [flags.args[0]]
  const query = new URLSearchParams({ filters: JSON.stringify(filters), all: flags.has('all') ? '1' : '0' })
  const list = await client.json('GET', `/images/json?${query}`)
  const { SystemTime } = await client.json('GET', '/info')
  const now = Date.parse(SystemTime)
  const rows = list.flatMap(
    (image: { Id: string; RepoTags: string[]; RepoDigests: string[]; Created: number; Size: number }) =>
      (image.RepoTags.length > 0 ? image.RepoTags : ['<none>:<none>']).map((tag) => {
        const colon = tag.lastIndexOf(':')
        const repository = tag.slice(0, colon)
        const digest =
          image.RepoDigests.find((text) => text.startsWith(`${repository}@`))?.split('@')[1] ?? '<none>'
        return {
          Repository: repository,
          Tag: tag.slice(colon + 1),
          Digest: digest,
          ID: flags.has('no-trunc') ? image.Id : shortId(image.Id),
          CreatedSince: ago(image.Created, now),
          Size: humanSize(image.Size),
        }
      }),
  )
  if (flags.has('quiet')) out(rows.map(({ ID }: { ID: string }) => `${ID}\n`).join(''))
  else if (flags.text('format') && flags.text('format') !== 'table') {
    for (const row of rows)
      out(`${flags.text('format') === 'json' ? JSON.stringify(row) : template(flags.text('format')!, row)}\n`)
  } else {
    const digests = flags.has('digests')
    out(
      table(
        ['REPOSITORY', 'TAG', ...(digests ? ['DIGEST'] : []), 'IMAGE ID', 'CREATED', 'SIZE'],
        rows.map((row: Record<string, string>) => [
          row.Repository!,
          row.Tag!,
          ...(digests ? [row.Digest!] : []),
          row.ID!,
          row.CreatedSince!,
          row.Size!,
        ]),
      ),
    )
  }
  return 0
}

const tag: Command = async (client, words) => {
  need(words, 2, 'docker tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]')
  const target = checked(words[1]!)
  const query = new URLSearchParams({ repo: words[1]!.replace(/:[^:/]*$/, ''), tag: target.tag ?? 'latest' })
  await client.send('POST', `/images/${words[0]}/tag?${query}`)
  return 0
}

/** Parses a name for the CLI's own error. */
function checked(name: string) {
  try {
    return parseReference(name)
  } catch (error) {
    throw new CommandError(
      `Error parsing reference: "${name}" is not a valid repository/tag: ${(error as Error).message}`,
    )
  }
}

const pull: Command = async (client, words) => {
  const flags = parseFlags(words, {
    quiet: { short: 'q', kind: 'boolean' },
    'all-tags': { short: 'a', kind: 'boolean' },
    platform: { kind: 'string' },
  })
  need(flags.args, 1, 'docker pull [OPTIONS] NAME[:TAG|@DIGEST]')
  const name = flags.args[0]!
  const reference = checked(name)
  const quiet = flags.has('quiet')
  if (!reference.digest && !reference.tag && !quiet) out('Using default tag: latest\n')
  await pullImage(client, name, quiet)
  const version = reference.digest ? `@${reference.digest}` : `:${reference.tag ?? 'latest'}`
  out(`${reference.domain}/${reference.path}${version}\n`)
  return 0
}

/** Pulls an image, telling its progress on standard output or as `print` does. */
export async function pullImage(
  client: EngineClient,
  name: string,
  quiet = false,
  print = out,
): Promise<void> {
  const { domain, path, digest, tag } = checked(name)
  const query = new URLSearchParams({ fromImage: `${domain}/${path}`, tag: digest ?? tag ?? 'latest' })
  const headers = await registryAuthHeader(name)
  await printProgress(await client.send('POST', `/images/create?${query}`, { headers }), quiet, print)
}

const push: Command = async (client, words) => {
  const flags = parseFlags(words, {
    quiet: { short: 'q', kind: 'boolean' },
    'all-tags': { short: 'a', kind: 'boolean' },
  })
  need(flags.args, 1, 'docker push [OPTIONS] NAME[:TAG]')
  const name = flags.args[0]!
  const reference = checked(name)
  const all = flags.has('all-tags')
  if (!reference.tag && !all && !flags.has('quiet')) out('Using default tag: latest\n')
  const query = all ? '' : `?tag=${reference.tag ?? 'latest'}`
  const answer = await client.send('POST', `/images/${reference.domain}/${reference.path}/push${query}`, {
    headers: await registryAuthHeader(name),
  })
  await printProgress(answer, flags.has('quiet'))
  if (flags.has('quiet')) out(`${reference.domain}/${reference.path}:${reference.tag ?? 'latest'}\n`)
  return 0
}

const rmi: Command = async (client, words) => {
  const flags = parseFlags(words, { force: { short: 'f', kind: 'boolean' }, 'no-prune': { kind: 'boolean' } })
  need(flags.args, 1, 'docker rmi [OPTIONS] IMAGE [IMAGE...]', false)
  return each(flags.args, async (name) => {
    const query = new URLSearchParams({
      force: flags.has('force') ? '1' : '0',
      noprune: flags.has('no-prune') ? '1' : '0',
    })
    for (const item of await client.json('DELETE', `/images/${name}?${query}`)) {
      out(item.Untagged ? `Untagged: ${item.Untagged}\n` : `Deleted: ${item.Deleted}\n`)
    }
  })
}

/** Does something for every argument; errors are printed and make the exit code 1. */
export async function each(names: readonly string[], work: (name: string) => Promise<void>): Promise<number> {
  let status = 0
  for (const name of names) {
    try {
      await work(name)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      process.stderr.write(`${error.message}\n`)
      status = 1
    }
  }
  return status
}

const history: Command = async (client, words) => {
  const flags = parseFlags(words, {
    quiet: { short: 'q', kind: 'boolean' },
    'no-trunc': { kind: 'boolean' },
    human: { short: 'H', kind: 'boolean' },
  })
  need(flags.args, 1, 'docker history [OPTIONS] IMAGE')
  const list = await client.json('GET', `/images/${flags.args[0]}/history`)
  const now = Date.parse((await client.json('GET', '/info')).SystemTime)
  const full = flags.has('no-trunc')
  const rows = list.map(
    (entry: { Id: string; Created: number; CreatedBy: string; Size: number; Comment: string }) => [
      full || entry.Id === '<missing>' ? entry.Id : shortId(entry.Id),
      ago(entry.Created, now),
      full ? entry.CreatedBy : ellipsis(entry.CreatedBy.replaceAll('\t', ' '), 45),
      humanSize(entry.Size),
      entry.Comment,
    ],
  )
  out(
    flags.has('quiet')
      ? rows.map(([id]: string[]) => `${id}\n`).join('')
      : table(['IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT'], rows),
  )
  return 0
}

const prune: Command = async (client, words) => {
  const flags = parseFlags(words, {
    all: { short: 'a', kind: 'boolean' },
    force: { short: 'f', kind: 'boolean' },
  })
  const filters = JSON.stringify({ dangling: [flags.has('all') ? 'false' : 'true'] })
  const { ImagesDeleted, SpaceReclaimed } = await client.json(
    'POST',
    `/images/prune?filters=${encodeURIComponent(filters)}`,
  )
  if (ImagesDeleted) {
    out('Deleted Images:\n')
    for (const item of ImagesDeleted)
      out(item.Untagged ? `untagged: ${item.Untagged}\n` : `deleted: ${item.Deleted}\n`)
    out('\n')
  }
  out(`Total reclaimed space: ${humanSize(SpaceReclaimed)}\n`)
  return 0
}

export const IMAGE_COMMANDS: Record<string, Command> = {
  login,
  logout,
  build,
  images,
  tag,
  pull,
  push,
  rmi,
  history,
  'image build': build,
  'image ls': images,
  'image list': images,
  'image tag': tag,
  'image pull': pull,
  'image push': push,
  'image rm': rmi,
  'image history': history,
  'image prune': prune,
}
