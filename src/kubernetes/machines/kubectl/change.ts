import { type Call, patch, targets, typeOf } from './call.ts'
import { type Json, KubectlError, pathOf } from './client.ts'

/** `kubectl scale`. */
export async function scale(call: Call): Promise<void> {
  const replicas = Number(call.flags.get('replicas'))
  if (!call.flags.has('replicas') || !Number.isInteger(replicas))
    throw new KubectlError(
      'error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0',
    )
  for (const { resource, name } of await targets(call)) {
    await patch(call, resource, name!, { spec: { replicas } })
    await call.process.print(`${typeOf(resource)}/${name} scaled\n`)
  }
}

/** `kubectl cordon` and `uncordon`. */
export async function schedulable(call: Call, wanted: boolean): Promise<void> {
  const resource = await call.client.resource('nodes')
  for (const word of call.words) {
    const name = word.replace(/^nodes?\//, '')
    await patch(call, resource, name, { spec: { unschedulable: wanted ? null : true } })
    await call.process.print(`node/${name} ${wanted ? 'uncordoned' : 'cordoned'}\n`)
  }
}

/** `kubectl taint nodes`. */
export async function taint(call: Call): Promise<void> {
  const { client, process, words, flags } = call
  const resource = await client.resource('nodes')
  const changes = words.filter((word) => /:|-$/.test(word))
  const all = flags.has('all')
  const names: string[] = all
    ? (await client.json('GET', pathOf(resource, undefined))).items.map((item: Json) => item.metadata.name)
    : words.slice(1).filter((word) => !changes.includes(word))
  for (const name of names) {
    const node = await client.json('GET', pathOf(resource, undefined, name))
    let taints: Json[] = node.spec.taints ?? []
    let removed = false
    for (const change of changes) {
      const [, key, value, effect, minus] = /^([^=:]+?)(?:=([^:]*))?(?::(\w+))?(-)?$/.exec(change) ?? []
      const same = (item: Json) => item.key === key && (!effect || item.effect === effect)
      if (minus && !taints.some(same))
        throw new KubectlError(`error: taint ${JSON.stringify(change.slice(0, -1))} not found`)
      taints = taints.filter((item) => !same(item))
      if (minus) removed = true
      else taints.push({ key, ...(value && { value }), effect })
    }
    await patch(call, resource, name, { spec: { taints } })
    await process.print(`node/${name} ${removed ? 'untainted' : 'tainted'}\n`)
  }
}

/** `kubectl label` and `annotate`. */
export async function mark(call: Call, field: 'labels' | 'annotations'): Promise<void> {
  const changes = call.words.filter(
    (word, index) => index > 0 && (/=/.test(word) || (/-$/.test(word) && index > 1)),
  )
  const values = Object.fromEntries(
    changes.map((word) =>
      word.includes('=')
        ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]
        : [word.slice(0, -1), null],
    ),
  )
  for (const { resource, name } of await targets({
    client: call.client,
    words: call.words.filter((word) => !changes.includes(word)),
  })) {
    await patch(call, resource, name!, { metadata: { [field]: values } })
    await call.process.print(`${typeOf(resource)}/${name} ${field === 'labels' ? 'labeled' : 'annotated'}\n`)
  }
}
