import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { StepState } from '#server/api.ts'
import { request } from '../../api.ts'
import { href } from '../../href.ts'
import { t } from '../../i18n/index.ts'
import { loadFonts } from '../../lab/terminal/screen.ts'
import { WorldView } from '../../lab/world/WorldView.tsx'
import { Lost } from '../Lost.tsx'
import { closeRecording, openRecording, replaying } from './replay/player.ts'
import { Replay } from './replay/Replay.tsx'
import { cohortId, connected, lab, look, refused, terminals } from './store.ts'
import type { WatchedTerminal } from './watched-terminal.ts'

/** A learner's work on a lab, as it goes on. */
export function LookIn() {
  if (refused.value)
    return (
      <div class="wrap">
        <p class="problem" role="alert">
          {refused.value}
        </p>
        <p>
          <a href={href('/classroom/')}>{t.courses.all}</a>
        </p>
      </div>
    )
  if (!look.value) return <span class="spinner" />
  return (
    <div class="board">
      <header class="board-head">
        <h1>{t.look.at(look.value.name)}</h1>
        <p>
          <span class="tag">{(replaying.value ? t.replay.seen : t.look.seen)(look.value.name)}</span>
          <Mode />
          <a class="button small" href={`${href('/classroom/')}#${cohortId}`}>
            {t.look.back}
          </a>
        </p>
      </header>
      <Lost connected={connected} />
      <div class={`look-columns ${replaying.value ? 'replaying' : ''}`}>
        <div class="look-main">
          {replaying.value && <Replay />}
          {/* Their connections stay. */}
          <div hidden={replaying.value}>
            <Terminals />
          </div>
          {lab.value?.started && (
            <section class="panel look-world" aria-labelledby="look-world-title">
              <h2 id="look-world-title">{t.look.world}</h2>
              <WorldView key={look.value.id} />
            </section>
          )}
        </div>
        <div class="board-side">
          {!replaying.value && <Keyboard />}
          <Steps />
        </div>
      </div>
    </div>
  )
}

/** How it goes, or how it went where that is recorded. */
function Mode() {
  if (lab.value?.recordedDays === undefined) return null
  return (
    <span class="look-mode">
      <button type="button" class="button small" aria-pressed={!replaying.value} onClick={closeRecording}>
        {t.replay.live}
      </button>
      <button
        type="button"
        class="button small"
        aria-pressed={replaying.value}
        onClick={() => replaying.value || void openRecording()}
      >
        {t.replay.open}
      </button>
    </span>
  )
}

function Terminals() {
  const chosen = useSignal('')
  const shown = terminals.value.find(({ id }) => id === chosen.value) ?? terminals.value[0]
  return (
    <section class="panel look-terminals" aria-labelledby="look-terminals-title">
      <h2 id="look-terminals-title">{t.look.terminals}</h2>
      {!shown && <p class="pane-empty">{t.look.noTerminal}</p>}
      {terminals.value.length > 1 && (
        <div class="tab-bar">
          {terminals.value.map((terminal) => (
            <button
              key={terminal.id}
              type="button"
              class="button small"
              aria-pressed={terminal === shown}
              onClick={() => {
                chosen.value = terminal.id
              }}
            >
              {terminal.title}
            </button>
          ))}
        </div>
      )}
      <div class="terminal-views">
        {terminals.value.map((terminal) => (
          <Screen key={terminal.id} terminal={terminal} shown={terminal === shown} />
        ))}
      </div>
    </section>
  )
}

function Screen({ terminal, shown }: { terminal: WatchedTerminal; shown: boolean }) {
  const screen = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = screen.current
    if (shown && element) void loadFonts().then(() => element.isConnected && terminal.open(element))
  }, [terminal, shown])
  const over = terminal.state.value === 'ended' || terminal.state.value === 'gone'
  return (
    <div class="terminal-view" hidden={!shown}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <section class="screen" ref={screen} tabIndex={0} aria-label={terminal.title} />
      {over && (
        <p class="terminal-notice" role="status">
          {t.terminal.ended}
        </p>
      )}
    </div>
  )
}

/** Who types. */
function Keyboard() {
  const { id, keyboard, name } = look.value!
  const set = (wanted: 'asked' | 'learner') =>
    request('POST', `/api/looks/${encodeURIComponent(id)}/keyboard`, { keyboard: wanted })
  const text = { learner: t.look.reading, asked: t.look.asked, shared: t.look.typing }[keyboard]
  return (
    <section class="panel" aria-labelledby="look-keyboard-title">
      <h2 id="look-keyboard-title">{t.look.keyboard}</h2>
      <p role="status">{text(name)}</p>
      <button
        type="button"
        class="button small"
        onClick={() => set(keyboard === 'learner' ? 'asked' : 'learner')}
      >
        {{ learner: t.look.ask, asked: t.look.askNoMore, shared: t.look.giveBack }[keyboard]}
      </button>
    </section>
  )
}

function Steps() {
  const steps = lab.value?.steps ?? []
  return (
    <section class="panel" aria-labelledby="look-steps-title">
      <h2 id="look-steps-title">{lab.value?.title ?? t.look.steps}</h2>
      {lab.value && !lab.value.started && <p>{t.look.notStarted}</p>}
      <ol class="look-steps">
        {steps.map((step) => (
          <Step key={step.id} step={step} />
        ))}
      </ol>
    </section>
  )
}

function Step({ step: { title, status, report } }: { step: StepState }) {
  const finding = status !== 'passed' && report?.findings.findLast((one) => one.status === 'failed')
  return (
    <li>
      {title}{' '}
      <span class={status === 'passed' ? 'cell-passed' : 'cell-failed'}>
        {status === 'passed' ? `✓ ${t.board.done}` : status === 'failed' ? t.board.working : ''}
      </span>
      {finding && (
        <small>
          {finding.title}
          {finding.observed && `: ${finding.observed}`}
        </small>
      )}
    </li>
  )
}
