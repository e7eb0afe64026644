interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** The ends of an arrow between two boxes: where the line between their centres crosses their edges. */
export function border(from: Box, to: Box): { x1: number; y1: number; x2: number; y2: number } {
  const [a, b] = [centre(from), centre(to)]
  const start = edge(from, a, b)
  const end = edge(to, b, a)
  return { x1: start.x, y1: start.y, x2: end.x, y2: end.y }
}

const centre = ({ x, y, width, height }: Box) => ({ x: x + width / 2, y: y + height / 2 })

function edge(box: Box, from: { x: number; y: number }, to: { x: number; y: number }) {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const scale = Math.min(
    dx === 0 ? Infinity : box.width / 2 / Math.abs(dx),
    dy === 0 ? Infinity : box.height / 2 / Math.abs(dy),
  )
  return { x: Math.round(from.x + dx * scale), y: Math.round(from.y + dy * scale) }
}
