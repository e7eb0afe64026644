import { useSignal } from '@preact/signals'
import { Fragment } from 'preact'
import { useEffect } from 'preact/hooks'
import type { ApiProblem } from '#server/api.ts'
import { t } from '../../i18n/index.ts'
import { AccountBar } from '../AccountBar.tsx'
import { IconButton } from '../IconButton.tsx'
import { Divider } from '../layout/Divider.tsx'
import { Problem } from '../Problem.tsx'
import { problemOf } from '../session.ts'
import { lab, link } from '../store.ts'
import { focusNext } from './bridge.ts'
import type { LabTerminal } from './lab-terminal.ts'
import { colours } from './preferences.ts'
import { Questions } from './Questions.tsx'
import { Recorded } from './Recorded.tsx'
import {
  active,
  addTerminal,
  beside,
  closeTerminal,
  leaveTerminals,
  openTerminals,
  shown,
  showTerminal,
  terminals,
  toggleSplit,
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

  return (
    <>
      <AccountBar />
      <div class="tab-bar">
        <div
          role="tablist"
          aria-label={t.terminal.tabs}
          aria-multiselectable={beside.value !== undefined}
          onKeyDown={moveBetweenTabs}
        >
          {terminals.value.map((terminal) => (
            <Tab key={terminal.id} terminal={terminal} />
          ))}
        </div>
        {terminals.value.length > 1 && active.value && (
          <IconButton
            icon="close"
            label={t.terminal.close(active.value.name)}
            onClick={() => active.value && attempt(() => closeTerminal(active.value!))}
          />
        )}
        <IconButton icon="plus" label={t.terminal.new} onClick={() => attempt(addTerminal)} />
        <IconButton
          class="split-button"
          icon="both"
          label={t.terminal.split}
          aria-pressed={beside.value !== undefined}
          onClick={() => attempt(toggleSplit)}
        />
        <span class="leave-hint">{t.terminal.leave}</span>
        <TerminalSettings />
      </div>
      <Recorded />
      {lab.value?.full && (
        <Problem problem={t.terminal.homeFull(lab.value.full.used, lab.value.full.quota)} />
      )}
      {problem.value && <Problem problem={problem.value} />}
      <div class="terminal-views" data-colours={colours.value}>
        {terminals.value.map((terminal) => (
          <Fragment key={terminal.id}>
            <TerminalView terminal={terminal} shown={shown.value.includes(terminal)} />
            {beside.value && terminal === shown.value[0] && (
              <Divider size="split" label={t.layout.splitSize} />
            )}
          </Fragment>
        ))}
      </div>
      <Questions />
    </>
  )
}

function Tab({ terminal }: { terminal: LabTerminal }) {
  const selected = shown.value.includes(terminal)
  return (
    <button
      type="button"
      role="tab"
      id={`tab-${terminal.id}`}
      aria-selected={selected}
      aria-controls={`panel-${terminal.id}`}
      tabIndex={terminal === active.value ? 0 : -1}
      title={terminal.title.value || undefined}
      onClick={() => {
        if (selected) return terminal.focus()
        // What is hidden takes no focus: its view does when it is shown.
        focusNext.value = true
        showTerminal(terminal.id)
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
