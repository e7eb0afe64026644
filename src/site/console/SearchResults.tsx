import { t } from '../i18n/index.ts'
import { address } from './route.ts'
import { found } from './store.ts'

/** So many are listed; a longer search text finds fewer. */
const LISTED = 100

export function SearchResults({ text }: { text: string }) {
  const all = found(text)
  return (
    <>
      <h1>{t.console.results(text.trim())}</h1>
      <p role="status">{t.console.resultCount(all.length)}</p>
      <ul class="console-results">
        {all.slice(0, LISTED).map(({ type, resource }) => (
          <li key={`${type.id}/${resource.id}`}>
            <a href={address({ type: type.id, id: resource.id })}>{resource.name}</a>
            <span>{type.one}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
