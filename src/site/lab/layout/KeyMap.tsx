import { useEffect, useRef } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { IconButton } from '../IconButton.tsx'
import { keyMapOpen, letters } from './shortcuts.ts'

/** The button for, and the map of, all keys. */
export function KeyMap() {
  return (
    <>
      <IconButton
        icon="keyboard"
        label={t.keys.title}
        onClick={() => {
          keyMapOpen.value = true
        }}
      />
      {keyMapOpen.value && <KeyMapDialog />}
    </>
  )
}

function KeyMapDialog() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
    // On a small screen the button would scroll the map to its end.
    dialog.current?.querySelector('h2')?.focus()
  }, [])
  return (
    <dialog
      ref={dialog}
      class="key-map"
      aria-labelledby="key-map-title"
      onClose={() => {
        keyMapOpen.value = false
      }}
    >
      <form method="dialog">
        <h2 id="key-map-title" tabIndex={-1}>
          {t.keys.title}
        </h2>
        <div class="key-groups">
          {t.keys.groups.map(({ title, keys }) => (
            <section key={title}>
              <h3>{title}</h3>
              <dl>
                {keys.map(([names, does]) => (
                  <div key={does}>
                    <dt>
                      {names.map((name) => (
                        <kbd key={name}>{name}</kbd>
                      ))}
                    </dt>
                    <dd>{does}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
        <label class="row">
          <input
            type="checkbox"
            checked={letters.value}
            onChange={({ currentTarget }) => {
              letters.value = currentTarget.checked
            }}
          />
          {t.keys.letters}
        </label>
        <div class="dialog-actions">
          <button type="submit" class="button primary">
            {t.keys.close}
          </button>
        </div>
      </form>
    </dialog>
  )
}
