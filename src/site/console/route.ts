import { signal } from '@preact/signals'

/** What the address points at: `#/eks/clusters` a list, `#/eks/clusters/demo` a resource, nothing the overview. */
export interface Route {
  /** `eks/clusters` */
  type?: string
  /** A resource's id, as the server gives it. */
  id?: string
}

export function parseRoute(hash: string): Route {
  const [, service, type, ...id] = hash.replace(/^#/, '').split('/')
  if (!service || !type) return {}
  return { type: `${service}/${type}`, ...(id.length > 0 ? { id: id.join('/') } : {}) }
}

export function address({ type, id }: Route): string {
  if (!type) return '#/'
  return id === undefined ? `#/${type}` : `#/${type}/${id}`
}

export const route = signal<Route>({})

/** Reads the address now and whenever it changes; `onFollow` is told when a link within the page is followed, also to where one is. */
export function followAddress(onFollow: () => void): void {
  const read = () => {
    route.value = parseRoute(location.hash)
  }
  addEventListener('hashchange', read)
  addEventListener('click', ({ target }) => {
    if (target instanceof Element && target.closest('a[href^="#/"]')) onFollow()
  })
  read()
}
