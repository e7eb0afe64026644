import { useEffect, useRef } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { announcement } from '../store.ts'
import { focusNext } from './bridge.ts'
import { FindBar } from './FindBar.tsx'
import type { LabTerminal } from './lab-terminal.ts'
import { loadFonts } from './screen.ts'
import { active, replaceTerminal, showTerminal } from './sessions.ts'

/** A tab's panel: the screen, and over it what is wrong with the connection. */
export function TerminalView({ terminal, shown }: { terminal: LabTerminal; shown: boolean }) {
  const screen = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!shown || !screen.current) return
    terminal.onLeave = () => {
      document.getElementById(`tab-${terminal.id}`)?.focus()
      announcement.value = t.terminal.left
    }
    const element = screen.current
    void loadFonts().then(() => {
      if (!element.isConnected) return
      terminal.open(element)
      terminal.fit()
      if (!focusNext.peek() || active.peek() !== terminal) return
      focusNext.value = false
      terminal.focus()
    })
  }, [terminal, shown])

  return (
    <div
      role="tabpanel"
      id={`panel-${terminal.id}`}
      aria-labelledby={`tab-${terminal.id}`}
      class={`terminal-view ${terminal === active.value ? 'active' : ''}`}
      hidden={!shown}
      onFocusIn={() => terminal !== active.value && showTerminal(terminal.id)}
    >
      {terminal.finding.value && <FindBar terminal={terminal} />}
      <div class="screen" ref={screen} />
      <Overlay terminal={terminal} />
    </div>
  )
}

function Overlay({ terminal }: { terminal: LabTerminal }) {
  const state = terminal.state.value
  if (state === 'attached')
    return terminal.replacesLost.value ? (
      <p class="terminal-notice" role="status">
        {t.terminal.replaced}
        <button
          type="button"
          class="button small"
          onClick={() => {
            terminal.replacesLost.value = false
            terminal.focus()
          }}
        >
          {t.terminal.goOn}
        </button>
      </p>
    ) : null
  if (state === 'connecting' || state === 'lost')
    return (
      <p class="terminal-notice" role="status">
        <span class="spinner" />
        {state === 'lost' ? t.connection.reconnecting : t.connection.connecting}
      </p>
    )
  if (state === 'taken')
    return (
      <p class="terminal-notice" role="status">
        {t.terminal.taken}
        <button type="button" class="button small" onClick={() => terminal.reconnect()}>
          {t.terminal.takeBack}
        </button>
      </p>
    )
  const code = terminal.exitCode.value
  return (
    <p class="terminal-notice" role="status">
      {state === 'gone' ? t.terminal.lost : code ? t.terminal.endedCode(code) : t.terminal.ended}
      <button type="button" class="button small" onClick={() => void replaceTerminal(terminal)}>
        {t.terminal.startNew}
      </button>
    </p>
  )
}
