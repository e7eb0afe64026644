import { t } from '../i18n/index.ts'
import { accountNumber } from '../lab/account-number.ts'
import { choose } from './place.ts'
import { catalogue, cloud, link } from './store.ts'

/** Account, region, and whether the page hears from them. */
export function Place() {
  const here = catalogue.value
  const state = link.value === 'connected' && cloud.value === 'restarting' ? 'restarting' : link.value
  const text = {
    connecting: t.connection.connecting,
    connected: t.connection.connected,
    reconnecting: t.connection.reconnecting,
    restarting: t.connection.cloudRestarting,
  }[state]
  return (
    <>
      {here && (
        <dl class="place">
          <div>
            <dt>{t.lab.account}</dt>
            <dd>
              {here.accounts.length === 1 ? (
                accountNumber(here.accountId)
              ) : (
                <select
                  aria-label={t.lab.account}
                  value={here.accountId}
                  onChange={({ currentTarget }) => choose({ accountId: currentTarget.value })}
                >
                  {here.accounts.map(({ accountId, name }) => (
                    <option key={accountId} value={accountId}>
                      {accountNumber(accountId)}
                      {name && ` (${name})`}
                    </option>
                  ))}
                </select>
              )}
            </dd>
          </div>
          <div>
            <dt>{t.lab.region}</dt>
            <dd>
              <select
                aria-label={t.lab.region}
                value={here.region}
                onChange={({ currentTarget }) => choose({ region: currentTarget.value })}
              >
                <Regions title={t.console.regionsUsed} used />
                <Regions title={t.console.regionsOther} used={false} />
              </select>
            </dd>
          </div>
        </dl>
      )}
      <span class={`connection ${state}`} role="status">
        {state === 'connected' ? <span class="light" /> : <span class="spinner" />}
        <span class="words">{text}</span>
      </span>
    </>
  )
}

/** The regions with something in them, the one that is shown among them, or the others. */
function Regions({ title, used }: { title: string; used: boolean }) {
  const { regions = [], region } = catalogue.value ?? {}
  return (
    <optgroup label={title}>
      {regions
        .filter((one) => (one.used || one.name === region) === used)
        .map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
    </optgroup>
  )
}
