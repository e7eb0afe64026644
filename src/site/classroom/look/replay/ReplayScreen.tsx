import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../../../i18n/index.ts'
import { createScreen, loadFonts, type XtermScreen } from '../../../lab/terminal/screen.ts'
import { countUntil, type Line } from './output.ts'
import { outputs, position, shownTerminal } from './player.ts'

/** What the terminal showed at the position. It goes on from what it shows where it can, and begins anew where time went back. */
export function ReplayScreen() {
  const element = useRef<HTMLDivElement>(null)
  const screen = useRef<XtermScreen | undefined>()
  const shown = useRef({ terminal: '', count: 0 })

  const draw = () => {
    const { xterm } = screen.current ?? {}
    const terminal = shownTerminal.value
    const lines = terminal === undefined ? undefined : outputs.value.get(terminal)
    const count = lines ? countUntil(lines, position.value) : 0
    if (!xterm) return
    if (terminal !== shown.current.terminal || count < shown.current.count) {
      xterm.reset()
      shown.current = { terminal: terminal ?? '', count: 0 }
    }
    for (const line of lines?.slice(shown.current.count, count) ?? []) show(xterm, line)
    shown.current.count = count
  }
  useEffect(() => {
    let gone = false
    void loadFonts().then(() => {
      if (gone || !element.current) return
      screen.current = createScreen(element.current, t.replay.title, { shielded: true })
      screen.current.xterm.options.disableStdin = true
      draw()
    })
    return () => {
      gone = true
      screen.current?.dispose()
    }
  }, [])
  useSignalEffect(draw)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section class="screen" ref={element} tabIndex={0} aria-label={t.look.terminals} />
  )
}

function show(xterm: XtermScreen['xterm'], [, kind, value]: Line): void {
  if (kind === 'o') xterm.write(value)
  else if (kind === 'x') xterm.write(`\r\n[${t.replay.tooMuch(value)}]\r\n`)
  else {
    const [columns, rows] = value.split('x').map(Number)
    if (columns && rows) xterm.resize(columns, rows)
  }
}
