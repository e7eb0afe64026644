// The options of `perl`, as the program text that they stand for (https://perldoc.perl.org/perlrun).

export interface PerlCommand {
  /** Given with `-e`. */
  code?: string
  /** The script; undefined reads it from standard input. */
  file?: string
  args: string[]
  /** What runs before the program. */
  before: string
  /** Around the program: the loops of `-n` and `-p`. */
  around: (program: string) => string
  /** `-n` or `-p`: over the lines of its files, or of standard input. */
  loops: boolean
  checksOnly: boolean
  version: boolean
}

/** Throws an Error in perl's words for an option that it does not know, or that is not simulated. */
export function readCommand(words: readonly string[]): PerlCommand {
  const rest = [...words]
  const code: string[] = []
  const before: string[] = []
  const flags = new Set<string>()
  let separator = "' '"
  while (rest[0]?.startsWith('-') && rest[0] !== '-') {
    const word = rest.shift()!
    if (word === '--') break
    for (let index = 1; index < word.length; index++) {
      const letter = word[index]!
      const value = () => word.slice(index + 1) || (rest.shift() ?? '')
      if (letter === 'e' || letter === 'E') {
        if (letter === 'E') before.push("use feature ':all'; no feature qw(bareword_filehandles);")
        const text = word.slice(index + 1) || rest.shift()
        if (text === undefined) throw new Error(`No code specified for -${letter}.`)
        code.push(text)
        break
      }
      if (letter === 'M' || letter === 'm') {
        before.push(moduleUse(value(), letter === 'M'))
        break
      }
      if (letter === 'I') {
        before.push(`use lib ${quoted(value())};`)
        break
      }
      if (letter === 'F') {
        separator = `qr${delimited(value().replace(/^\/(.*)\/$/s, '$1'))}`
        for (const implied of 'an') flags.add(implied)
        break
      }
      if (letter === '0') {
        const digits = /^[0-7]*/.exec(word.slice(index + 1))![0]
        before.push(`BEGIN { $/ = ${recordSeparator(digits)} }`)
        index += digits.length
        continue
      }
      if (letter === 'l') {
        const digits = /^[0-7]*/.exec(word.slice(index + 1))![0]
        before.push(`BEGIN { $\\ = ${digits ? `chr(0${digits})` : '$/'} }`)
        index += digits.length
        flags.add('l')
        continue
      }
      if (letter === 'i') {
        before.push(`BEGIN { $^I = ${quoted(word.slice(index + 1))} }`)
        break
      }
      if (letter === 'w' || letter === 'W') before.push('BEGIN { $^W = 1 }')
      else if ('anpcvsX'.includes(letter)) flags.add(letter)
      else if ('tTuUdDxSCh'.includes(letter)) throw new Error(`drydock: perl -${letter} is not simulated`)
      else throw new Error(`Unrecognized switch: -${word.slice(index)}  (-h will show valid options).`)
    }
  }
  if (flags.has('a') && !flags.has('p')) flags.add('n')
  const file = code.length > 0 ? undefined : rest.shift()
  const start = `${flags.has('l') ? 'chomp;' : ''}${flags.has('a') ? `our @F = split(${separator});` : ''}`
  return {
    ...(code.length > 0 && { code: code.join('\n') }),
    ...(file !== undefined && file !== '-' && { file }),
    args: rest,
    before: before.join(' '),
    around: (program) => {
      if (flags.has('p'))
        return `LINE: while (defined($_ = readline ARGV)) { ${start} ${program}\n;} continue { die "-p destination: $!\\n" unless print $_; }`
      return flags.has('n') ? `LINE: while (defined($_ = readline ARGV)) { ${start} ${program}\n;}` : program
    },
    loops: flags.has('n') || flags.has('p'),
    checksOnly: flags.has('c'),
    version: flags.has('v'),
  }
}

/** `bignum=bpi` → `use bignum split(/,/, q{bpi});` */
function moduleUse(given: string, imports: boolean): string {
  const [, minus = '', name = '', list] = /^(-?)([^=]*)(?:=(.*))?$/s.exec(given)!
  const verb = minus ? 'no' : 'use'
  if (list !== undefined) return `${verb} ${name} split(/,/, ${quoted(list)});`
  return `${verb} ${name}${imports || /\s/.test(name) ? '' : ' ()'};`
}

function recordSeparator(octal: string): string {
  if (octal === '') return '"\\0"'
  const code = Number.parseInt(octal, 8)
  if (code === 0) return '""'
  return code >= 0o400 ? 'undef' : `chr(${code})`
}

/** A text as a literal of Perl. */
export const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

const delimited = (pattern: string): string => `\x01${pattern}\x01`
