import { t } from '../i18n/index.ts'
import { address, route } from './route.ts'
import { catalogue, resourcesOf, search } from './store.ts'

/** The menu: a search in everything, and the types of each service with how many there are. */
export function Services() {
  const services = catalogue.value?.services ?? []
  const here = route.value
  return (
    <nav class="console-services" aria-label={t.console.services}>
      <label class="console-search">
        <span>{t.console.search}</span>
        <input
          type="search"
          value={search.value}
          placeholder={t.console.searchHint}
          onInput={({ currentTarget }) => {
            search.value = currentTarget.value
          }}
        />
      </label>
      <a href="#/" class="console-home" aria-current={here.type === undefined ? 'page' : undefined}>
        {t.console.overview}
      </a>
      {services.map(({ id, title, types }) => {
        const open = here.type?.startsWith(`${id}/`) === true
        const all = types
          .filter(({ parent }) => !parent)
          .reduce((sum, type) => sum + resourcesOf(type.id).length, 0)
        return (
          <details key={id} open={open || undefined}>
            <summary>
              <span>{title}</span>
              <Count n={all} />
            </summary>
            <ul>
              {types.map((type) => (
                <li key={type.id}>
                  <a
                    class={type.parent ? 'child' : undefined}
                    href={address({ type: type.id })}
                    aria-current={
                      here.type === type.id ? (here.id === undefined ? 'page' : 'true') : undefined
                    }
                  >
                    <span>{type.title}</span>
                    <Count n={resourcesOf(type.id).length} />
                  </a>
                </li>
              ))}
            </ul>
          </details>
        )
      })}
    </nav>
  )
}

function Count({ n }: { n: number }) {
  return <span class={n === 0 ? 'count none' : 'count'}>{n}</span>
}
