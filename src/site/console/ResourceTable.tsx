import { useSignal } from '@preact/signals'
import type { ConsoleType } from '#server/api.ts'
import { t } from '../i18n/index.ts'
import { Command } from './Command.tsx'
import { Rows } from './Rows.tsx'
import { lists, resourcesOf } from './store.ts'

/** All resources of a type, with a filter. */
export function ResourceTable({ type }: { type: ConsoleType }) {
  const filter = useSignal('')
  const all = resourcesOf(type.id)
  const wanted = filter.value.trim().toLowerCase()
  const shown = wanted
    ? all.filter(({ name, attributes }) =>
        `${name}\n${JSON.stringify(attributes)}`.toLowerCase().includes(wanted),
      )
    : all
  const list = lists.value.get(type.id)
  return (
    <>
      <h1>{type.title}</h1>
      {/* A child's list needs its parent's name: each has its own command on its page. */}
      {list && !type.parent && <Command command={list.command} />}
      <div class="console-filter">
        <label>
          <span>{t.console.filter}</span>
          <input
            type="search"
            value={filter.value}
            onInput={({ currentTarget }) => {
              filter.value = currentTarget.value
            }}
          />
        </label>
        <p role="status">
          {wanted ? t.console.countOf(shown.length, all.length) : t.console.count(all.length)}
          {list?.more && ` ${t.console.more}`}
        </p>
      </div>
      {shown.length > 0 ? (
        <Rows type={type} resources={shown} caption={type.title} />
      ) : (
        <p class="quiet-text">{wanted ? t.console.noMatch : t.console.empty(type.title)}</p>
      )}
    </>
  )
}
