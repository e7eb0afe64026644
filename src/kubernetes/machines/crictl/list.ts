import { type Call, containersOf, sandboxId, stateOf } from './runtime.ts'

const ago = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 1) return 'Less than a second ago'
  if (seconds < 60) return seconds === 1 ? '1 second ago' : `${seconds} seconds ago`
  const minutes = Math.floor(seconds / 60)
  if (minutes === 1) return 'About a minute ago'
  if (minutes < 60) return `${minutes} minutes ago`
  const hours = Math.floor(minutes / 60)
  return hours === 1
    ? 'About an hour ago'
    : hours < 48
      ? `${hours} hours ago`
      : `${Math.floor(hours / 24)} days ago`
}

/** Columns as wide as their content and three more, as crictl writes them; the last is cut off from trailing blanks no more than there. */
function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return `${rows.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]! + 5))).join('')).join('\n')}\n`
}

/** `crictl ps`. */
export async function ps({ process, node, flags }: Call): Promise<void> {
  const now = process.machine.clock.now()
  const state = (flags.get('state') ?? flags.get('s'))?.toLowerCase()
  const name = flags.get('name')
  const pod = flags.get('pod') ?? flags.get('p')
  const all = flags.has('a') || flags.has('all') || state !== undefined
  const shown = containersOf(node).filter(
    (container) =>
      (all || container.instance.running) &&
      (!state || stateOf(container).toLowerCase() === state) &&
      (!name || new RegExp(name).test(container.owner.name)) &&
      (!pod || sandboxId(container.worker).startsWith(pod)),
  )
  if (flags.has('q') || flags.has('quiet'))
    return process.print(shown.map(({ instance }) => `${instance.id}\n`).join(''))
  const rows = shown.map((container) => {
    const { worker, owner, instance, attempt } = container
    const [namespace, podName] = worker.key.split('/') as [string, string]
    const image = owner.image?.image.id.replace(/^sha256:/, '').slice(0, 13) ?? ''
    return [
      instance.id.slice(0, 13),
      image,
      ago(now - instance.startedAt),
      stateOf(container),
      owner.name,
      String(attempt),
      sandboxId(worker).slice(0, 13),
      podName,
      namespace,
    ]
  })
  await process.print(
    table([
      ['CONTAINER', 'IMAGE', 'CREATED', 'STATE', 'NAME', 'ATTEMPT', 'POD ID', 'POD', 'NAMESPACE'],
      ...rows,
    ]),
  )
}

/** `crictl pods`. */
export async function pods({ process, node, flags }: Call): Promise<void> {
  const now = process.machine.clock.now()
  const name = flags.get('name')
  const namespace = flags.get('namespace')
  const shown = node
    .workers()
    .sort((a, b) => b.createdAt - a.createdAt)
    .filter(
      ({ key }) =>
        (!name || new RegExp(name).test(key.split('/')[1]!)) &&
        (!namespace || key.startsWith(`${namespace}/`)),
    )
  if (flags.has('q') || flags.has('quiet'))
    return process.print(shown.map((worker) => `${sandboxId(worker)}\n`).join(''))
  const rows = shown.map((worker) => {
    const [space, podName] = worker.key.split('/') as [string, string]
    return [
      sandboxId(worker).slice(0, 13),
      ago(now - worker.createdAt),
      'Ready',
      podName,
      space,
      '0',
      '(default)',
    ]
  })
  await process.print(
    table([['POD ID', 'CREATED', 'STATE', 'NAME', 'NAMESPACE', 'ATTEMPT', 'RUNTIME'], ...rows]),
  )
}

const size = (bytes: number) =>
  bytes >= 1e6 ? `${(bytes / 1e6).toPrecision(3)}MB` : `${(bytes / 1e3).toPrecision(3)}kB`

/** `crictl images`. */
export async function images({ process, node, words, flags }: Call): Promise<void> {
  const list = node.machines.images
    .list(node.name)
    .map((image) => ({
      ...image,
      name: image.reference.replace(/:[^/]*$/, ''),
      tag: /:([^/:]+)$/.exec(image.reference)?.[1] ?? '<none>',
    }))
    .filter(({ name }) => !words[0] || words[0] === 'ls' || name.includes(words[0]))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const id = (text: string) => text.replace(/^sha256:/, '')
  if (flags.has('q') || flags.has('quiet'))
    return process.print(list.map(({ image }) => `sha256:${id(image.id)}\n`).join(''))
  await process.print(
    table([
      ['IMAGE', 'TAG', 'IMAGE ID', 'SIZE'],
      ...list.map(({ name, tag, image, sizeBytes }) => [
        name,
        tag,
        id(image.id).slice(0, 13),
        size(sizeBytes),
      ]),
    ]),
  )
}
