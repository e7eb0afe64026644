import type { ConsoleType } from '#server/api.ts'
import { t } from '../i18n/index.ts'
import { linked, type Place } from './relations.ts'
import { address, route } from './route.ts'
import { names } from './store.ts'
import { isDate, tone } from './values.ts'

interface Shown {
  type: ConsoleType
  /** The members that lead to it, joined by dots. */
  path: string
}

/** One text, number or truth value; a link where it names another resource. */
export function Scalar({ type, path, value }: Shown & { value: unknown }) {
  if (typeof value === 'boolean') return <>{value ? t.console.yes : t.console.no}</>
  if (isDate(value)) return <time dateTime={value}>{new Date(value).toLocaleString()}</time>
  const text = String(value)
  const state = tone(text)
  if (state) return <span class={`state ${state}`}>{text}</span>
  const parts = linked(names.value, type, path, text)
  // A certificate or a template would fill the page.
  if (text.length > LONG && !parts.some(({ place }) => place))
    return (
      <details class="long-text">
        <summary>{text.slice(0, 40)}…</summary>
        {text}
      </details>
    )
  return (
    <>
      {parts.map(({ text: part, place }, index) => (
        <>
          {index > 0 && ', '}
          {place && !isHere(place) ? <a href={address(place)}>{part}</a> : part}
        </>
      ))}
    </>
  )
}

/** Characters of a text that is folded up. */
const LONG = 200

/** Whether a place is the one that the page shows: no link leads there. */
function isHere({ type, id }: Place): boolean {
  return route.value.type === type && route.value.id === id
}

/** Any value: lists as lists, structures as terms and their descriptions. */
export function Value({ type, path, value }: Shown & { value: unknown }) {
  if (Array.isArray(value)) {
    if (value.length === 0) return <span class="quiet-text">{t.console.none}</span>
    return (
      <ul class="value-list">
        {value.map((item, index) => (
          <li key={index}>
            <Value type={type} path={path} value={item} />
          </li>
        ))}
      </ul>
    )
  }
  if (typeof value === 'object' && value !== null) return <Members type={type} path={path} value={value} />
  return <Scalar type={type} path={path} value={value} />
}

/** The members of a structure by the names that the API gives them. */
export function Members({ type, path, value }: Shown & { value: object }) {
  if (Object.keys(value).length === 0) return <span class="quiet-text">{t.console.none}</span>
  return (
    <dl class="members">
      {Object.entries(value).map(([member, inner]) => (
        <div key={member} class={typeof inner === 'object' ? 'nested' : undefined}>
          <dt>{member}</dt>
          <dd>
            <Value type={type} path={path ? `${path}.${member}` : member} value={inner} />
          </dd>
        </div>
      ))}
    </dl>
  )
}
