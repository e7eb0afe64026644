import type { Box } from './layout.ts'
import type { Seen } from './model.ts'
import { middle, type Palette } from './paint.ts'

/** How long a request is under way from one stop to the next, ms. */
const LEG = 700
/** How long its way is seen after that, ms. */
const REST = 900

export interface Traffic {
  journeys: readonly Seen[]
  /** ms of the page's clock. */
  now: number
  /** Nothing moves: only the way is shown. */
  still: boolean
}

/** Draws requests on their way. Gives whether one still is, so that the next frame must be drawn, too. */
export function drawJourneys(
  context: CanvasRenderingContext2D,
  boxes: readonly Box[],
  palette: Palette,
  { journeys, now, still }: Traffic,
): boolean {
  let moving = false
  for (const { stops, at } of journeys) {
    const legs = stops.length - 1
    const age = now - at
    if (age > legs * LEG + REST) continue
    const points = stops.flatMap((stop) => {
      const box = boxes.find(({ part, width }) => part.id === stop && width > 0)
      return box ? [middle(box)] : []
    })
    if (points.length < 2) continue
    moving = true
    context.globalAlpha = Math.min(1, (legs * LEG + REST - age) / REST)
    context.strokeStyle = palette.accent
    context.lineWidth = 2.5
    context.setLineDash([2, 5])
    context.beginPath()
    context.moveTo(...points[0]!)
    for (const point of points.slice(1)) context.lineTo(...point)
    context.stroke()
    context.setLineDash([])
    const leg = Math.min(points.length - 2, Math.floor(age / LEG))
    const share = still ? 1 : Math.min(1, age / LEG - leg)
    const [[x1, y1], [x2, y2]] = [
      points[still ? points.length - 2 : leg]!,
      points[still ? points.length - 1 : leg + 1]!,
    ]
    context.beginPath()
    context.arc(x1 + (x2 - x1) * share, y1 + (y2 - y1) * share, 7, 0, 7)
    context.fillStyle = palette.accent
    context.fill()
    context.lineWidth = 2
    context.strokeStyle = palette.page
    context.stroke()
    context.globalAlpha = 1
  }
  return moving
}
