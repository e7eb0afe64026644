import { signal, useSignal } from '@preact/signals'
import type { AuditEntry, InvitationMade, Person } from '#server/api.ts'
import { request } from '../api.ts'
import { copyText } from '../code-actions.ts'
import { t } from '../i18n/index.ts'
import { Dialog } from '../lab/Dialog.tsx'
import { Field } from './Field.tsx'
import { Form } from './Form.tsx'
import { Scroll } from './Scroll.tsx'

const people = signal<Person[] | undefined>()
const audit = signal<AuditEntry[]>([])
const ROLES = ['learner', 'instructor', 'author', 'admin'] as const

export async function loadPeople(): Promise<void> {
  ;[people.value, audit.value] = await Promise.all([
    request<Person[]>('GET', '/api/people'),
    request<AuditEntry[]>('GET', '/api/audit'),
  ])
}

/** An administrator's page: invitations, people, and what was done. */
export function Administration() {
  if (!people.value) return <span class="spinner" />
  return (
    <div class="board">
      <div class="page-head">
        <h1>{t.people.title}</h1>
        <p>{t.people.lead}</p>
      </div>
      <div class="board-columns">
        <section class="panel" aria-labelledby="people-title">
          <h2 id="people-title">{t.people.list}</h2>
          <Scroll>
            <table class="board-table">
              <tbody>
                {people.value.map((person) => (
                  <Row person={person} key={person.id} />
                ))}
              </tbody>
            </table>
          </Scroll>
        </section>
        <Invite />
      </div>
      <Audit />
    </div>
  )
}

function Row({ person }: { person: Person }) {
  const asking = useSignal(false)
  const { id, name, role, email, disabledAt } = person
  const path = `/api/people/${encodeURIComponent(id)}`
  const change = async (changes: object) => {
    await request('PATCH', path, changes)
    await loadPeople()
  }
  return (
    <tr>
      <th scope="row">
        {name} {disabledAt !== undefined && <span class="tag">{t.people.disabled}</span>}
        <br />
        <span class="presence">{email}</span>
      </th>
      <td>
        <select
          aria-label={`${t.people.role}: ${name}`}
          value={role}
          onChange={({ currentTarget }) => change({ role: currentTarget.value })}
        >
          {ROLES.map((one) => (
            <option value={one} key={one}>
              {t.people.roles[one]}
            </option>
          ))}
        </select>
      </td>
      <td>
        <div class="row-actions">
          <button
            type="button"
            class="button small"
            onClick={() => change({ disabled: disabledAt === undefined })}
          >
            {disabledAt === undefined ? t.people.disable : t.people.enable}
          </button>
          <a class="button small" href={`${path}/export`} download>
            {t.people.export}
          </a>
          <button type="button" class="button small" onClick={() => (asking.value = true)}>
            {t.people.remove}
          </button>
        </div>
        {asking.value && (
          <Dialog
            danger
            title={t.people.remove}
            text={t.people.removeText(name)}
            confirm={t.people.remove}
            onDone={async (confirmed) => {
              asking.value = false
              if (!confirmed) return
              await request('DELETE', path)
              await loadPeople()
            }}
          />
        )}
      </td>
    </tr>
  )
}

function Invite() {
  const link = useSignal('')
  return (
    <section class="panel" aria-labelledby="invite-title">
      <h2 id="invite-title">{t.people.invite}</h2>
      <Form
        action={t.people.makeLink}
        onSubmit={async ({ name, role, email }) => {
          const made = await request<InvitationMade>('POST', '/api/invitations', {
            name,
            role,
            ...(email && { email }),
          })
          link.value = made.link
          await loadPeople()
        }}
      >
        <Field name="name" label={t.people.name} required maxLength={60} />
        <Field name="email" type="email" label={t.signIn.email} help={t.people.emailHelp} />
        <div class="field">
          <label for="invite-role">{t.people.role}</label>
          <select id="invite-role" name="role">
            {ROLES.map((one) => (
              <option value={one} key={one}>
                {t.people.roles[one]}
              </option>
            ))}
          </select>
        </div>
      </Form>
      <div role="status">
        {link.value && (
          <>
            <p>{t.people.linkReady}</p>
            <p>
              <code>{link.value}</code>
            </p>
            <button
              type="button"
              class="button small"
              onClick={({ currentTarget }) => void copyText(link.value, currentTarget)}
            >
              {t.code.copy}
            </button>
          </>
        )}
      </div>
    </section>
  )
}

function Audit() {
  const names = new Map(people.value!.map(({ id, name }) => [id, name]))
  const last = audit.value.at(-1)
  return (
    <section class="panel" aria-labelledby="audit-title">
      <h2 id="audit-title">{t.people.audit}</h2>
      <Scroll>
        <table class="board-table">
          <thead>
            <tr>
              {[t.people.when, t.people.who, t.people.what, t.people.whom, t.people.where].map((title) => (
                <th scope="col" key={title}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {audit.value.map(({ id, at, actor, act, subject, detail, address }) => (
              <tr key={id}>
                <td>
                  <time dateTime={new Date(at).toISOString()}>{new Date(at).toLocaleString()}</time>
                </td>
                <td>{names.get(actor) ?? actor}</td>
                <td>{act}</td>
                <td>
                  {names.get(subject) ?? subject}
                  <small>
                    {Object.values(detail)
                      .filter((value) => value !== undefined)
                      .map(String)
                      .join(' · ')}
                  </small>
                </td>
                <td>{address}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {last && (
        <button
          type="button"
          class="button small"
          onClick={async () => {
            const older = await request<AuditEntry[]>('GET', `/api/audit?before=${last.at}`)
            audit.value = [...audit.value, ...older]
          }}
        >
          {t.people.older}
        </button>
      )}
    </section>
  )
}
