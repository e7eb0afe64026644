const SUFFIXES: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** A resource quantity (`100m`, `1.5Gi`, `2e3`) in its base unit: cores, bytes, pieces. NaN when it is none. */
export function parseQuantity(quantity: string | number | undefined): number {
  if (quantity === undefined) return 0
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$/.exec(String(quantity))
  const factor = match && SUFFIXES[match[2]!]
  return factor === null || factor === undefined ? Number.NaN : Number(match![1]) * factor
}

/** In thousandths, rounded up: milli-CPU, so that sums are exact. */
export const parseMilli = (quantity: string | number | undefined): number =>
  Math.ceil(Math.round(parseQuantity(quantity) * 1e6) / 1e3)
