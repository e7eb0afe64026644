/**
 * Orders package versions: numbers by value, words by letters, a number after a word (`1.0` after `1.0rc1`). A simplification of
 * dpkg's, apk's, npm's and PEP 440's rules that agrees with them on released versions.
 */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [parts(a), parts(b)]
  for (let index = 0; index < Math.max(x.length, y.length); index++) {
    const [left, right] = [x[index] ?? 0, y[index] ?? 0]
    if (left === right) continue
    if (typeof left === 'number' && typeof right === 'number') return left - right
    if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : 1
    return typeof left === 'string' ? -1 : 1
  }
  return 0
}

const parts = (version: string): (number | string)[] =>
  (version.replace(/^(\d+:|v)/, '').match(/\d+|[a-z]+/gi) ?? []).map((part) =>
    /^\d/.test(part) ? Number(part) : part,
  )
