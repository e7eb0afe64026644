import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { IconButton } from '../IconButton.tsx'
import type { LabTerminal } from './lab-terminal.ts'

/** Finds text in a terminal and what scrolled out of it. */
export function FindBar({ terminal }: { terminal: LabTerminal }) {
  const field = useRef<HTMLInputElement>(null)
  const found = useSignal(true)
  useEffect(() => field.current?.focus(), [])
  const find = (backwards = false) => {
    found.value = terminal.find(field.current?.value ?? '', backwards)
  }
  return (
    <search class="find-bar">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          find(true)
        }}
      >
        <input
          ref={field}
          type="search"
          aria-label={t.terminal.find}
          placeholder={t.terminal.find}
          onKeyDown={(event) => event.key === 'Escape' && terminal.endFind()}
        />
        <button type="submit" class="button quiet small">
          {t.terminal.findPrevious}
        </button>
        <button type="button" class="button quiet small" onClick={() => find()}>
          {t.terminal.findNext}
        </button>
        <span role="status">{!found.value && t.terminal.findNone}</span>
        <IconButton icon="close" label={t.terminal.findClose} onClick={() => terminal.endFind()} />
      </form>
    </search>
  )
}
