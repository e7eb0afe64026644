import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { PrivacyState, SessionState } from '#server/api.ts'
import { type ProblemError, request } from '../api.ts'
import { t } from '../i18n/index.ts'
import { DeleteAccount } from './DeleteAccount.tsx'
import { Scroll } from './Scroll.tsx'

/** What this server keeps of people: how long, who sees it, who else is told, and how to get it and have it deleted. */
export function Privacy() {
  const state = useSignal<PrivacyState | 'none' | undefined>(undefined)
  /** The name of whoever is signed in. */
  const name = useSignal<string | undefined>(undefined)
  const deleted = useSignal(false)
  const problem = useSignal('')
  useEffect(() => {
    request<PrivacyState>('GET', '/api/privacy').then(
      (found) => {
        state.value = found
      },
      (error: ProblemError) => {
        // A server of one person has nobody to tell.
        if (error.status === 404) state.value = 'none'
        else problem.value = error.message
      },
    )
    void request<SessionState>('GET', '/api/session').then(
      ({ person }) => {
        name.value = person?.name
      },
      () => {},
    )
  }, [])
  return (
    <>
      <h1>{t.privacy.title}</h1>
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      {!state.value && !problem.value && <span class="spinner" />}
      {state.value === 'none' && <p>{t.privacy.local}</p>}
      {state.value && state.value !== 'none' && (
        <Note
          state={state.value}
          name={name.value}
          deleted={deleted.value}
          onDeleted={() => {
            name.value = undefined
            deleted.value = true
          }}
        />
      )}
    </>
  )
}

interface NoteProps {
  state: PrivacyState
  /** The name of whoever is signed in. */
  name: string | undefined
  /** Whether they have just deleted their account. */
  deleted: boolean
  onDeleted(): void
}

function Note({ state, name, deleted, onDeleted }: NoteProps) {
  const { kept, stays, told } = t.privacy
  const rows = [
    kept.account(state.learnerDays),
    kept.progress,
    kept.labs,
    kept.help,
    ...(state.replayDays > 0 ? [kept.recording(state.replayDays)] : []),
    kept.session(state.sessionDays),
    kept.audit(state.auditDays),
  ]
  const others = [
    ...(state.provider !== undefined ? [told.provider(state.provider)] : []),
    ...(state.platform ? [told.platform] : []),
    ...(state.recordStore ? [told.recordStore[state.recordStore]] : []),
    ...(state.mail ? [told.mail] : []),
    ...(state.webhook ? [told.webhook] : []),
  ]
  return (
    <>
      <p>{t.privacy.lead}</p>
      <section aria-labelledby="kept-title">
        <h2 id="kept-title">{t.privacy.keptTitle}</h2>
        <Scroll>
          <table class="board-table">
            <thead>
              <tr>
                {t.privacy.columns.map((column) => (
                  <th scope="col" key={column}>
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ what, howLong, who }) => (
                <tr key={what}>
                  <td>{what}</td>
                  <td data-column={t.privacy.columns[1]}>{howLong}</td>
                  <td data-column={t.privacy.columns[2]}>{who}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
        {state.replayDays === 0 && <p>{t.privacy.notRecorded}</p>}
        <p>{state.learnerDays === undefined ? t.privacy.never : t.privacy.after(state.learnerDays)}</p>
        <p>{t.privacy.operator}</p>
      </section>
      <section aria-labelledby="looks-title">
        <h2 id="looks-title">{t.privacy.looksTitle}</h2>
        <p>{t.privacy.looks}</p>
      </section>
      <section aria-labelledby="told-title">
        <h2 id="told-title">{t.privacy.toldTitle}</h2>
        {others.length === 0 ? (
          <p>{told.nobody}</p>
        ) : (
          <ul>
            {others.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        )}
        <p>{t.privacy.browser}</p>
      </section>
      <section aria-labelledby="rights-title">
        <h2 id="rights-title">{t.privacy.rightsTitle}</h2>
        <p>{t.privacy.getIt}</p>
        {name !== undefined && (
          <p>
            <a class="button" href="/api/privacy/mine" download>
              {t.privacy.download}
            </a>
          </p>
        )}
        <p>{t.privacy.deleteIt}</p>
        <p>{stays.title}</p>
        <ul>
          <li>{stays.audit(state.auditDays)}</li>
          {others.length > 0 && <li>{stays.told}</li>}
          <li>{stays.backups}</li>
        </ul>
        {deleted && <p role="status">{t.privacy.deleted}</p>}
        {name !== undefined && <DeleteAccount name={name} onDone={onDeleted} />}
        <p>
          {t.privacy.ask} <Contact contact={state.contact} />
        </p>
      </section>
    </>
  )
}

function Contact({ contact }: { contact: string | undefined }) {
  if (contact === undefined) return <>{t.privacy.anAdministrator}</>
  return /^[^\s@]+@[^\s@]+$/.test(contact) ? <a href={`mailto:${contact}`}>{contact}</a> : <>{contact}</>
}
