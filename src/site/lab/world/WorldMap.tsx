import { useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { onThemeChange } from '../../theme.ts'
import { IconButton } from '../IconButton.tsx'
import { boxAt, layOut } from './layout.ts'
import { changedAt, heardAt, journeys, moment, selected, tiedTo, world } from './model.ts'
import { paint, readPalette, type View } from './paint.ts'
import { places, scrollTo } from './view.ts'

/** How long a change glows, ms. */
const GLOW = 1600
const ZOOM = { least: 0.05, most: 4, step: 1.25 }
/** Px */
const SMALL_SCREEN = 480
/** Px that an arrow key moves the map. */
const PAN = 60
/** A pointer that moved less, in px, has clicked. */
const CLICK = 4

/** The world as nested boxes on a canvas: dragged, zoomed by wheel, fingers or keys, clicked for details. The tree tells the same. */
export function WorldMap() {
  const canvas = useRef<HTMLCanvasElement>(null)
  /** Width by height, in steps: a dragged divider must not lay all out anew at each px. */
  const screenShape = useSignal(1.5)
  const laidOut = useComputed(() => layOut(world.value, screenShape.value))
  const view = useSignal<View>({ x: 0, y: 0, zoom: 1 })
  const hovered = useSignal<{ id: string; x: number; y: number } | undefined>(undefined)
  /** Whether the map fits itself: until somebody moves it. */
  const fits = useRef(true)
  const draw = useRef(() => {})

  const fitMap = () => {
    const element = canvas.current
    const { width, height } = laidOut.peek()
    if (!element || width === 0) return
    const whole = Math.min(1.4, element.clientWidth / width, element.clientHeight / height)
    // On a small screen names must be read: the rest is a drag away.
    const zoom = element.clientWidth < SMALL_SCREEN ? Math.max(0.6, whole) : whole
    view.value = {
      zoom,
      x: Math.max(0, (element.clientWidth - width * zoom) / 2),
      y: Math.max(0, (element.clientHeight - height * zoom) / 2),
    }
  }
  const zoomAt = (factor: number, at?: { x: number; y: number }) => {
    const element = canvas.current
    if (!element) return
    fits.current = false
    const { x, y, zoom } = view.peek()
    const next = Math.min(ZOOM.most, Math.max(ZOOM.least, zoom * factor))
    const { x: cx, y: cy } = at ?? { x: element.clientWidth / 2, y: element.clientHeight / 2 }
    view.value = { zoom: next, x: cx - ((cx - x) * next) / zoom, y: cy - ((cy - y) * next) / zoom }
  }
  const panBy = (dx: number, dy: number) => {
    fits.current = false
    const { x, y, zoom } = view.peek()
    view.value = { zoom, x: x + dx, y: y + dy }
  }

  useEffect(() => {
    const element = canvas.current!
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    const styles = getComputedStyle(element)
    const fonts = { sans: styles.getPropertyValue('--sans'), mono: styles.getPropertyValue('--mono') }
    let palette = readPalette(element.parentElement!)
    let frame = 0
    const render = () => {
      frame = 0
      const begun = performance.now()
      const fading = paint(element, {
        boxes: laidOut.peek().boxes,
        view: view.peek(),
        palette,
        fonts,
        selected: selected.peek(),
        hovered: hovered.peek()?.id,
        tied: new Set(selected.peek() ? tiedTo(selected.peek()!) : []),
        glow: (id) => (still ? 0 : Math.max(0, 1 - (begun - (changedAt.get(id) ?? -GLOW)) / GLOW)),
        traffic: { journeys: moment.peek() === undefined ? journeys.peek() : [], now: begun, still },
      })
      const done = performance.now()
      performance.measure('drydock:world-paint', { start: begun, end: done })
      if (heardAt.current > 0)
        performance.measure('drydock:world-update', { start: heardAt.current, end: done })
      heardAt.current = 0
      if (fading) draw.current()
    }
    draw.current = () => {
      frame ||= requestAnimationFrame(render)
    }
    const resized = new ResizeObserver(() => {
      const scale = devicePixelRatio || 1
      element.width = Math.round(element.clientWidth * scale)
      element.height = Math.round(element.clientHeight * scale)
      screenShape.value =
        Math.round(4 * Math.min(2.5, Math.max(0.75, element.clientWidth / element.clientHeight))) / 4
      if (fits.current) fitMap()
      // At once: an empty canvas must not flash.
      render()
    })
    resized.observe(element)
    const stopTheme = onThemeChange(() => {
      palette = readPalette(element.parentElement!)
      draw.current()
    })
    const wheel = (event: WheelEvent) => {
      event.preventDefault()
      zoomAt(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), {
        x: event.offsetX,
        y: event.offsetY,
      })
    }
    element.addEventListener('wheel', wheel, { passive: false })
    return () => {
      cancelAnimationFrame(frame)
      resized.disconnect()
      stopTheme()
      element.removeEventListener('wheel', wheel)
    }
  }, [])
  useSignalEffect(() => {
    places.value = laidOut.value.boxes
    if (fits.current) fitMap()
    draw.current()
  })
  useSignalEffect(() => {
    view.value
    selected.value
    hovered.value?.id
    journeys.value
    draw.current()
  })
  // The tree and the table lead here.
  useSignalEffect(() => {
    const box = scrollTo.value
    const element = canvas.current
    if (!box || !element) return
    fits.current = false
    const zoom = Math.max(view.peek().zoom, 0.9)
    view.value = {
      zoom,
      x: element.clientWidth / 2 - (box.x + box.width / 2) * zoom,
      y: element.clientHeight / 3 - (box.y + Math.min(box.height, 80) / 2) * zoom,
    }
  })

  const at = (event: PointerEvent | MouseEvent) => {
    const { x, y, zoom } = view.peek()
    return boxAt(laidOut.peek().boxes, (event.offsetX - x) / zoom, (event.offsetY - y) / zoom)
  }
  const pointers = useRef(new Map<number, { x: number; y: number }>())
  const travelled = useRef(0)

  function moved(event: PointerEvent) {
    const known = pointers.current
    const last = known.get(event.pointerId)
    if (!last) {
      const box = at(event)
      hovered.value = box && { id: box.part.id, x: event.offsetX, y: event.offsetY }
      return
    }
    const here = { x: event.offsetX, y: event.offsetY }
    const [other] = [...known].filter(([id]) => id !== event.pointerId).map(([, point]) => point)
    if (other) {
      const before = Math.hypot(last.x - other.x, last.y - other.y)
      const now = Math.hypot(here.x - other.x, here.y - other.y)
      if (before > 0) zoomAt(now / before, { x: (here.x + other.x) / 2, y: (here.y + other.y) / 2 })
      travelled.current = CLICK + 1
    } else {
      travelled.current += Math.abs(here.x - last.x) + Math.abs(here.y - last.y)
      if (travelled.current > CLICK) panBy(here.x - last.x, here.y - last.y)
    }
    known.set(event.pointerId, here)
  }

  function released(event: PointerEvent) {
    const held = pointers.current.delete(event.pointerId)
    if (event.type === 'pointerup' && held && travelled.current <= CLICK) selected.value = at(event)?.part.id
  }

  function key(event: KeyboardEvent) {
    const moves: Record<string, () => void> = {
      ArrowLeft: () => panBy(PAN, 0),
      ArrowRight: () => panBy(-PAN, 0),
      ArrowUp: () => panBy(0, PAN),
      ArrowDown: () => panBy(0, -PAN),
      '+': () => zoomAt(ZOOM.step),
      '=': () => zoomAt(ZOOM.step),
      '-': () => zoomAt(1 / ZOOM.step),
      '0': reset,
    }
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key]
    if (!move) return
    event.preventDefault()
    move()
  }

  function reset() {
    fits.current = true
    fitMap()
  }

  return (
    <div class="map">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label={t.world.mapLabel}
        onPointerDown={(event) => {
          if (event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          if (pointers.current.size === 0) travelled.current = 0
          pointers.current.set(event.pointerId, { x: event.offsetX, y: event.offsetY })
          hovered.value = undefined
        }}
        onPointerMove={moved}
        onPointerUp={released}
        onPointerCancel={released}
        onPointerLeave={() => {
          hovered.value = undefined
        }}
        onKeyDown={key}
      />
      <Tip of={hovered.value} />
      <div class="map-tools">
        <IconButton icon="plus" label={t.world.zoomIn} onClick={() => zoomAt(ZOOM.step)} />
        <IconButton icon="minus" label={t.world.zoomOut} onClick={() => zoomAt(1 / ZOOM.step)} />
        <IconButton icon="fit" label={t.world.fit} onClick={reset} />
      </div>
    </div>
  )
}

/** What the pointer is on, where the map has no room for it. */
function Tip({ of }: { of: { id: string; x: number; y: number } | undefined }) {
  const tip = useRef<HTMLParagraphElement>(null)
  const part = of && places.value.find((box) => box.part.id === of.id)?.part
  useEffect(() => {
    if (!of || !tip.current) return
    const room = (tip.current.offsetParent?.clientWidth ?? 0) - tip.current.offsetWidth - 8
    tip.current.style.translate = `${Math.max(0, Math.min(of.x + 14, room))}px ${of.y + 16}px`
  })
  if (!part) return null
  return (
    <p class="map-tip" ref={tip} aria-hidden="true">
      <b>{part.name}</b>
      <span>{t.world.kind[part.kind]}</span>
      {part.status && <span class={`state ${part.state}`}>{part.status}</span>}
    </p>
  )
}
