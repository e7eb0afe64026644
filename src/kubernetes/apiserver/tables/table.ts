import type { Obj } from '../json.ts'
import { type Kind, qualified } from '../kinds/kind.ts'
import type { Column } from './column.ts'
import { COLUMNS } from './columns.ts'

const columnsOf = (kind: Kind): Column[] => kind.custom?.columns ?? COLUMNS[qualified(kind)] ?? COLUMNS['*']!

const NAME_DESCRIPTION =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names'
const AGE_DESCRIPTION =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.'

/** `columnDefinitions` of a kind's Table. */
export const columnDefinitions = (kind: Kind): Obj[] =>
  columnsOf(kind).map(({ name, type, format, description, wide }) => ({
    name,
    type,
    format: format ?? (name === 'Name' ? 'name' : ''),
    description: description ?? (name === 'Name' ? NAME_DESCRIPTION : name === 'Age' ? AGE_DESCRIPTION : ''),
    priority: wide ? 1 : 0,
  }))

/** An object's row, without the object. `now` is ms since the epoch. */
export function rowOf(kind: Kind, object: Obj, now: number): Obj {
  return {
    cells: columnsOf(kind).map((column) => column.value(object, now)),
    ...rowConditions(kind, object),
  }
}

/** Lets kubectl tell finished pods apart. */
function rowConditions(kind: Kind, object: Obj): Obj {
  const phase = object.status?.phase
  if (kind.plural !== 'pods' || (phase !== 'Succeeded' && phase !== 'Failed')) return {}
  const message = phase === 'Succeeded' ? 'The pod has completed successfully.' : 'The pod failed.'
  return { conditions: [{ type: 'Completed', status: 'True', reason: phase, message }] }
}
