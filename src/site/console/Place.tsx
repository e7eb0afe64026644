import { t } from '../i18n/index.ts'
import { accountNumber } from '../lab/account-number.ts'
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
            <dd>{accountNumber(here.accountId)}</dd>
          </div>
          <div>
            <dt>{t.lab.region}</dt>
            <dd>{here.region}</dd>
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
