import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ApiProblem } from '#server/api.ts'
import { t } from '../../i18n/index.ts'
import { Icon } from '../Icon.tsx'
import { Problem } from '../Problem.tsx'
import { problemOf } from '../session.ts'
import { link } from '../store.ts'
import { World } from '../World.tsx'
import type { LabTerminal } from './lab-terminal.ts'
import { Questions } from './Questions.tsx'
import {
  active,
  addTerminal,
  closeTerminal,
  leaveTerminals,
  openTerminals,
  showTerminal,
  terminals,
} from './sessions.ts'
import { TerminalSettings } from './TerminalSettings.tsx'
import { TerminalView } from './TerminalView.tsx'

/** The learner's terminals as tabs. */
export function Terminals() {
  const problem = useSignal<ApiProblem['error'] | undefined>(undefined)
  const attempt = async (action: () => Promise<void>) => {
    problem.value = undefined
    await action().catch((error) => {
      problem.value = problemOf(error)
    })
  }

  const online = link.value === 'connected'
  useEffect(() => {
    if (online && terminals.peek().length === 0) void attempt(openTerminals)
  }, [online])
  useEffect(() => leaveTerminals, [])
  useEffect(() => {
    const back = (event: KeyboardEvent) => {
      if (event.code !== 'F6' || event.defaultPrevented) return
      event.preventDefault()
      active.peek()?.focus()
    }
    addEventListener('keydown', back)
    return () => removeEventListener('keydown', back)
  }, [])

  return (
    <>
      <World />
      <div class="tab-bar">
        <div role="tablist" aria-label={t.terminal.tabs} onKeyDown={moveBetweenTabs}>
          {terminals.value.map((terminal) => (
            <Tab key={terminal.id} terminal={terminal} />
          ))}
        </div>
        {terminals.value.length > 1 && active.value && (
          <button
            type="button"
            class="icon-button"
            aria-label={t.terminal.close(active.value.name)}
            title={t.terminal.close(active.value.name)}
            onClick={() => active.value && attempt(() => closeTerminal(active.value!))}
          >
            <Icon name="close" />
          </button>
        )}
        <button
          type="button"
          class="icon-button"
          aria-label={t.terminal.new}
          title={t.terminal.new}
          onClick={() => attempt(addTerminal)}
        >
          <Icon name="plus" />
        </button>
        <span class="leave-hint">{t.terminal.leave}</span>
        <TerminalSettings />
      </div>
      {problem.value && <Problem problem={problem.value} />}
      {terminals.value.map((terminal) => (
        <TerminalView key={terminal.id} terminal={terminal} shown={terminal === active.value} />
      ))}
      <Questions />
    </>
  )
}

function Tab({ terminal }: { terminal: LabTerminal }) {
  const selected = terminal === active.value
  return (
    <button
      type="button"
      role="tab"
      id={`tab-${terminal.id}`}
      aria-selected={selected}
      aria-controls={`panel-${terminal.id}`}
      tabIndex={selected ? 0 : -1}
      title={terminal.title.value || undefined}
      onClick={() => {
        showTerminal(terminal.id)
        terminal.focus()
      }}
    >
      {terminal.name}
    </button>
  )
}

/** Arrow keys, Home and End go through the tabs, as the tabs pattern of ARIA asks. */
function moveBetweenTabs(event: KeyboardEvent) {
  const all = terminals.value
  const at = active.value ? all.indexOf(active.value) : 0
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key]
  const next = to === undefined ? undefined : all.at(to % all.length)
  if (!next) return
  event.preventDefault()
  showTerminal(next.id)
  document.getElementById(`tab-${next.id}`)?.focus()
}
