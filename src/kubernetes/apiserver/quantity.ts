// Models k8s.io/apimachinery/pkg/api/resource.Quantity.

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const NANO = 10n ** 9n

interface Parsed {
  /** In billionths, rounded up. */
  nano: bigint
  format: 'binary' | 'decimal' | 'exponent'
}

function parse(text: string): Parsed | undefined {
  const match = text.match(FORM)
  if (!match || (!match[2] && !match[3])) return undefined
  const [, sign, whole, fraction = '', suffix = ''] = match
  let scaled = BigInt(`${whole || '0'}${fraction}`) * NANO
  let format: Parsed['format'] = 'decimal'
  let divisor = 10n ** BigInt(fraction.length)
  if (BINARY.indexOf(suffix) > 0) {
    format = 'binary'
    scaled *= 1024n ** BigInt(BINARY.indexOf(suffix))
  } else if (/^[eE]./.test(suffix)) {
    format = 'exponent'
    const exponent = Number(suffix.slice(1))
    if (Math.abs(exponent) > 36) return undefined
    if (exponent >= 0) scaled *= 10n ** BigInt(exponent)
    else divisor *= 10n ** BigInt(-exponent)
  } else {
    const power = DECIMAL.indexOf(suffix) - 3
    if (power >= 0) scaled *= 1000n ** BigInt(power)
    else divisor *= 1000n ** BigInt(-power)
  }
  const nano = (scaled + divisor - 1n) / divisor
  return { nano: sign === '-' ? -nano : nano, format }
}

/** The sum of quantities in canonical form, in the format of the first that is not zero. What is no quantity counts as 0. */
export function sumQuantities(values: (string | number)[]): string {
  let nano = 0n
  let format: Parsed['format'] | undefined
  for (const value of values) {
    const parsed = parse(String(value).trim())
    if (!parsed) continue
    if (parsed.nano !== 0n) format ??= parsed.format
    nano += parsed.nano
  }
  return show({ nano, format: format ?? 'decimal' })
}

/** The negative of a quantity. */
export const negative = (value: string | number): string => {
  const parsed = parse(String(value).trim())
  return parsed ? show({ ...parsed, nano: -parsed.nano }) : '0'
}

/** Below, at or above 0 as the first is less than, equal to or more than the second. */
export function compareQuantities(a: string | number, b: string | number): number {
  const [left, right] = [parse(String(a).trim())?.nano ?? 0n, parse(String(b).trim())?.nano ?? 0n]
  return left < right ? -1 : left > right ? 1 : 0
}

/** The canonical form: `1000m` → `1`, `0.5` → `500m`, `1024Mi` → `1Gi`. Undefined for what is not a quantity. */
export function canonicalQuantity(value: string | number): string | undefined {
  const parsed = parse(String(value).trim())
  return parsed && show(parsed)
}

function show({ nano, format }: Parsed): string {
  if (nano === 0n) return '0'
  const sign = nano < 0n ? '-' : ''
  let rest = nano < 0n ? -nano : nano
  if (format === 'binary' && rest >= 1024n * NANO && rest % NANO === 0n) {
    rest /= NANO
    let power = 0
    while (rest % 1024n === 0n && power < BINARY.length - 1) {
      rest /= 1024n
      power++
    }
    return `${sign}${rest}${BINARY[power]}`
  }
  let power = 0
  while (rest % 1000n === 0n && power < DECIMAL.length - 1) {
    rest /= 1000n
    power++
  }
  const exponent = (power - 3) * 3
  return `${sign}${rest}${format === 'exponent' ? (exponent === 0 ? '' : `e${exponent}`) : DECIMAL[power]}`
}

/** A quantity as a number (cores, bytes); NaN for what is not one. */
export function quantityValue(value: string | number): number {
  const parsed = parse(String(value).trim())
  return parsed ? Number(parsed.nano) / 1e9 : Number.NaN
}
