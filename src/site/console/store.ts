import { computed, signal } from '@preact/signals'
import type { ConsoleResource, ConsoleType, LabConsoleEvent } from '#server/api.ts'
import { collectNames, collectReferrers, type Inventory } from './relations.ts'

/** What the console shows. Components read these signals; `feed.ts` writes them. */
export const labId = document.querySelector<HTMLElement>('[data-console-page]')?.dataset.consolePage ?? ''

type Catalogue = Extract<LabConsoleEvent, { type: 'catalogue' }>

export const link = signal<'connecting' | 'connected' | 'reconnecting'>('connecting')
export const cloud = signal<'up' | 'restarting'>('up')
/** `null`: the lab has not been started. */
export const catalogue = signal<Catalogue | null | undefined>()
const inventory = signal<Inventory>(new Map())
/** By type: the command that lists it, and whether there are more than are shown. */
export const lists = signal<ReadonlyMap<string, { command: string; more: boolean }>>(new Map())
/** What is looked for in the whole account. */
export const search = signal('')

export const types = computed<ReadonlyMap<string, ConsoleType>>(
  () => new Map(catalogue.value?.services.flatMap((service) => service.types.map((type) => [type.id, type]))),
)
export const names = computed(() => collectNames(types.value, inventory.value))
export const referrers = computed(() => collectReferrers(types.value, inventory.value, names.value))

export function resourcesOf(type: string): ConsoleResource[] {
  return [...(inventory.value.get(type)?.values() ?? [])]
}

export function resource(type: string, id: string): ConsoleResource | undefined {
  return inventory.value.get(type)?.get(id)
}

/** Whether the services have been asked for this type yet. */
export function known(type: string): boolean {
  return inventory.value.has(type)
}

/** The resources whose name, id or ARN holds a text, with their type. */
export function found(text: string): { type: ConsoleType; resource: ConsoleResource }[] {
  const wanted = text.trim().toLowerCase()
  return [...types.value.values()].flatMap((type) =>
    resourcesOf(type.id)
      .filter(
        ({ id, name }) =>
          name.toLowerCase().includes(wanted) || decodeURIComponent(id).toLowerCase().includes(wanted),
      )
      .map((resource) => ({ type, resource })),
  )
}

export function showEvent(event: LabConsoleEvent): void {
  switch (event.type) {
    case 'cloud':
      cloud.value = event.status
      return
    case 'absent':
      catalogue.value = null
      inventory.value = new Map()
      return
    case 'catalogue':
      catalogue.value = event
      inventory.value = new Map()
      lists.value = new Map()
      return
    case 'resources': {
      const ofType = new Map(inventory.value.get(event.of))
      for (const id of event.removed) ofType.delete(id)
      for (const put of event.put) ofType.set(put.id, put)
      inventory.value = new Map(inventory.value).set(event.of, ofType)
      lists.value = new Map(lists.value).set(event.of, event)
    }
  }
}
