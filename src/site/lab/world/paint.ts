import type { Part, PartState } from '#server/api.ts'
import type { Box } from './layout.ts'
import { drawJourneys, type Traffic } from './paint-journeys.ts'

/** The page's colours as a canvas takes them. */
export type Palette = Record<(typeof TOKENS)[number], string>

const TOKENS = [
  'page',
  'surface',
  'raised',
  'sunken',
  'line',
  'line-strong',
  'ink',
  'muted',
  'accent',
  'sea',
  'sea-wash',
  'good',
  'good-wash',
  'wait',
  'wait-wash',
  'bad',
  'bad-wash',
  'focus',
] as const

/** Reads the tokens as the page has resolved them: light or dark. */
export function readPalette(near: HTMLElement): Palette {
  const probe = near.appendChild(document.createElement('span'))
  const palette = Object.fromEntries(
    TOKENS.map((name) => {
      probe.style.color = `var(--${name})`
      return [name, getComputedStyle(probe).color]
    }),
  ) as Palette
  probe.remove()
  return palette
}

export interface View {
  /** Where the map's origin is on the screen, and how large the map is shown. */
  x: number
  y: number
  zoom: number
}

export interface Scene {
  boxes: Box[]
  view: View
  palette: Palette
  fonts: { sans: string; mono: string }
  selected: string | undefined
  hovered: string | undefined
  tied: ReadonlySet<string>
  /** From 1, just changed, to 0. */
  glow(id: string): number
  traffic: Traffic
}

/** Text smaller than this on the screen is not drawn, px. */
const LEGIBLE = 5.5

/** Draws what is in sight. Gives whether something still fades, so that the next frame must be drawn, too. */
export function paint(canvas: HTMLCanvasElement, scene: Scene): boolean {
  const context = canvas.getContext('2d', { alpha: false })
  if (!context) return false
  const scale = devicePixelRatio || 1
  const { view, palette, boxes } = scene
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.fillStyle = palette.page
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.setTransform(scale * view.zoom, 0, 0, scale * view.zoom, scale * view.x, scale * view.y)
  const right = (canvas.width / scale - view.x) / view.zoom
  const bottom = (canvas.height / scale - view.y) / view.zoom
  const left = -view.x / view.zoom
  const top = -view.y / view.zoom
  let fading = false
  for (const box of boxes) {
    if (
      box.width === 0 ||
      box.x > right ||
      box.y > bottom ||
      box.x + box.width < left ||
      box.y + box.height < top
    )
      continue
    const glow = scene.glow(box.part.id)
    fading ||= glow > 0
    drawBox(context, box, scene, glow)
  }
  drawTies(context, scene)
  return drawJourneys(context, boxes, palette, scene.traffic) || fading
}

function drawBox(context: CanvasRenderingContext2D, box: Box, scene: Scene, glow: number): void {
  const { palette, view } = scene
  const { part, x, y, width, height } = box
  const colours = look(box, palette)
  context.beginPath()
  context.roundRect(x, y, width, height, box.small ? 4 : 7)
  context.fillStyle = colours.fill
  context.fill()
  const chosen = part.id === scene.selected
  context.lineWidth = chosen ? 3 : part.id === scene.hovered || scene.tied.has(part.id) ? 2 : 1
  context.strokeStyle =
    chosen || part.id === scene.hovered || scene.tied.has(part.id) ? palette.focus : colours.line
  if (part.kind === 'aws-vpc') context.setLineDash([6, 4])
  context.stroke()
  context.setLineDash([])
  if (glow > 0) {
    context.globalAlpha = glow
    context.lineWidth = 3 + 5 * glow
    context.strokeStyle = palette.accent
    context.stroke()
    context.globalAlpha = 1
  }
  if (!box.small && 13 * view.zoom >= LEGIBLE) drawText(context, box, scene, colours.text)
}

function drawText(context: CanvasRenderingContext2D, box: Box, scene: Scene, colour: string): void {
  const { palette, fonts } = scene
  const { part, x, y, width } = box
  context.textBaseline = 'middle'
  let from = x + 10
  if (part.state !== 'plain') {
    context.beginPath()
    context.arc(from + 4, y + (box.holds ? 17 : 14), 4.5, 0, 7)
    context.fillStyle = stateColour(part.state, palette)
    context.fill()
    from += 15
  }
  const room = x + width - from - 8
  context.font = `600 13px ${fonts.sans}`
  context.fillStyle = colour
  const line = box.holds ? y + 17.5 : y + 14
  const written = fitted(context, part.name, room)
  context.fillText(written, from, line)
  context.font = `12px ${fonts.sans}`
  context.fillStyle = palette.muted
  if (!box.holds) {
    const below = part.status ?? noteOf(part) ?? ''
    context.fillText(fitted(context, below, width - 20), x + 10, y + 28.5)
    return
  }
  context.font = `600 13px ${fonts.sans}`
  const after = context.measureText(written).width + 10
  context.font = `12px ${fonts.sans}`
  const note = part.status ?? part.facts?.CIDR
  if (note && room - after > 40) context.fillText(fitted(context, note, room - after), from + after, line)
}

/** The first fact that is more than a name again. */
function noteOf({ facts = {} }: Part): string | undefined {
  return Object.entries(facts).find(([name]) => name !== 'Id')?.[1]
}

/** Lines between the selected part and those that it is tied to. */
function drawTies(context: CanvasRenderingContext2D, { boxes, selected, tied, palette }: Scene): void {
  if (!selected || tied.size === 0) return
  const from = boxes.find(({ part }) => part.id === selected)
  if (!from) return
  context.strokeStyle = palette.focus
  context.lineWidth = 2
  for (const to of boxes) {
    if (!tied.has(to.part.id)) continue
    const [x1, y1] = middle(from)
    const [x2, y2] = middle(to)
    context.beginPath()
    context.moveTo(x1, y1)
    context.bezierCurveTo(x1, (y1 + y2) / 2, x2, (y1 + y2) / 2, x2, y2)
    context.stroke()
  }
}

export const middle = (box: Box): [number, number] => [
  box.x + box.width / 2,
  box.y + (box.holds ? 14 : box.height / 2),
]

function look(box: Box, palette: Palette): { fill: string; line: string; text: string } {
  const { kind, state } = box.part
  if (!box.holds && state !== 'plain')
    return {
      fill: {
        good: palette['good-wash'],
        waiting: palette['wait-wash'],
        bad: palette['bad-wash'],
        off: palette.sunken,
      }[state],
      line: stateColour(state, palette),
      text: state === 'off' ? palette.muted : palette.ink,
    }
  if (kind === 'vpc' || kind === 'aws-vpc')
    return { fill: palette['sea-wash'], line: palette.sea, text: palette.sea }
  const line = state === 'plain' || state === 'good' ? palette.line : stateColour(state, palette)
  const fill =
    kind === 'subnet' || kind === 'repository'
      ? palette.sunken
      : box.depth === 0
        ? palette.page
        : palette.surface
  return { fill, line: box.depth < 2 ? palette['line-strong'] : line, text: palette.ink }
}

function stateColour(state: PartState, palette: Palette): string {
  return {
    good: palette.good,
    waiting: palette.wait,
    bad: palette.bad,
    off: palette['line-strong'],
    plain: palette.muted,
  }[state]
}

const widths = new Map<string, string>()

/** A text cut to a width, remembered: measuring is what takes time. */
function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  const key = `${context.font}\0${Math.round(width)}\0${text}`
  const known = widths.get(key)
  if (known !== undefined) return known
  if (widths.size > 5000) widths.clear()
  let cut = text
  if (context.measureText(text).width > width) {
    let fits = 0
    let over = text.length
    while (over - fits > 1) {
      const half = (fits + over) >> 1
      if (context.measureText(`${text.slice(0, half)}…`).width > width) over = half
      else fits = half
    }
    cut = fits > 0 ? `${text.slice(0, fits)}…` : ''
  }
  widths.set(key, cut)
  return cut
}
