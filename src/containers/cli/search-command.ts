import { CommandError } from './client.ts'
import { type Command, need, out } from './command.ts'
import { parseFlags } from './flags.ts'
import { ellipsis, table, template } from './format.ts'

interface Result {
  name: string
  description: string
  star_count: number
  is_official: boolean
}

/** `docker search` */
const search: Command = async (client, words) => {
  const flags = parseFlags(words, {
    filter: { short: 'f', kind: 'list' },
    format: { kind: 'string' },
    limit: { kind: 'string' },
    'no-trunc': { kind: 'boolean' },
  })
  need(flags.args, 1, 'docker search [OPTIONS] TERM')
  const filters: Record<string, string[]> = {}
  for (const text of flags.list('filter')) {
    const equals = text.indexOf('=')
    if (equals === -1)
      throw new CommandError(`invalid argument "${text}" for "-f, --filter" flag: invalid filter '${text}'`)
    filters[text.slice(0, equals)] = [...(filters[text.slice(0, equals)] ?? []), text.slice(equals + 1)]
  }
  const query = new URLSearchParams({
    term: flags.args[0]!,
    limit: flags.text('limit') ?? '0',
    filters: JSON.stringify(filters),
  })
  const results: Result[] = await client.json('GET', `/images/search?${query}`)
  const rows = results.map((result) => {
    const description = result.description.replace(/[\r\n]+/g, ' ')
    return {
      Name: result.name,
      Description: flags.has('no-trunc') ? description : ellipsis(description, 45),
      StarCount: String(result.star_count),
      IsOfficial: result.is_official ? '[OK]' : '',
    }
  })
  const format = flags.text('format')
  if (format) for (const row of rows) out(`${template(format, row)}\n`)
  else
    out(
      table(
        ['NAME', 'DESCRIPTION', 'STARS', 'OFFICIAL'],
        rows.map(({ Name, Description, StarCount, IsOfficial }) => [
          ...[Name, Description, StarCount, IsOfficial],
        ]),
      ),
    )
  return 0
}

export const SEARCH_COMMANDS = { search }
