import type { Entry } from '#world/store.ts'
import type { KubernetesObject } from '../../api.ts'
import { clone, type Obj } from '../json.ts'
import { conversionTo } from '../kinds/conversion.ts'
import { apiVersionOf, type Kind } from '../kinds/kind.ts'

const objects = new WeakMap<Entry, KubernetesObject>()
const texts = new WeakMap<Entry, string>()

/** The object of an entry with its `resourceVersion`, in the version of storage. Shared: not to be changed. */
export function objectOf<T extends KubernetesObject>(entry: Entry): T {
  let object = objects.get(entry)
  if (!object) {
    const value = entry.value as KubernetesObject
    // A dry run's object was never stored.
    const version = entry.modRevision > 0 ? { resourceVersion: String(entry.modRevision) } : {}
    object = { ...value, metadata: { ...value.metadata, ...version } }
    objects.set(entry, object)
  }
  return object as T
}

/** The object of an entry in the version that a kind serves. */
export function servedAs(kind: Kind, entry: Entry): Obj {
  if (kind.custom) return customAs(kind, entry)
  const object = objectOf(entry)
  return kind.storedAs ? conversionTo(kind)(object) : object
}

const customs = new WeakMap<Entry, Map<Kind, Obj>>()

/** A custom resource as a version's schema shows what is stored: pruned and defaulted anew. */
function customAs(kind: Kind, entry: Entry): Obj {
  const forms = customs.get(entry) ?? new Map<Kind, Obj>()
  customs.set(entry, forms)
  let form = forms.get(kind)
  if (!form) {
    const object: Obj = objectOf(entry)
    form = { ...kind.custom!.prune(clone(object), []), apiVersion: apiVersionOf(kind), kind: kind.kind }
    kind.custom!.default(form)
    forms.set(kind, form)
  }
  return form
}

/** The JSON of an entry as a kind serves it; made once an entry for all who ask. */
export function textOf(kind: Kind, entry: Entry): string {
  if (kind.storedAs || kind.custom) return JSON.stringify(servedAs(kind, entry))
  let text = texts.get(entry)
  if (text === undefined) {
    text = JSON.stringify(objectOf(entry))
    texts.set(entry, text)
  }
  return text
}
