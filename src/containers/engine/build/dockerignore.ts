/**
 * Matches paths against the patterns of a .dockerignore: the last one that matches decides
 * (https://docs.docker.com/build/concepts/context/#dockerignore-files).
 */
export function ignoreMatcher(text: string): (path: string) => boolean {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== '!')
    .map((line) => {
      const negated = line.startsWith('!')
      const pattern = cleaned(negated ? line.slice(1).trim() : line)
      return { negated, expression: new RegExp(`^${patternSource(pattern)}(?:/.*)?$`) }
    })
  return (path) => {
    let ignored = false
    for (const { negated, expression } of rules) if (expression.test(path)) ignored = !negated
    return ignored
  }
}

/** `./a//b/../c/` → `a/c`; `.` stands for everything. */
function cleaned(pattern: string): string {
  const parts: string[] = []
  for (const part of pattern.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return parts.length > 0 ? parts.join('/') : '**'
}

/** `*` and `?` stop at a slash, `**` does not; `[a-z]` and `[^a-z]` are ranges, `\\` takes the next character as it is. */
function patternSource(pattern: string): string {
  let source = ''
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern[index]!
    if (char === '*') {
      if (pattern[index + 1] !== '*') source += '[^/]*'
      else {
        index++
        const beforeSlash = pattern[index + 1] === '/'
        if (beforeSlash) index++
        source += beforeSlash ? '(?:.*/)?' : '.*'
      }
    } else if (char === '?') source += '[^/]'
    else if (char === '[' && pattern.indexOf(']', index + 2) !== -1) {
      const end = pattern.indexOf(']', index + 2)
      source += pattern.slice(index, end + 1).replace(/\\/g, '\\\\')
      index = end
    } else if (char === '\\' && index + 1 < pattern.length) source += escaped(pattern[++index]!)
    else source += escaped(char)
  }
  return source
}

const escaped = (char: string) => char.replace(/[.+^${}()|[\]\\*?]/g, '\\$&')
