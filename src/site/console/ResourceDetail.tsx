import type { ConsoleResource, ConsoleType } from '#server/api.ts'
import { t } from '../i18n/index.ts'
import { Command } from './Command.tsx'
import { Rows } from './Rows.tsx'
import { keyOf, parentOf, type Relation, relationsOf } from './relations.ts'
import { address } from './route.ts'
import { names, referrers, resource as resourceAt, resourcesOf, types } from './store.ts'
import { Members } from './Value.tsx'
import { splitTags, valuesAt } from './values.ts'

/** One resource: attributes, tags, what belongs to it, what it names, what names it, and what happened to it. */
export function ResourceDetail({ type, resource }: { type: ConsoleType; resource: ConsoleResource }) {
  const { tags, others } = splitTags(resource.attributes)
  const children = [...types.value.values()]
    .filter(({ parent }) => parent === type.id)
    .map((child) => ({
      child,
      own: resourcesOf(child.id).filter(({ id }) => parentOf(id) === resource.id),
    }))
  const without = children.filter(({ own }) => own.length === 0)
  return (
    <>
      <Trail type={type} resource={resource} />
      <h1>{resource.name}</h1>
      <p class="quiet-text">{type.one}</p>
      <Command command={resource.command} />
      <section aria-labelledby="attributes">
        <h2 id="attributes">{t.console.attributes}</h2>
        <Members type={type} path="" value={others} />
      </section>
      {tags.length > 0 && (
        <section aria-labelledby="tags">
          <h2 id="tags">{t.console.tags}</h2>
          <dl class="members">
            {tags.map(({ key, value }) => (
              <div key={key}>
                <dt>{key}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      {children.map(
        ({ child, own }) =>
          own.length > 0 && (
            <section key={child.id}>
              <h2>{child.title}</h2>
              <Rows type={child} resources={own} caption={child.title} />
            </section>
          ),
      )}
      {without.length > 0 && (
        <p class="console-without">{t.console.without(without.map(({ child }) => child.title).join(', '))}</p>
      )}
      <Relations title={t.console.uses} relations={relationsOf(names.value, type, resource)} />
      <Relations
        title={t.console.usedBy}
        relations={(referrers.value.get(`${type.id}\0${resource.id}`) ?? []).filter(
          ({ type: other }) => types.value.get(other)?.tells === undefined,
        )}
      />
      <Activity type={type} resource={resource} />
    </>
  )
}

/** Where the resource belongs: service's type, and parents. */
function Trail({ type, resource }: { type: ConsoleType; resource: ConsoleResource }) {
  const steps: { href: string; text: string }[] = []
  let here: ConsoleType | undefined = type
  let id = resource.id
  while (here) {
    const parent: ConsoleType | undefined = here.parent ? types.value.get(here.parent) : undefined
    if (parent) id = parentOf(id)
    const owner = parent && resourceAt(parent.id, id)
    if (owner) steps.unshift({ href: address({ type: parent.id, id }), text: owner.name })
    else steps.unshift({ href: address({ type: here.id }), text: here.title })
    if (owner && !parent.parent) steps.unshift({ href: address({ type: parent.id }), text: parent.title })
    here = parent?.parent ? parent : undefined
  }
  return (
    <nav class="console-trail" aria-label={t.console.trail}>
      <ol>
        {steps.map(({ href, text }) => (
          <li key={href}>
            <a href={href}>{text}</a>
          </li>
        ))}
      </ol>
    </nav>
  )
}

/** Resources that stand in a relation to this one, each with the attribute that says so. */
function Relations({ title, relations }: { title: string; relations: Relation[] }) {
  if (relations.length === 0) return null
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul class="console-relations">
        {relations.map(({ type, id, path }) => (
          <li key={`${type}/${id}`}>
            <span class="quiet-text">{types.value.get(type)?.one}</span>
            <a href={address({ type, id })}>{resourceAt(type, id)?.name ?? id}</a>
            <code>{path}</code>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** The account's history as far as it names this resource. */
function Activity({ type, resource }: { type: ConsoleType; resource: ConsoleResource }) {
  const own = new Set([
    keyOf(resource),
    resource.name,
    ...type.identities.flatMap((path) => valuesAt(resource.attributes, path).map(String)),
  ])
  return (
    <>
      {[...types.value.values()].map((history) => {
        const { tells } = history
        if (tells === undefined || history.id === type.id) return null
        const events = resourcesOf(history.id).filter(({ attributes }) =>
          valuesAt(attributes, tells).some((named) => own.has(String(named))),
        )
        return (
          <section key={history.id}>
            <h2>{history.title}</h2>
            {events.length > 0 ? (
              <Rows type={history} resources={events} caption={history.title} />
            ) : (
              <p class="quiet-text">{t.console.noHistory}</p>
            )}
          </section>
        )
      })}
    </>
  )
}
