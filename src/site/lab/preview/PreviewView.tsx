import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { CommandActions } from '../CommandActions.tsx'
import { Icon } from '../Icon.tsx'
import { IconButton } from '../IconButton.tsx'
import { Problem } from '../Problem.tsx'
import { link } from '../store.ts'
import {
  address,
  close,
  doors,
  explanation,
  findDoors,
  frameLoaded,
  loaded,
  open,
  problem,
  shown,
  verdict,
} from './model.ts'

/**
 * What a page of a learner may do: run, keep things on its own origin, send forms. It may not lead the lab's page away, nor
 * open windows. Its origin is its own, so `allow-same-origin` gives it nothing of ours.
 */
const SANDBOX = 'allow-scripts allow-same-origin allow-forms allow-modals'

/** Web pages out of the lab: an address as in a browser, what answers now, and the page. */
export function PreviewView() {
  const away = useRef(false)
  useEffect(() => {
    void findDoors()
  }, [])
  // A server that was started anew has forgotten the preview's name.
  useSignalEffect(() => {
    if (link.value === 'reconnecting') away.current = true
    if (link.value !== 'connected' || !away.current) return
    away.current = false
    if (shown.peek()) void open(address.peek())
  })
  const preview = shown.value
  return (
    <>
      <form
        class="preview-bar"
        onSubmit={(event) => {
          event.preventDefault()
          if (address.value.trim()) void open(address.value)
        }}
      >
        <input
          type="text"
          inputMode="url"
          autocomplete="off"
          spellcheck={false}
          aria-label={t.preview.address}
          placeholder="http://localhost:8080/"
          value={address.value}
          onInput={({ currentTarget }) => {
            address.value = currentTarget.value
          }}
        />
        <button type="submit" class="button small">
          {preview ? t.preview.reload : t.preview.open}
        </button>
        {preview && (
          <>
            <a
              class="icon-button"
              href={preview.url}
              target="_blank"
              rel="noopener noreferrer"
              aria-label={t.preview.newTab}
              title={t.preview.newTab}
            >
              <Icon name="away" />
            </a>
            <IconButton icon="close" label={t.preview.close} onClick={close} />
          </>
        )}
      </form>
      {problem.value && <Problem problem={problem.value} />}
      {preview ? (
        <>
          <p class={`preview-verdict state ${loaded.value?.failure || explanation.value ? 'bad' : 'plain'}`}>
            {verdict.value ?? t.preview.loading}
          </p>
          {explanation.value && <Explanation />}
          <iframe
            key={preview.load}
            class={loaded.value?.failure ? 'unanswered' : ''}
            src={preview.url}
            title={t.preview.frame(address.value)}
            sandbox={SANDBOX}
            referrerpolicy="no-referrer"
            onLoad={() => void frameLoaded()}
          />
        </>
      ) : (
        <Doors />
      )}
    </>
  )
}

function Explanation() {
  const { what, why, command } = explanation.value!
  return (
    <div class="preview-explained">
      <p>
        <strong>{what}</strong> {why}
      </p>
      {command && (
        <div class="code-block">
          <pre class="code">{command}</pre>
          <CommandActions command={command} />
        </div>
      )}
    </div>
  )
}

/** What could be opened. */
function Doors() {
  const found = doors.value
  return (
    <div class="doors">
      <p>{t.preview.lead}</p>
      {found && (
        <section aria-labelledby="doors-title">
          <h3 id="doors-title">{t.preview.doors}</h3>
          {found.length === 0 && <p class="none">{t.preview.noDoors}</p>}
          <ul>
            {found.map((door) => (
              <li key={door.address}>
                <button type="button" class="door" onClick={() => void open(door.address)}>
                  <span class="kind">{t.preview.door[door.kind]}</span>
                  <b>{door.name}</b>
                  <span class="address">{door.address}</span>
                </button>
              </li>
            ))}
          </ul>
          <button type="button" class="button quiet small" onClick={() => void findDoors()}>
            <Icon name="reset" />
            {t.preview.look}
          </button>
        </section>
      )}
    </div>
  )
}
