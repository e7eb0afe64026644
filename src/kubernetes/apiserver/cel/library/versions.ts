import type { Environment } from '@marcbachmann/cel-js'

// Source: k8s.io/apiserver/pkg/cel/library/semverlib.go and github.com/blang/semver/v4, read 2026-11.

/** `kubernetes.Semver` */
class Semver {
  readonly numbers: readonly [major: bigint, minor: bigint, patch: bigint]
  /** Identifiers of a pre-release; numbers come before texts. */
  readonly before: readonly (bigint | string)[]
  constructor(numbers: [bigint, bigint, bigint], before: (bigint | string)[]) {
    this.numbers = numbers
    this.before = before
  }
}

const S = 'kubernetes.Semver'
const MOST = 2n ** 64n - 1n
const isDigits = (text: string) => /^\d*$/.test(text)
const isAlphanumeric = (text: string) => /^[0-9A-Za-z-]*$/.test(text)
const hasLeadingZero = (text: string) => text.length > 1 && text.startsWith('0')

function number(text: string): bigint {
  const why = text === '' ? 'invalid syntax' : BigInt(text) > MOST ? 'value out of range' : undefined
  if (why) throw new Error(`strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`)
  return BigInt(text)
}

function part(name: string, text: string): bigint {
  if (!isDigits(text))
    throw new Error(`Invalid character(s) found in ${name.toLowerCase()} number ${JSON.stringify(text)}`)
  if (hasLeadingZero(text))
    throw new Error(`${name} number must not contain leading zeroes ${JSON.stringify(text)}`)
  return number(text)
}

function identifier(text: string): bigint | string {
  if (text === '') throw new Error('Prerelease is empty')
  if (isDigits(text)) {
    if (hasLeadingZero(text))
      throw new Error(`Numeric PreRelease version must not contain leading zeroes ${JSON.stringify(text)}`)
    return number(text)
  }
  if (!isAlphanumeric(text))
    throw new Error(`Invalid character(s) found in prerelease ${JSON.stringify(text)}`)
  return text
}

/** Splits at the first `sign`. */
function cut(text: string, sign: string): [before: string, after: string | undefined] {
  const at = text.indexOf(sign)
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

const threeParts = (text: string): string[] => {
  const [major = '', minor, ...rest] = text.split('.')
  return minor === undefined ? [major] : rest.length === 0 ? [major, minor] : [major, minor, rest.join('.')]
}

function parse(text: string): Semver {
  if (text === '') throw new Error('Version string empty')
  const parts = threeParts(text)
  if (parts.length !== 3) throw new Error('No Major.Minor.Patch elements found')
  const [major, minor] = [part('Major', parts[0]!), part('Minor', parts[1]!)]
  const [version, build] = cut(parts[2]!, '+')
  const [digits, pre] = cut(version, '-')
  const patch = part('Patch', digits)
  const before = pre === undefined ? [] : pre.split('.').map(identifier)
  for (const text of build?.split('.') ?? []) {
    if (text === '') throw new Error('Build meta data is empty')
    if (!isAlphanumeric(text))
      throw new Error(`Invalid character(s) found in build meta data ${JSON.stringify(text)}`)
  }
  return new Semver([major, minor, patch], before)
}

/** `v1.02` → `1.2.0` */
function normalized(text: string): string {
  const parts = threeParts(text.replace(/^v/, '')).map((part) => {
    const left = part.length > 1 ? part.replace(/^0+/, '') : part
    return part.length > 1 && !/^\d/.test(left) ? `0${left}` : left
  })
  if (parts.length < 3 && /[+-]/.test(parts.at(-1)!))
    throw new Error('short version cannot contain PreRelease/Build meta data')
  while (parts.length < 3) parts.push('0')
  return parts.join('.')
}

function compare(a: Semver, b: Semver): number {
  for (const [index, number] of a.numbers.entries()) {
    if (number !== b.numbers[index]) return number > b.numbers[index]! ? 1 : -1
  }
  if (a.before.length === 0 || b.before.length === 0) return Math.sign(b.before.length - a.before.length)
  for (const [index, one] of a.before.entries()) {
    const other = b.before[index]
    if (other === undefined) return 1
    if (one === other) continue
    if (typeof one !== typeof other) return typeof one === 'bigint' ? -1 : 1
    return one > other ? 1 : -1
  }
  return a.before.length < b.before.length ? -1 : 0
}

function isVersion(text: string, normalize = false): boolean {
  try {
    parse(normalize ? normalized(text) : text)
    return true
  } catch {
    return false
  }
}

export function withVersions(environment: Environment): Environment {
  environment
    .registerType(S, { ctor: Semver, fields: {} })
    .registerFunction(`semver(string): ${S}`, parse)
    .registerFunction(`semver(string, bool): ${S}`, (text: string, normalize: boolean) =>
      parse(normalize ? normalized(text) : text),
    )
    .registerFunction('isSemver(string): bool', (text: string) => isVersion(text))
    .registerFunction('isSemver(string, bool): bool', isVersion)
    .registerFunction(`${S}.isGreaterThan(${S}): bool`, (a: Semver, b: Semver) => compare(a, b) > 0)
    .registerFunction(`${S}.isLessThan(${S}): bool`, (a: Semver, b: Semver) => compare(a, b) < 0)
    .registerFunction(`${S}.compareTo(${S}): int`, (a: Semver, b: Semver) => BigInt(compare(a, b)))
    .registerOperator(`${S} == ${S}`, (a: Semver, b: Semver) => compare(a, b) === 0)
  for (const [index, name] of ['major', 'minor', 'patch'].entries())
    environment.registerFunction(`${S}.${name}(): int`, ({ numbers }: Semver) => numbers[index]!)
  return environment
}
