import { createHash } from 'node:crypto'
import { parse } from 'yaml'
import { fillDefaults } from '../apiserver/defaults/defaults.ts'
import { isObject, type Obj } from '../apiserver/json.ts'
import { kindOf } from '../apiserver/kinds/registry.ts'
import { decode } from '../apiserver/schema/decode.ts'
import { modelOf, type Schema } from '../apiserver/schema/schema.ts'
import { qosClass } from '../apiserver/strategies/qos.ts'
import { validateModel } from '../apiserver/validation/models.ts'
import type { Pod } from '../objects.ts'
import { timestamp } from '../time.ts'

/** A file of the kubelet's manifest folder. */
export interface Manifest {
  /** Absolute path on the node. */
  path: string
  text: string
}

const UNREADABLE = (path: string, why: string) =>
  new Error(`${path}: couldn't parse as pod(${why}), please check config file`)

/**
 * The static pod of a manifest, defaulted, as the kubelet of `node` runs it: `<name>-<node>`, with a uid that is the hash of what it
 * says. Throws an Error with the kubelet's text. Models pkg/kubelet/config/common.go.
 */
export function podOf({ path, text }: Manifest, node: string, schema: Schema, now: number): Pod {
  let value: Obj
  try {
    value = parse(text)
  } catch (error) {
    throw UNREADABLE(path, `yaml: ${(error as Error).message.split('\n')[0]}`)
  }
  if (!isObject(value) || !value.kind)
    throw UNREADABLE(path, `Object 'Kind' is missing in '${text.slice(0, 80)}'`)
  if (value.kind !== 'Pod' || value.apiVersion !== 'v1')
    throw UNREADABLE(path, `invalid pod: ${JSON.stringify(value.kind)}`)
  const kind = kindOf('pods')
  let object: Obj
  try {
    object = decode(schema, kind, value).object
  } catch (error) {
    throw UNREADABLE(path, (error as Error).message)
  }
  fillDefaults(schema, kind, object)
  const uid = createHash('md5').update(`host:${node}file:${path}${text}`).digest('hex')
  const seen = timestamp(now)
  const { metadata = {}, spec = {} } = object
  const pod = {
    ...object,
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      name: `${metadata.name ?? ''}-${node.toLowerCase()}`,
      namespace: metadata.namespace || 'default',
      uid,
      creationTimestamp: seen,
      annotations: {
        ...metadata.annotations,
        'kubernetes.io/config.hash': uid,
        'kubernetes.io/config.seen': seen,
        'kubernetes.io/config.source': 'file',
      },
    },
    spec: {
      ...spec,
      nodeName: node,
      tolerations: [...(spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }],
    },
    status: {
      phase: 'Pending',
      qosClass: qosClass(spec),
      conditions: [{ type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: seen }],
    },
  }
  const errors = validateModel(modelOf(schema, kind), pod)
  if (!metadata.name) errors.unshift({ ...missingName })
  if (errors.length > 0) {
    const [first] = errors
    throw new Error(`${path}: invalid pod: ${first!.field}: ${first!.body}`)
  }
  return pod as unknown as Pod
}

const missingName = {
  field: 'metadata.name',
  body: 'Required value: name or generateName is required',
  reason: 'FieldValueRequired' as const,
}
