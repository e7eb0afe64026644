import { stringify } from 'yaml'
import type { Process } from '#containers/processes/process.ts'
import { type Call, namespaceOf, targets } from './call.ts'
import { type Json, KubectlError, pathOf } from './client.ts'

/** `kubectl get`: a table, names, JSON or YAML. */
export async function get({ client, process, words, flags }: Call): Promise<void> {
  const all = flags.has('A') || flags.has('all-namespaces')
  const output = flags.get('o') ?? flags.get('output') ?? ''
  if (flags.has('w') || flags.has('watch'))
    throw new KubectlError("error: drydock: kubectl get --watch is not simulated in a node's shell")
  const namespace = all ? undefined : namespaceOf(flags)
  const selector = flags.get('l') ?? flags.get('selector')
  const query = selector ? `?labelSelector=${encodeURIComponent(selector)}` : ''
  for (const { resource, name } of await targets({
    client,
    words:
      words[0] === 'all' ? ['pods,services,daemonsets,deployments,replicasets,statefulsets,jobs'] : words,
  })) {
    const path = `${pathOf(resource, namespace, name)}${query}`
    if (output === '' || output === 'wide') {
      const table = await client.json('GET', path, {
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
      })
      await printTable(process, table, {
        wide: output === 'wide',
        all: all && resource.namespaced,
        headers: !flags.has('no-headers'),
        name,
        namespace,
      })
      continue
    }
    const object = await client.json('GET', path)
    if (output === 'json') await process.print(`${JSON.stringify(object, null, 4)}\n`)
    else if (output === 'yaml') await process.print(stringify(object, { indentSeq: false, lineWidth: 0 }))
    else if (output === 'name') {
      const type = resource.group ? `${resource.names[1]}.${resource.group}` : resource.names[1]
      await process.print(
        (object.items ?? [object]).map((item: Json) => `${type}/${item.metadata.name}\n`).join(''),
      )
    } else throw new KubectlError(`error: drydock: -o ${output} is not simulated in a node's shell`)
  }
}

async function printTable(
  process: Process,
  table: Json,
  options: {
    wide: boolean
    all: boolean
    headers: boolean
    name: string | undefined
    namespace: string | undefined
  },
): Promise<void> {
  const rows: Json[] = table.rows ?? []
  if (rows.length === 0) {
    await process.complain(
      options.namespace ? `No resources found in ${options.namespace} namespace.\n` : 'No resources found\n',
    )
    return
  }
  const columns = table.columnDefinitions
    .map((column: Json, index: number) => ({ ...column, index }))
    .filter(({ priority }: Json) => options.wide || priority === 0)
  const cells = rows.map((row) => [
    ...(options.all ? [row.object.metadata.namespace] : []),
    ...columns.map(({ index }: Json) => String(row.cells[index] ?? '')),
  ])
  const head = [
    ...(options.all ? ['NAMESPACE'] : []),
    ...columns.map(({ name }: Json) => String(name).toUpperCase()),
  ]
  const lines = options.headers ? [head, ...cells] : cells
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  await process.print(
    `${lines.map((line) => line.map((cell, column) => (column === line.length - 1 ? cell : cell.padEnd(widths[column]! + 3))).join('')).join('\n')}\n`,
  )
}

/** `kubectl logs` without following. */
export async function logs({ client, process, words, flags }: Call): Promise<void> {
  const [pod = '', container = flags.get('c') ?? flags.get('container')] = words
  if (flags.has('f') || flags.has('follow'))
    throw new KubectlError("error: drydock: kubectl logs --follow is not simulated in a node's shell")
  const query = new URLSearchParams()
  if (container) query.set('container', container)
  if (flags.has('p') || flags.has('previous')) query.set('previous', 'true')
  if (flags.has('tail')) query.set('tailLines', flags.get('tail')!)
  await process.print(
    await client.text(
      'GET',
      `/api/v1/namespaces/${namespaceOf(flags)}/pods/${pod.replace(/^pods?\//, '')}/log?${query}`,
    ),
  )
}
