import type { Entry } from '#world/store.ts'
import type { KubernetesObject } from '../../api.ts'
import { clone, type Obj } from '../json.ts'
import { conversionTo } from '../kinds/conversion.ts'
import { apiVersionOf, type Kind } from '../kinds/kind.ts'

/** What is made of an entry once, for all who ask. */
interface Forms {
  readonly of: Entry
  readonly object: KubernetesObject
  text?: string
  /** A custom resource as its versions show it. */
  customs?: Map<Kind, Obj>
}

/** Forms stand on their entry: as many in a WeakMap would be walked in the pauses of the garbage collector. */
const FORMS = Symbol('forms')

function formsOf(entry: Entry & { [FORMS]?: Forms }): Forms {
  const known = entry[FORMS]
  // A copy with another value brings along those of its original.
  if (known?.of === entry) return known
  const value = entry.value as KubernetesObject
  // A dry run's object was never stored.
  const version = entry.modRevision > 0 ? { resourceVersion: String(entry.modRevision) } : {}
  const forms = { of: entry, object: { ...value, metadata: { ...value.metadata, ...version } } }
  entry[FORMS] = forms
  return forms
}

/** The object of an entry with its `resourceVersion`, in the version of storage. Shared: not to be changed. */
export const objectOf = <T extends KubernetesObject>(entry: Entry): T => formsOf(entry).object as T

/** The object of an entry in the version that a kind serves. */
export function servedAs(kind: Kind, entry: Entry): Obj {
  if (kind.custom) return customAs(kind, entry)
  const object = objectOf(entry)
  return kind.storedAs ? conversionTo(kind)(object) : object
}

/** A custom resource as a version's schema shows what is stored: pruned and defaulted anew. */
function customAs(kind: Kind, entry: Entry): Obj {
  const forms = formsOf(entry)
  forms.customs ??= new Map()
  let form = forms.customs.get(kind)
  if (!form) {
    const object: Obj = forms.object
    form = { ...kind.custom!.prune(clone(object), []), apiVersion: apiVersionOf(kind), kind: kind.kind }
    kind.custom!.default(form)
    forms.customs.set(kind, form)
  }
  return form
}

/** The JSON of an entry as a kind serves it; made once an entry for all who ask. */
export function textOf(kind: Kind, entry: Entry): string {
  if (kind.storedAs || kind.custom) return JSON.stringify(servedAs(kind, entry))
  const forms = formsOf(entry)
  forms.text ??= JSON.stringify(forms.object)
  return forms.text
}
