import type { Part } from '#server/api.ts'
import type { Place } from './model.ts'

/** A part's place on the map, in px at a zoom of 1. */
export interface Box {
  part: Part
  x: number
  y: number
  width: number
  height: number
  depth: number
  /** Whether it holds others: then its name stands in a line at its top. */
  holds: boolean
  /** A square without a text, where there are many of its like. */
  small: boolean
}

const GAP = 10
const PADDING = 12
const TITLE = 28
const TILE = { width: 168, height: 40 }
const SMALL = 22
const SMALL_GAP = 4
/** More pods than these on a node are squares. */
const MANY = 8
/** Width of a place by its height; the outer ones take that of the screen. */
const SHAPE = 1.5
const OUTER = new Set<Part['kind']>(['account', 'region'])

interface Measured {
  place: Place
  /** The machine that this is all of: they are drawn as one. */
  around?: Part
  width: number
  height: number
  inner: { child: Measured; x: number; y: number }[]
  small: boolean
}

/** Places each part in its parent, in rows as broad as they are good to look at. Linear in the number of parts. */
export function layOut(roots: Place[], shape = SHAPE): { boxes: Box[]; width: number; height: number } {
  const whole = arrange(
    roots.map((root) => measure(root, false, shape)),
    0,
    GAP * 2,
    shape,
  )
  const boxes: Box[] = []
  for (const { child, x, y } of whole.inner) put(child, x, y, 0, boxes)
  return { boxes, width: whole.width, height: whole.height }
}

function measure(place: Place, small: boolean, shape: number): Measured {
  const { part, places } = place
  if (places.length === 0) {
    const size = small ? { width: SMALL, height: SMALL } : TILE
    return { place, ...size, inner: [], small }
  }
  const [only] = places
  // An instance and the node on it are one machine.
  if (part.kind === 'instance' && places.length === 1 && only?.part.kind === 'node')
    return { ...measure(only, false, shape), around: part }
  const leaves = places.filter(({ places }) => places.length === 0)
  const crowded = leaves.filter(({ part }) => part.kind === 'pod' || part.kind === 'ecs-task').length > MANY
  const measured = places.map((child) => measure(child, crowded && child.places.length === 0, shape))
  return {
    place,
    ...arrange(measured, TITLE, crowded ? SMALL_GAP : GAP, OUTER.has(part.kind) ? shape : SHAPE),
    small: false,
  }
}

type Rows = Pick<Measured, 'width' | 'height' | 'inner'>

/**
 * Rows from left to right. Children come in whole tiles, so rows of the ideal breadth often leave a last column empty: then rows that
 * take one child more come nearer to the shape.
 */
function arrange(children: Measured[], title: number, gap: number, shape: number): Rows {
  const area = children.reduce((sum, { width, height }) => sum + (width + gap) * (height + gap), 0)
  const broadest = Math.max(0, ...children.map(({ width }) => width))
  const narrow = rowsOf(children, title, gap, Math.max(broadest, Math.sqrt(area * shape)))
  const next = narrow.inner.findIndex(({ y }) => y > title + PADDING)
  if (next < 0) return narrow
  const row = children.slice(0, next + 1).reduce((sum, { width }) => sum + width + gap, -gap)
  const broad = rowsOf(children, title, gap, Math.max(broadest, row))
  const off = ({ width, height }: Rows) => Math.abs(Math.log(width / height / shape))
  return off(broad) < off(narrow) ? broad : narrow
}

/** A row ends where the next child would make it broader than `breadth`. */
function rowsOf(children: Measured[], title: number, gap: number, breadth: number): Rows {
  const inner: Measured['inner'] = []
  let x = 0
  let y = 0
  let row = 0
  let width = 0
  for (const child of children) {
    if (x > 0 && x + child.width > breadth) {
      x = 0
      y += row + gap
      row = 0
    }
    inner.push({ child, x: PADDING + x, y: title + PADDING + y })
    x += child.width + gap
    width = Math.max(width, x - gap)
    row = Math.max(row, child.height)
  }
  return {
    width: Math.max(width, title > 0 ? TILE.width : 0) + 2 * PADDING,
    height: title + y + row + 2 * PADDING,
    inner,
  }
}

function put(measured: Measured, x: number, y: number, depth: number, boxes: Box[]): void {
  const { place, width, height, inner, small, around } = measured
  boxes.push({ part: place.part, x, y, width, height, depth, holds: inner.length > 0, small })
  // Only what is tied to it needs to know where it is.
  if (around)
    boxes.push({
      part: around,
      x: x + width / 2,
      y: y + TITLE / 2,
      width: 0,
      height: 0,
      depth,
      holds: false,
      small: true,
    })
  for (const { child, x: dx, y: dy } of inner) put(child, x + dx, y + dy, depth + 1, boxes)
}

/** The innermost box at a point. */
export function boxAt(boxes: Box[], x: number, y: number): Box | undefined {
  return boxes.findLast((box) => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height)
}
