import { parseReference } from '../images/reference.ts'
import { build } from './build-command.ts'
import { CommandError, type EngineClient } from './client.ts'
import { type Command, each, need, out, printProgress } from './command.ts'
import { registryAuthHeader } from './config.ts'
import { filtersOf, parseFlags } from './flags.ts'
import { ago, ellipsis, humanSize, shortId, table, template } from './format.ts'

const images: Command = async (client, words) => {
  const flags = parseFlags(words, {
    all: { short: 'a', kind: 'boolean' },
    quiet: { short: 'q', kind: 'boolean' },
    'no-trunc': { kind: 'boolean' },
    digests: { kind: 'boolean' },
    filter: { short: 'f', kind: 'list' },
    format: { kind: 'string' },
  })
  const filters = filtersOf(flags.list('filter'))
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
  await pullImage(client, name, { quiet, platform: flags.text('platform') })
  const version = reference.digest ? `@${reference.digest}` : `:${reference.tag ?? 'latest'}`
  out(`${reference.domain}/${reference.path}${version}\n`)
  return 0
}

/** Pulls an image, telling its progress on standard output or as `print` does. */
export async function pullImage(
  client: EngineClient,
  name: string,
  {
    quiet = false,
    platform,
    print = out,
  }: { quiet?: boolean; platform?: string | undefined; print?: (text: string) => boolean } = {},
): Promise<void> {
  const { domain, path, digest, tag } = checked(name)
  const query = new URLSearchParams({ fromImage: `${domain}/${path}`, tag: digest ?? tag ?? 'latest' })
  if (platform) query.set('platform', platform)
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

/** The commands on images, by their words after `docker`. */
export const IMAGE_COMMANDS: Record<string, Command> = {
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
