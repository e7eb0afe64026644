import { Readable } from 'node:stream'
import { contextTar, findDockerfile } from './build-context.ts'
import { CommandError } from './client.ts'
import { type Command, need, out, printProgress } from './command.ts'
import { allCredentials } from './config.ts'
import { parseFlags } from './flags.ts'
import { humanSize } from './format.ts'

/** `docker build` with the classic builder. */
export const build: Command = async (client, words) => {
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
