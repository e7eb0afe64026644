import { useRef } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { SIZES, type SizeName, sizes } from './sizes.ts'

/** How much an arrow key moves, in percent; with Shift. */
const STEP = 2
const BIG_STEP = 10
/** A pointer that moved less, in px, has clicked. */
const CLICK = 3

interface Props {
  size: SizeName
  /** What it resizes. */
  label: string
  /** Whether it is a horizontal bar between panes that stand above one another. */
  horizontal?: boolean
}

/**
 * The bar between two panes: dragged, moved by arrow keys, Home and End, or clicked to go through three sizes, for those
 * who cannot drag. https://www.w3.org/WAI/ARIA/apg/patterns/windowsplitter/ (read 2026-11)
 */
export function Divider({ size, label, horizontal = false }: Props) {
  const { least, most, presets } = SIZES[size]
  const share = sizes[size]
  const from = useRef<{ at: number; share: number; whole: number; moved: boolean } | undefined>(undefined)
  const set = (value: number) => {
    share.value = Math.round(Math.min(most, Math.max(least, value)) * 10) / 10
  }

  function key(event: KeyboardEvent) {
    const by = event.shiftKey ? BIG_STEP : STEP
    const [less, more] = horizontal ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight']
    if (event.key === less) set(share.value - by)
    else if (event.key === more) set(share.value + by)
    else if (event.key === 'Home') set(least)
    else if (event.key === 'End') set(most)
    else if (event.key === 'Enter') cycle()
    else return
    event.preventDefault()
  }

  function cycle() {
    const at = presets.findIndex((preset) => Math.abs(preset - share.value) < 1)
    set(presets[(at + 1) % presets.length] ?? presets[0])
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> cannot be moved
    <div
      class={`divider ${horizontal ? 'horizontal' : 'vertical'}`}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={horizontal ? 'horizontal' : 'vertical'}
      aria-valuemin={least}
      aria-valuemax={most}
      aria-valuenow={Math.round(share.value)}
      title={t.layout.dividerHelp}
      onKeyDown={key}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        const box = wholeOf(event.currentTarget)?.getBoundingClientRect()
        from.current = {
          at: horizontal ? event.clientY : event.clientX,
          share: share.value,
          whole: (horizontal ? box?.height : box?.width) || 1,
          moved: false,
        }
      }}
      onPointerMove={(event) => {
        const start = from.current
        if (!start) return
        const by = (horizontal ? event.clientY : event.clientX) - start.at
        start.moved ||= Math.abs(by) > CLICK
        if (start.moved) set(start.share + (by / start.whole) * 100)
      }}
      onPointerUp={() => {
        if (from.current && !from.current.moved) cycle()
        from.current = undefined
      }}
      onPointerCancel={() => {
        from.current = undefined
      }}
    />
  )
}

/** The element that the panes divide: the nearest that has a box of its own. */
function wholeOf(divider: HTMLElement): HTMLElement | undefined {
  let parent = divider.parentElement
  while (parent && getComputedStyle(parent).display === 'contents') parent = parent.parentElement
  return parent ?? undefined
}
