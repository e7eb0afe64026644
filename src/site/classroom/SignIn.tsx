import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { InvitationState, JoinResult, SessionState } from '#server/api.ts'
import { request } from '../api.ts'
import { href } from '../href.ts'
import { t } from '../i18n/index.ts'
import { Field } from './Field.tsx'
import { Form } from './Form.tsx'

/** Where the reader wanted to go: a page of this site, whatever the address says. */
function destination(): string {
  const to = new URLSearchParams(location.search).get('to') ?? href('/')
  const url = new URL(to, location.origin)
  return url.origin === location.origin ? url.pathname : href('/')
}
const leave = () => location.replace(destination())

/** The secret of an invitation's link, taken out of the address. */
function takeInvitation(): string | undefined {
  const secret = new URLSearchParams(location.hash.slice(1)).get('invitation')
  if (secret === null) return undefined
  history.replaceState(history.state, '', location.pathname + location.search)
  return secret
}

/** The ways in that this server has. */
export function SignIn() {
  const session = useSignal<SessionState | undefined>(undefined)
  const invitation = useSignal<(InvitationState & { secret: string }) | undefined>(undefined)
  const joined = useSignal<JoinResult | undefined>(undefined)
  const launchRefused = location.hash === '#launch-refused'
  const refused = useSignal(location.hash === '#refused')
  useEffect(() => {
    const secret = takeInvitation()
    void request<SessionState>('GET', '/api/session').then(async (state) => {
      if (secret !== undefined) {
        const found = await request<InvitationState>('POST', '/api/session/invitation/look', {
          secret,
        }).catch(() => undefined)
        if (found) invitation.value = { ...found, secret }
        else refused.value = true
      } else if (state.person) return leave()
      // Shown only now, so that an invited person does not see the other ways for a moment.
      session.value = state
    })
  }, [])

  if (!session.value) return <span class="spinner" />
  const { ways, oidcName } = session.value
  if (joined.value) return <Joined result={joined.value} />
  return (
    <>
      <h1>
        {invitation.value
          ? t.signIn.invitedTitle(invitation.value.name)
          : ways.includes('link')
            ? t.signIn.linkTitle
            : t.signIn.title}
      </h1>
      {refused.value && (
        <p class="problem" role="alert">
          {t.signIn.refused}
        </p>
      )}
      {launchRefused && (
        <p class="problem" role="alert">
          {t.signIn.launchRefused}
        </p>
      )}
      {ways.includes('link') && (
        <>
          <p>{t.signIn.link}</p>
          <p>{t.signIn.why}</p>
        </>
      )}
      {invitation.value && <Invited invitation={invitation.value} />}
      {!invitation.value && (
        <div class="sign-in-ways">
          {ways.includes('join') && <Join onJoined={(result) => (joined.value = result)} />}
          {ways.includes('oidc') && (
            <p>
              <a class="button primary" href={`/auth/oidc?to=${encodeURIComponent(destination())}`}>
                {t.signIn.signInWith(oidcName!)}
              </a>
            </p>
          )}
          {ways.includes('lti') && (
            <section aria-labelledby="platform-title">
              <h2 id="platform-title">{t.signIn.fromPlatformTitle}</h2>
              <p>{t.signIn.fromPlatform}</p>
            </section>
          )}
          {ways.includes('password') && <Password />}
          {ways.includes('join') && <Return />}
        </div>
      )}
      {!ways.includes('link') && (
        <p class="sign-in-privacy">
          <a href={href('/privacy/')}>{t.privacy.link}</a>
        </p>
      )}
    </>
  )
}

function Join({ onJoined }: { onJoined(result: JoinResult): void }) {
  return (
    <section aria-labelledby="join-title">
      <h2 id="join-title">{t.signIn.joinTitle}</h2>
      <Form
        primary
        action={t.signIn.join}
        onSubmit={async ({ code, name }) =>
          onJoined(await request('POST', '/api/session/join', { code, name }))
        }
      >
        <Field
          name="code"
          label={t.signIn.code}
          help={t.signIn.codeHelp}
          required
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
        />
        <Field
          name="name"
          label={t.signIn.name}
          help={t.signIn.nameHelp}
          required
          maxLength={60}
          autocomplete="name"
        />
      </Form>
    </section>
  )
}

function Joined({ result }: { result: JoinResult }) {
  return (
    <>
      <h1>{t.signIn.joined(result.cohort)}</h1>
      {result.returnCode && (
        <>
          <p>{t.signIn.keepCode}</p>
          <p class="code-to-keep">{result.returnCode}</p>
        </>
      )}
      <button type="button" class="button primary" onClick={leave}>
        {t.signIn.goOn}
      </button>
    </>
  )
}

function Return() {
  return (
    <section aria-labelledby="return-title">
      <h2 id="return-title">{t.signIn.returnTitle}</h2>
      <Form
        action={t.signIn.comeBack}
        onSubmit={async ({ code }) => {
          await request('POST', '/api/session/return', { code })
          leave()
        }}
      >
        <Field
          name="code"
          label={t.signIn.returnCode}
          help={t.signIn.returnHelp}
          required
          autocomplete="off"
          spellcheck={false}
        />
      </Form>
    </section>
  )
}

function Password() {
  return (
    <section aria-labelledby="password-title">
      <h2 id="password-title">{t.signIn.passwordTitle}</h2>
      <Form
        action={t.signIn.signIn}
        onSubmit={async ({ email, password }) => {
          await request('POST', '/api/session/password', { email, password })
          leave()
        }}
      >
        <Field name="email" label={t.signIn.email} type="email" required autocomplete="username" />
        <Field
          name="password"
          label={t.signIn.password}
          type="password"
          required
          autocomplete="current-password"
        />
      </Form>
    </section>
  )
}

function Invited({ invitation }: { invitation: InvitationState & { secret: string } }) {
  const { secret, name, role, email, password } = invitation
  return (
    <>
      <p>{t.signIn.invitedAs(t.people.roles[role])}</p>
      <Form
        primary
        action={t.signIn.accept}
        onSubmit={async (fields) => {
          const chosen = password && { password: fields.password }
          await request('POST', '/api/session/invitation', { secret, name: fields.name, ...chosen })
          leave()
        }}
      >
        <Field
          name="name"
          label={t.signIn.name}
          help={t.signIn.nameHelp}
          required
          maxLength={60}
          defaultValue={name}
          autocomplete="name"
        />
        {email !== undefined && (
          <Field name="email" label={t.signIn.email} value={email} readOnly autocomplete="username" />
        )}
        {password && (
          <Field
            name="password"
            label={t.signIn.password}
            help={t.signIn.passwordHelp}
            type="password"
            minLength={12}
            required
            autocomplete="new-password"
          />
        )}
      </Form>
    </>
  )
}
