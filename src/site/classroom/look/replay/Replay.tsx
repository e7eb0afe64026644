import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../../../i18n/index.ts'
import { lookBack } from '../../../lab/world/look-back.ts'
import { terminals } from '../store.ts'
import type { Beat } from './beats.ts'
import {
  beats,
  chosen,
  current,
  findingFrom,
  jump,
  leavesOutPauses,
  outputs,
  pause,
  play,
  playing,
  position,
  problem,
  recording,
  SPEEDS,
  shownTerminal,
  span,
  speed,
} from './player.ts'
import { ReplayScreen } from './ReplayScreen.tsx'

const timeText = (at: number) => new Date(at).toLocaleString([], { dateStyle: 'short', timeStyle: 'medium' })

/** How a learner's lab went: terminals, checks, hints and calls, at any moment of it. */
export function Replay() {
  if (problem.value)
    return (
      <p class="problem" role="alert">
        {problem.value}
      </p>
    )
  if (!recording.value) return <span class="spinner" />
  if (!span.value) return <p class="pane-empty">{t.replay.nothing}</p>
  return (
    <section class="panel replay" aria-labelledby="replay-title">
      <h2 id="replay-title">{t.replay.title}</h2>
      <Controls />
      <div class="replay-columns">
        <div class="look-terminals">
          <Tabs />
          {outputs.value.size > 0 ? <ReplayScreen /> : <p class="pane-empty">{t.replay.noTerminal}</p>}
        </div>
        <Beats />
      </div>
    </section>
  )
}

function Controls() {
  const { from, until } = span.value!
  const said = useSignal('')
  const go = (at: number | undefined) => {
    if (at === undefined) return
    pause()
    jump(at)
    said.value = beats.value[current.value]?.text ?? ''
  }
  const place = (at: number) => `${((at - from) / Math.max(1, until - from)) * 100}%`
  return (
    <div class="replay-controls">
      <button type="button" class="button primary small" onClick={() => (playing.value ? pause() : play())}>
        {playing.value ? t.replay.pause : t.replay.play}
      </button>
      <label>
        {t.replay.speed}{' '}
        <select
          value={speed.value}
          onChange={({ currentTarget }) => {
            speed.value = Number(currentTarget.value)
          }}
        >
          {SPEEDS.map((one) => (
            <option key={one} value={one}>
              {one}×
            </option>
          ))}
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={leavesOutPauses.value}
          onChange={({ currentTarget }) => {
            leavesOutPauses.value = currentTarget.checked
          }}
        />{' '}
        {t.replay.leaveOutPauses}
      </label>
      <span class="replay-findings">
        {([-1, 1] as const).map((by) => (
          <button
            key={by}
            type="button"
            class="button small"
            disabled={findingFrom(by) === undefined}
            onClick={() => go(findingFrom(by))}
          >
            {by === 1 ? t.replay.nextFinding : t.replay.previousFinding}
          </button>
        ))}
      </span>
      <div class="replay-place">
        <div class="replay-marks" aria-hidden="true">
          {beats.value
            .filter(({ kind }) => kind === 'finding' || kind === 'passed')
            .map(({ at, kind }, index) => (
              <i key={index} class={kind} style={{ left: place(at) }} />
            ))}
        </div>
        <input
          type="range"
          min={from}
          max={until}
          step="any"
          value={position.value}
          aria-label={t.replay.position}
          aria-valuetext={`${timeText(position.value)} ${beats.value[current.value]?.text ?? ''}`}
          onInput={({ currentTarget }) => {
            pause()
            jump(Number(currentTarget.value))
          }}
        />
        <time dateTime={new Date(position.value).toISOString()}>{timeText(position.value)}</time>
      </div>
      <p class="visually-hidden" role="status">
        {said.value}
      </p>
    </div>
  )
}

function Tabs() {
  const ids = [...outputs.value.keys()]
  if (ids.length < 2) return null
  const titles = new Map(terminals.value.map(({ id, title }) => [id, title]))
  return (
    <div class="tab-bar">
      {ids.map((id, index) => (
        <button
          key={id}
          type="button"
          class="button small"
          aria-pressed={id === shownTerminal.value}
          onClick={() => {
            chosen.value = chosen.value === id ? '' : id
          }}
        >
          {titles.get(id) ?? t.replay.terminal(index + 1)}
        </button>
      ))}
    </div>
  )
}

function Beats() {
  const list = useRef<HTMLOListElement>(null)
  const at = current.value
  useEffect(() => {
    const shown = list.current
    const item = shown?.children[at] as HTMLElement | undefined
    // Only the list scrolls: the page stays where the reader is.
    if (shown && item) shown.scrollTop = item.offsetTop - shown.offsetTop - shown.clientHeight / 3
  }, [at])
  return (
    <ol class="replay-beats" ref={list} aria-label={t.replay.happened}>
      {beats.value.map((beat, index) => (
        <li key={index} aria-current={index === at ? 'step' : undefined} class={beat.kind}>
          <BeatButton beat={beat} />
        </li>
      ))}
    </ol>
  )
}

function BeatButton({ beat: { at, text, detail, kind, call } }: { beat: Beat }) {
  return (
    <>
      <button
        type="button"
        onClick={() => {
          pause()
          jump(at)
        }}
      >
        <time dateTime={new Date(at).toISOString()}>{new Date(at).toLocaleTimeString()}</time>
        <span>
          <strong>{t.replay.kinds[kind]}</strong> {text}
        </span>
        {detail && <small>{detail}</small>}
      </button>
      {call && (
        <button
          type="button"
          class="button quiet small"
          onClick={() => {
            void lookBack(call)
            document.getElementById('look-world-title')?.scrollIntoView()
          }}
        >
          {t.calls.look}
        </button>
      )}
    </>
  )
}
