import type { World } from '#world/world.ts'
import type { ContainerRecord } from './container-record.ts'

export interface EngineEvent {
  /** The old form of containers' and images' events. */
  status?: string
  id?: string
  from?: string
  Type: string
  Action: string
  Actor: { ID: string; Attributes: Record<string, string> }
  scope: 'local'
  time: number
  timeNano: number
}

/** The last events, for `docker events --since`. */
const KEPT = 256

/** What happens in the engine, for `docker events`. */
export class Events {
  readonly #world: World
  readonly #past: EngineEvent[] = []
  readonly #listeners = new Set<(event: EngineEvent) => void>()

  constructor(world: World) {
    this.#world = world
  }

  get listeners(): number {
    return this.#listeners.size
  }

  emit(type: string, action: string, id: string, attributes: Record<string, string> = {}): void {
    const now = this.#world.clock.now()
    const old =
      type === 'container'
        ? { status: action, id, from: attributes.image }
        : type === 'image'
          ? { status: action, id }
          : {}
    const event: EngineEvent = {
      ...old,
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      scope: 'local',
      time: Math.floor(now / 1000),
      timeNano: Math.floor(now) * 1_000_000,
    }
    this.#past.push(event)
    if (this.#past.length > KEPT) this.#past.shift()
    for (const listener of this.#listeners) listener(event)
  }

  /** What happens to a container, with its labels. */
  container(action: string, record: ContainerRecord, attributes: Record<string, string> = {}): void {
    this.emit('container', action, record.id, {
      ...record.config.Labels,
      ...attributes,
      image: record.imageName,
      name: record.name,
    })
  }

  /** Follows from `since` (seconds) on; without it only what comes. Gives the function that ends it. */
  follow(listener: (event: EngineEvent) => void, since: number | undefined): () => void {
    if (since !== undefined)
      for (const event of this.#past) if (event.timeNano / 1e9 >= since) listener(event)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** Whether an event is among what `--filter`s want: every kind of filter has to find it. */
export function eventMatches(event: EngineEvent, filters: Record<string, string[]>): boolean {
  const { Type, Action, Actor } = event
  const { ID, Attributes } = Actor
  const is = (type: string, names: string[], ...more: (string | undefined)[]) =>
    Type === type && names.some((name) => ID === name || ID.startsWith(name) || more.includes(name))
  const tests: Record<string, (values: string[]) => boolean> = {
    type: (values) => values.includes(Type),
    event: (values) => values.some((value) => value === Action || value === Action.replace(/:.*$/, '')),
    container: (values) => is('container', values, Attributes.name),
    network: (values) => is('network', values, Attributes.name),
    volume: (values) => is('volume', values),
    daemon: (values) => is('daemon', values, Attributes.name),
    image: (values) => {
      const name = Type === 'image' ? Attributes.name : Attributes.image
      return values.some((value) => ID === value || name === value || name?.replace(/:[^/]*$/, '') === value)
    },
    label: (values) =>
      values.every((value) => {
        const [key = '', wanted] = value.split('=')
        return key in Attributes && (wanted === undefined || Attributes[key] === wanted)
      }),
    scope: (values) => values.includes('local'),
  }
  return Object.entries(filters).every(([name, values]) => tests[name]?.(values) ?? false)
}
