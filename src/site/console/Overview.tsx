import { t } from '../i18n/index.ts'
import { address } from './route.ts'
import { catalogue, resourcesOf } from './store.ts'

/** What the account holds, by service. */
export function Overview() {
  const services = (catalogue.value?.services ?? [])
    .map(({ title, types, id }) => ({
      id,
      title,
      types: types.filter((type) => !type.parent && resourcesOf(type.id).length > 0),
    }))
    .filter(({ types }) => types.length > 0)
  return (
    <>
      <h1>{t.console.title}</h1>
      <p class="console-lead">{t.console.about}</p>
      <div class="console-cards">
        {services.map(({ id, title, types }) => (
          <section key={id} class="console-card" aria-labelledby={`card-${id}`}>
            <h2 id={`card-${id}`}>{title}</h2>
            <ul>
              {types.map((type) => (
                <li key={type.id}>
                  <a href={address({ type: type.id })}>{type.title}</a>
                  <span class="count">{resourcesOf(type.id).length}</span>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </>
  )
}
