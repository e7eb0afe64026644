import { useEffect, useRef } from 'preact/hooks'
import { href } from '../href.ts'
import { t } from '../i18n/index.ts'
import { Overview } from './Overview.tsx'
import { ResourceDetail } from './ResourceDetail.tsx'
import { ResourceTable } from './ResourceTable.tsx'
import { route } from './route.ts'
import { SearchResults } from './SearchResults.tsx'
import { Services } from './Services.tsx'
import { catalogue, known, labId, resource, search, types } from './store.ts'

/** The menu of services and, beside it, what the address points at. */
export function Console() {
  const main = useRef<HTMLElement>(null)
  const here = route.value
  const title = useTitle()
  const first = useRef(true)
  // Whoever follows a link is taken to what it shows, as with a page of its own.
  useEffect(() => {
    if (first.current) first.current = false
    else main.current?.focus()
  }, [here])

  return (
    <>
      <Services />
      <main class="console-main" id="content" tabindex={-1} ref={main} aria-label={title}>
        <Shown />
      </main>
    </>
  )
}

function Shown() {
  const { type: typeId, id } = route.value
  if (catalogue.value === undefined) return <p class="quiet-text">{t.console.loading}</p>
  if (catalogue.value === null)
    return (
      <>
        <h1>{t.console.title}</h1>
        <p>
          {t.console.absent} <a href={href(`/labs/${labId}/`)}>{t.console.toLab}</a>
        </p>
      </>
    )
  if (search.value.trim()) return <SearchResults text={search.value} />
  if (typeId === undefined) return <Overview />
  const type = types.value.get(typeId)
  if (!type) return <Missing />
  if (id === undefined) return <ResourceTable type={type} />
  const shown = resource(typeId, id)
  if (shown) return <ResourceDetail type={type} resource={shown} key={`${typeId}/${id}`} />
  return known(typeId) ? <Missing /> : <p class="quiet-text">{t.console.loading}</p>
}

function Missing() {
  return (
    <>
      <h1>{t.console.missingTitle}</h1>
      <p>
        {t.console.missing} <a href="#/">{t.console.overview}</a>
      </p>
    </>
  )
}

/** The title of what is shown, also for the browser's window. */
function useTitle(): string {
  const { type: typeId, id } = route.value
  const type = typeId === undefined ? undefined : types.value.get(typeId)
  const one = typeId !== undefined && id !== undefined ? resource(typeId, id) : undefined
  const title = one && type ? `${one.name} · ${type.one}` : (type?.title ?? t.console.overview)
  useEffect(() => {
    document.title = `${title} · ${t.console.title} · ${t.site.name}`
  }, [title])
  return title
}
